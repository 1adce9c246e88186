"""Settings of the optimisation of a head."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from zsstad_core.settings.base import ADDED, HOW, Fraction, Section


class Training(Section):
    """Optimisation of a head. Defaults are paper 001's on J-HMDB; `recipes` holds those of other methods and data."""

    iterations: Annotated[int, Field(ge=1)] = 7_000
    """Optimiser steps. Paper 001: 7,000 on J-HMDB, 10,000 on UCF101-24."""

    optimiser: Annotated[Literal["sgd", "adamw"], ADDED] = "sgd"
    """`sgd`: stochastic gradient descent with `momentum`. `adamw`: Adam with decoupled weight decay (Loshchilov and
    Hutter 2019), with `beta1` and `beta2`."""

    schedule: Annotated[Literal["constant", "cosine"], ADDED] = "constant"
    """The learning rate after the warm-up: `constant`, or along half a `cosine` down to `final_lr_factor` of it."""

    warmup: Annotated[int, Field(ge=0)] = 700
    """Steps over which the learning rate climbs linearly from `warmup_factor` of its value. At most `iterations`."""

    warmup_factor: Annotated[float, Field(gt=0, le=1)] = 0.25
    """Where the climb starts, as a share of the learning rate."""

    final_lr_factor: Annotated[Fraction, ADDED] = 0.0
    """Where the cosine ends, as a share of the learning rate. No effect with `schedule: constant`."""

    lr: Annotated[float, Field(gt=0)] = 2e-4
    """Learning rate after the warm-up. A method may have parts that learn faster, by factors
    in its own settings."""

    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """Momentum of SGD. No effect with `optimiser: adamw`."""

    beta1: Annotated[float, ADDED, Field(ge=0, lt=1)] = 0.9
    """AdamW's decay of the mean of the gradients. No effect with `optimiser: sgd`."""

    beta2: Annotated[float, ADDED, Field(ge=0, lt=1)] = 0.999
    """AdamW's decay of the mean of the squared gradients. No effect with `optimiser: sgd`."""

    weight_decay: Annotated[float, Field(ge=0)] = 1e-7
    """Weight decay: of SGD added to the gradient, of AdamW decoupled from it (AdamW wants far larger values, such as
    0.01). A method may leave parts without it."""

    clip_norm: Annotated[Annotated[float, Field(gt=0)] | None, ADDED] = None
    """The largest norm of the gradient of all weights together; a longer gradient is scaled down to it. Empty: no
    limit."""

    batch: Annotated[int, Field(ge=1)] = 8
    """Frames a step."""

    loss: Literal["focal", "cross_entropy", "ava"] = "focal"
    """Softmax focal loss (published code) or cross-entropy (paper 001, equation 5); `ava` where persons do several
    actions at once: softmax focal loss of the pose, sigmoid focal losses of the interactions, summed over classes."""

    focal_gamma: Annotated[float, Field(ge=0)] = 2.0
    """Exponent of the focal losses."""

    pose_weight: Annotated[float, Field(ge=0)] = 1.2
    """For `loss: ava`: weight of the pose term. AlphAction and HIT, from which both published codes
    come: 1.2."""

    object_weight: Annotated[float, Field(ge=0)] = 1.0
    """For `loss: ava`: weight of each interaction with objects. The same code: 1."""

    person_weight: Annotated[float, Field(ge=0)] = 1.0
    """For `loss: ava`: weight of each interaction with persons. The same code: 1."""

    seed: int = 2
    """Seed of initial weights, order of frames and dropout. Paper 001's code: 2."""

    videos: Literal["any", "without_unseen"] = "any"
    """Which training videos are used: `any` with samples of seen classes, or only those of them
    `without_unseen` samples (ZS-AVA, where a video shows many classes). Persons of unseen classes never train."""

    videos_at_most: Annotated[int, Field(ge=1)] | None = None
    """Use so many of them, drawn by `videos_seed`; empty: all. ST-CLIP drew lists for AVA and did not publish them."""

    videos_seed: int = 0
    """Seed of that draw."""

    precision: Literal["fp32", "amp"] = "fp32"
    """`amp` is bf16 mixed precision, on a GPU only."""

    processes: Annotated[int, HOW, Field(ge=1)] = 1
    """Processes that train together, a GPU of this host each; GPUS=. Each computes its part of every batch, and the
    gradient is that of the whole batch, so that the weights differ from those of one process by rounding only. Dropout
    is the exception: every process draws its own, so that two processes train with other draws than one. At most
    `batch`."""

    checkpoint_every: Annotated[int, HOW, Field(ge=1)] = 1_000
    """Steps between checkpoints; the last two are kept, and an interrupted training goes on from the newest."""

    log_every: Annotated[int, HOW, Field(ge=1)] = 50
    """Steps between log lines and TensorBoard points."""

    @model_validator(mode="after")
    def _fits(self) -> "Training":
        if self.warmup > self.iterations:
            raise ValueError(
                f"warmup is {self.warmup}; it must be at most iterations ({self.iterations}): lower it, or train longer"
            )
        if self.schedule == "cosine" and self.warmup == self.iterations:
            raise ValueError(
                f"schedule is cosine; nothing is left of iterations ({self.iterations}) after warmup ({self.warmup}): "
                "lower warmup, or train longer"
            )
        if self.processes > self.batch:
            raise ValueError(
                f"processes is {self.processes}; it must be at most batch ({self.batch}): each takes a part of a batch"
            )
        return self
