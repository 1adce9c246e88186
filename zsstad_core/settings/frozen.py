"""Settings of the frozen models: detector and encoder."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from zsstad_core.settings.base import ADDED, BY_DIGEST, HOW, Fraction, Section


class Finetune(Section):
    """The detector trained further on annotated persons of the split's seen classes, for each split anew, before it
    detects. Paper 002 did so on UCF101-24, for 10 epochs; all else is our choice."""

    epochs: Annotated[int, Field(ge=0)] = 0
    """Times that each training frame is seen; 0: the detector stays as it is. Paper 002: 10 on UCF101-24, else 0."""

    every: Annotated[int, Field(ge=1)] = 10
    """Train on every n-th of a clip's usable frames, from its first: neighbours show much the same."""

    batch: Annotated[int, Field(ge=1)] = 8
    """Frames a step."""

    lr: Annotated[float, Field(gt=0)] = 1e-3
    """Learning rate of SGD, reached in the first twentieth of the steps; it falls to zero as a cosine."""

    weight_decay: Annotated[float, Field(ge=0)] = 1e-4
    """Weight decay."""

    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the order of frames, of mirroring and of the detector's own sampling."""

    checkpoint_every: Annotated[int, HOW, Field(ge=1)] = 200
    """Steps between checkpoints; the last two are kept, and an interrupted training goes on from the newest."""

    log_every: Annotated[int, HOW, Field(ge=1)] = 20
    """Steps between log lines and TensorBoard points."""


class Detector(Section):
    """Person and object boxes: a detector, or a file."""

    boxes_from: Annotated[str | None, BY_DIGEST] = None
    """A file of boxes instead of a detector: ST-CLIP's JSON, or our own columns in Parquet or CSV."""

    kind: Annotated[str, ADDED] = "mmdet"
    """Which detector: `mmdet` (any of its models, by `config` and `checkpoint`), or a detector of yours as
    `module:name` (docs/add-a-detector.md)."""

    config: Annotated[str, BY_DIGEST] = "faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py"
    """Read by kind `mmdet` alone. The model: a path inside mmdet's own configs, or a config file of yours. Papers 001
    and 002: Faster R-CNN R50-FPN."""

    checkpoint: Annotated[str, BY_DIGEST] = (
        "https://download.openmmlab.com/mmdetection/v2.0/faster_rcnn/faster_rcnn_r50_fpn_1x_coco/"
        "faster_rcnn_r50_fpn_1x_coco_20200130-047c8118.pth"
    )
    """Read by kind `mmdet` alone. The model's weights: a URL, which is fetched once, or a local file."""

    options: Annotated[dict[str, Any], ADDED] = Field(default_factory=dict)
    """What a detector of another kind than `mmdet` reads, by names of its own."""

    person_class: Annotated[str, ADDED] = "person"
    """The detector's own name of the class of persons, such as `pedestrian`; every other class is an object."""

    person_score: Fraction = 0.05
    """Persons below this detection score are not kept."""

    persons_per_frame: Annotated[int, Field(ge=1)] = 20
    """At most so many persons a frame, best first."""

    object_score: Fraction = 0.05
    """Objects (every class of the detector but person) below this detection score are not kept."""

    objects_per_frame: Annotated[int, Field(ge=0)] = 10
    """At most so many objects a frame, best first."""

    batch: Annotated[int, HOW, Field(ge=1)] = 8
    """Frames that go through the detector together."""

    finetune: Finetune = Finetune()

    def content(self) -> dict[str, Any]:
        """As `Section.content`, but that only mmdet's content has `config` and `checkpoint`, which it alone reads."""
        content = super().content()
        unread = ("config", "checkpoint") if self.kind != "mmdet" else ()
        return {name: value for name, value in content.items() if name not in unread}

    def title(self) -> str:
        """What a message calls the detector: mmdet's config, or the kind of any other."""
        return self.config if self.kind == "mmdet" else self.kind


def _texts(value: Any) -> Any:
    """One message for all that is neither a path nor a mapping of classes to texts."""
    if value is None or (isinstance(value, str) and value):
        return value
    texts = list(value.values()) if isinstance(value, dict) else [None]
    phrasings = [phrase for text in texts for phrase in (text if isinstance(text, list) and text else [text])]
    if isinstance(value, dict) and all(isinstance(phrase, str) and phrase.strip() for phrase in phrasings):
        return value
    rule = "it must be a mapping of class names to a text or a list of texts, or the path of a YAML file with one"
    raise PydanticCustomError("texts", rule)


class Encoder(Section):
    """The frozen CLIP encoders (open_clip), or tokens that were made elsewhere."""

    tokens_from: Annotated[str | None, BY_DIGEST] = None
    """A folder of tokens instead of the encoders: files as `make export` writes them (docs/export.md)."""

    model: Annotated[str, BY_DIGEST] = "ViT-B-16"
    """open_clip model name, or the path of a model config (JSON). Papers 001 and 002: ViT-B/16."""

    pretrained: Annotated[str, BY_DIGEST] = "openai"
    """open_clip pretrained tag, or a local weights file; `random` for random weights, which every result then says."""

    seed: int = 0
    """Seed of the weights when `pretrained` is `random`."""

    crop: Literal["clip", "squash", "pad"] = "clip"
    """How a frame or box becomes the encoder's square: `clip` (short side, then centre crop; the papers' and
    open_clip's own), `squash` (aspect ratio ignored), `pad` (whole, with grey borders)."""

    precision: Literal["fp32", "bf16"] = "fp32"
    """Arithmetic of the encoders. bf16 is two to four times as fast where the processor (AVX-512 BF16, AMX) or GPU has
    it, and moves a token by a hundredth of its length."""

    pixels: Annotated[Literal["cached", "decoded"], HOW] = "cached"
    """Where the views come from, for methods that run the encoder themselves: the cache, or the videos each time anew
    (`decoded`), for videos whose views would fill the disk (150 kB a frame at 224 pixels). Batches are the same."""

    texts: Annotated[str | dict[str, str | list[str]] | None, BeforeValidator(_texts), BY_DIGEST] = None
    """What stands for a class in place of its name: a mapping of class to text, or to a list of texts whose directions
    are averaged; or the path of a YAML file that holds one. Classes that are not in it are read by their names."""

    phrasings: Annotated[Literal["mean", "max"], BY_DIGEST] = "mean"
    """How several texts of a class count when persons are scored: their `mean` direction is the class, or the one that
    fits best does (`max`). A head is trained on the mean."""

    template: str = "{}"
    """What the text encoder reads for a class; `{}` is the class name, or its text. Papers 001 and 002: the bare
    name."""

    underscores: Literal["keep", "space"] = "keep"
    """Whether the name `brush_hair` is read as it stands (as the published code does) or as `brush hair`."""

    batch: Annotated[int, HOW, Field(ge=1)] = 64
    """Views that go through the image encoder together."""
