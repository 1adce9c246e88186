"""Settings of ActionCLIP, and its recipes."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from zsstad_core.settings.base import Section

POSITIONS = 77
"""Rows of the published table of frame positions: the context length of CLIP's text encoder."""

_TEMPLATES = [
    "a photo of action {}",
    "a picture of action {}",
    "Human action of {}",
    "{}, an action",
    "{} this is an action",
    "{}, a video of action",
    "Playing action of {}",
    "{}",
    "Playing a kind of action, {}",
    "Doing a kind of action, {}",
    "Look, the human is {}",
    "Can you recognize the action of {}?",
    "Video classification of {}",
    "A video of {}",
    "The man is {}",
    "The woman is {}",
]

_TRAINING: dict[str, Any] = {
    "iterations": 1_000,
    "warmup": 700,
    "warmup_factor": 0.25,
    "lr": 2e-4,
    "weight_decay": 1e-7,
    "batch": 8,
}
"""How paper 002 trains ActionCLIP on J-HMDB (table 20). It does not give momentum and weight decay: those of iCLIP."""


def _fit(templates: list[str]) -> list[str]:
    if not templates or not all("{}" in template for template in templates):
        rule = 'it must hold templates, each with {}, the place of the class\'s text ("{}" is the bare text)'
        raise PydanticCustomError("templates", rule)
    return templates


class Actionclip(Section):
    """ActionCLIP with frozen encoders, as papers 001 and 002 compare with it. Defaults are the official code's."""

    frames: Annotated[int, Field(ge=1, le=POSITIONS)] = 8
    """Frames of a clip, one a segment: drawn in training, the middle one in scoring. A clip with fewer shows some of
    them several times."""

    views: Annotated[int, Field(ge=1)] = 1
    """Times that a clip is looked at when it is scored, each time at other frames of its segments; the probabilities
    are averaged."""

    layers: Annotated[int, Field(ge=1)] = 6
    """Layers of the temporal transformer."""

    templates: Annotated[list[str], AfterValidator(_fit)] = _TEMPLATES
    """Phrasings of a class: each with the class's name or text in place of `{}`. In training one of them is drawn for
    each clip and step; in scoring the probabilities under all of them are averaged. RECIPE=actionclip-bare has the
    bare name only (table 3 of paper 001, without prompting)."""

    loss: Literal["batch", "classes"] = "batch"
    """What a clip is compared with in training: the texts of the clips of its `batch`, in both directions, as
    published; or all seen `classes`, by `training.loss` (on the mean of a class's logits under all phrasings), which is
    the only way where a clip shows several actions."""

    temperature: Annotated[float, Field(gt=0)] = 0.01
    """Cosines are divided by this. CLIP's own scale, which the official code trains on; it is frozen with CLIP."""

    recipes: ClassVar[dict[str, dict[str, Any]]] = {
        "actionclip/jhmdb": {"training": {**_TRAINING}, "scoring": {"select": "first", "first": 3}},
        "actionclip/ucf101_24": {
            "training": {**_TRAINING, "warmup": 1_000},
            "scoring": {"select": "margin", "margin": 0.7},
        },
        "actionclip/ava": {
            "clips": {"of": "tracklet"},
            "heads": {"actionclip": {"loss": "classes"}},
            "training": {**_TRAINING, "iterations": 10_000, "warmup": 1_000, "lr": 4e-4},
        },
        "actionclip-bare": {"heads": {"actionclip": {"templates": ["{}"]}}},
        "actionclip/stickworld": {
            "clips": {"of": "tracklet"},
            "training": {**_TRAINING, "iterations": 300, "warmup": 60},
        },
    }
