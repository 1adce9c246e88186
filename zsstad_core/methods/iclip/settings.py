"""Settings of iCLIP, and its recipes."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from zsstad_core.settings.base import ADDED, Fraction, Section


class Iclip(Section):
    """iCLIP (paper 001). Defaults are what made the published numbers, where code and paper differ the code."""

    blocks: Annotated[str, Field(pattern="^[POCM]*$")] = "POCMPOCM"
    """Interaction blocks in order: P(erson), O(bject), C(ontext), M(emory). The code has two rounds, the paper draws
    one; order from table 5."""

    padding: Literal["zeros", "masked"] = "zeros"
    """Empty key slots: `zeros` take part in the softmax as in the published code, `masked` do not."""

    persons: Annotated[int, Field(ge=1)] = 25
    """Person key slots a frame."""

    objects: Annotated[int, Field(ge=1)] = 5
    """Object key slots a frame."""

    object_choice: Literal["score", "random"] = "score"
    """Which objects touching a person are taken when there are more than slots: the best scores, or a choice drawn
    afresh from the frame's identity and the seed (the published code draws at random, also at test time)."""

    context_slots: Annotated[int, Field(ge=1)] = 25
    """Context key slots, of which one is the frame's feature."""

    memory_before: Annotated[int, Field(ge=0)] = 30
    """Neighbouring frames before the current one in memory."""

    memory_after: Annotated[int, Field(ge=0)] = 30
    """Neighbouring frames after the current one in memory."""

    memory_slots: Annotated[int, Field(ge=1)] = 10
    """Memory key slots a neighbouring frame, of which one is that frame's feature."""

    memory: Literal["visited", "all"] = "visited"
    """Neighbours available in training: frames that an earlier iteration has visited (as published), or all."""

    memory_frames: Annotated[Literal["all", "with_persons"], ADDED] = "all"
    """Neighbours that count as memory: `all` frames of the video, or those `with_persons` who are trained on or scored,
    as published. In training the two differ only with `memory: all`, since no other frame is ever visited."""

    context_weight: Fraction = 0.5
    """Share of the whole frame's feature in the interaction feature; the rest is the person's."""

    prompting_layers: Annotated[int, Field(ge=0)] = 2
    """Layers of Interaction-Aware Prompting; 0 turns it off. Code: 2 (14.8 M trainable), the paper's 11.6 M fit 1."""

    prompting_scale: float = 0.1
    """Initial value of the learned scale on the prompt. 1.0 is the paper's equation 4."""

    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """Dropout on each interaction block's output."""

    temperature: Annotated[float, Field(gt=0)] = 0.07
    """Cosines are divided by this; fixed, as published."""

    block_lr_factor: Annotated[float, Field(gt=0)] = 10.0
    """Learning rate of the interaction blocks, as a multiple of `training.lr`. Code: 10."""

    bias_lr_factor: Annotated[float, Field(gt=0)] = 2.0
    """Learning rate of biases, as a multiple of that of their module; biases have no weight decay. Code: 2."""

    recipes: ClassVar[dict[str, dict[str, Any]]] = {
        "iclip/ava": {"training": {"iterations": 30_000, "warmup": 2_000, "lr": 4e-4}},
        "iclip/ucf101_24": {"training": {"iterations": 10_000, "warmup": 1_000}},
        "iclip/stickworld": {"training": {"iterations": 600, "warmup": 60, "lr": 5e-5}},
    }
