"""Settings of the perfect classifier, and its recipes."""

from typing import Any, ClassVar, Literal

from zsstad_core.settings.base import Section


class Oracle(Section):
    """The perfect classifier that measures a detector."""

    knows: Literal["video", "person"] = "video"
    """`video`: every person does what is annotated in its video (the published ceilings of J-HMDB). `person`: what the
    annotated person does that it overlaps most, from IoU 0.5 on, and nothing where there is none."""

    recipes: ClassVar[dict[str, dict[str, Any]]] = {
        "oracle/ava": {"heads": {"oracle": {"knows": "person"}}},
        "oracle/ucf101_24": {"heads": {"oracle": {"knows": "person"}}},
    }
