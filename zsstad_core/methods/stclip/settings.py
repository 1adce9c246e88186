"""Settings of ST-CLIP, and its recipes."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from zsstad_core.settings.base import HOW, Section

_TRAINING: dict[str, Any] = {
    "iterations": 3_000,
    "warmup": 800,
    "warmup_factor": 0.25,
    "lr": 2.5e-4,
    "weight_decay": 1e-7,
    "batch": 8,
}
"""How the paper and its code train on J-HMDB and UCF101-24, as far as they say."""


class Stclip(Section):
    """ST-CLIP (paper 002). Defaults are what made the published numbers on J-HMDB; where code and paper differ, the
    code's.

    The rows of the paper's tables are these settings: 4 and 5 `prompting`, 6 `prompting`, 7 `person_tokens` and
    `adapter`, 8 `temporal` and `temporal_layers`, 11 `prompt_tokens`, 14 `lora_rank`, 15 `interest_tokens`.
    """

    frames_before: Annotated[int, Field(ge=0)] = 4
    """Neighbouring frames before the current one in its window. The window slides at the ends of a video, so that it
    keeps its length; a video that is shorter than the window is its own window."""

    frames_after: Annotated[int, Field(ge=0)] = 4
    """Neighbouring frames after the current one in its window."""

    temporal: Literal["attention", "average", "none"] = "attention"
    """How a window becomes context tokens (table 8): `attention` over time and the mean, the mean alone (`average`), or
    the current frame alone (`none`)."""

    temporal_layers: Annotated[int, Field(ge=1)] = 1
    """Layers of attention over time (table 8 has 1 and 2)."""

    person_tokens: Literal["encoder", "patches"] = "encoder"
    """What a person is (table 7): its crop's class token out of the encoder, or the mean of the crop's patch
    embeddings."""

    adapter: Literal["ffn", "fc", "none"] = "ffn"
    """What makes it a token of the frame's sequence (table 7): a feed-forward network, one layer, or nothing."""

    whole_frame: bool = True
    """Whether the encoder's token of the whole current frame is added to each person's last token. The published code
    does it and the published costs contain it; the paper does not mention it."""

    lora_rank: Annotated[int, Field(ge=0)] = 8
    """Rank of LoRA in the encoder's feed-forward layers; 0 for none (table 14: 0, 2, 4, 8, 16)."""

    lora_in_crops: bool = True
    """Whether crops and whole frames go through LoRA too, and so through the encoder in every step, as published.
    Otherwise they are frozen tokens, which are computed once: about a quarter of a step's work remains."""

    prompting: Literal["every", "last", "none"] = "every"
    """After which blocks of the encoder the labels are prompted (tables 4 and 6)."""

    prompt_tokens: Literal["all", "context", "interest"] = "all"
    """What prompts them: `all` tokens of the frame's sequence, class token and persons too (as the published code),
    `context` tokens only (as the paper says), or each person's `interest` tokens (as on AVA; table 11)."""

    interest_tokens: Annotated[int, Field(ge=1)] = 100
    """K of Interest Token Spotting: the tokens that a person attends to most (table 15: 80, 100, 150, 200)."""

    interest_class_token: bool = True
    """Whether the class token can be an interest token. Persons and context can; of it the paper says nothing, and
    this part of the code was never published."""

    prompt_scale: float = 0.2
    """Initial value of rho, the learned weight of what a prompting layer adds to the labels."""

    persons: Annotated[int, Field(ge=1)] = 10
    """Persons of a frame that go through the encoder together; of a frame with more, the others form a further
    sequence. The published code draws 10 of them at random in training."""

    temperature: Annotated[float, Field(gt=0)] = 0.07
    """Cosines are divided by this; fixed, as published."""

    checkpointing: Annotated[bool, HOW] = False
    """Keep only each block's input for the backward pass and compute the rest again: the same numbers with a fraction
    of the memory, in about a third more time."""

    recipes: ClassVar[dict[str, dict[str, Any]]] = {
        "stclip/jhmdb": {"training": {**_TRAINING}, "scoring": {"select": "first", "first": 3, "batch": 8}},
        "stclip/ucf101_24": {
            "cache": {"clips_per_unit": 8},
            "training": {**_TRAINING},
            "scoring": {"select": "margin", "margin": 0.7, "batch": 8},
        },
        "stclip/ava": {
            "datasets": {"ava": {"around": 4, "step": 1.0, "step_unit": "frames"}},
            "heads": {"stclip": {"prompt_tokens": "interest", "interest_tokens": 100}},
            "training": {**_TRAINING, "iterations": 20_000, "warmup": 2_000, "lr": 4e-4},
            "scoring": {"batch": 8},
        },
        "stclip/stickworld": {
            "training": {**_TRAINING, "iterations": 150, "warmup": 60, "lr": 2.5e-3, "checkpoint_every": 50},
            "scoring": {"batch": 8},
        },
    }
