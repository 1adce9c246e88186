"""What decides an artifact's content besides the artifacts that its stage reads: settings, files, versions.

Each function gives entries of `Artifact.inputs`, plain data whose digest is the key: a changed name or value here
changes the keys of every cache.
"""

from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from zsstad_core import video
from zsstad_core.cache.units import short_digest
from zsstad_core.datasets.published_boxes import deciding_files
from zsstad_core.datasets.token_files import token_file
from zsstad_core.frozen import encoder_identity
from zsstad_core.frozen.detector import registry as detectors
from zsstad_core.plan.inventory import Inventory
from zsstad_core.settings.frozen import Detector, Encoder
from zsstad_core.settings.pipeline import Settings

type Inputs = dict[str, Any]
type Digest = Callable[[Path], str]


def decoding(settings: Settings, inventory: Inventory) -> Inputs:
    """The decoder, and the rule for the wanted frames if not all are wanted. The videos are the artifact's members."""
    keyframes = inventory.dataset.keyframes
    wanted = {"keyframes": keyframes.content()} if keyframes else {}
    return {"dataset": settings.dataset, "decoder": video.decoder_versions(), **wanted}


def annotation(inventory: Inventory) -> Inputs:
    """The files of the annotation: the content of a single file; of several files, the content under each name."""
    files = inventory.annotation
    digest = short_digest(files if len(files) > 1 else [*files.values()])
    return {"annotation": {"files": len(files), "digest": digest}}


def boxes_from_file(path: Path, inventory: Inventory) -> Inputs:
    """The file of boxes, and the files beside it that decide how it is read."""
    file, *beside = deciding_files(path)
    return {"boxes from": {"file": inventory.digest(file), **inventory.digests(beside)}}


def detector(settings: Detector, inventory: Inventory) -> Inputs:
    """The detector that finds the boxes, and which of them are kept."""
    own = {name: value for name, value in settings.content().items() if name != "finetune"}
    return {"detector": {**own, **_detector_model(settings, inventory)}}


def finetuned_detector(settings: Detector, inventory: Inventory) -> Inputs:
    """The detector that is trained further, and how it is trained."""
    person = {name: value for name, value in settings.content().items() if name == "person_class"}  # if not "person"
    model = _detector_model(settings, inventory)
    return {"detector": {"finetune": settings.finetune.content(), **person, **model}}


def _detector_model(settings: Detector, inventory: Inventory) -> Inputs:
    return detectors.identity(settings, inventory.digest, inventory.digests)


def views(settings: Encoder) -> Inputs:
    """How frames and boxes become views."""
    return {"views": encoder_identity.view_identity(settings)}


def image_encoder(settings: Encoder, digest: Digest) -> Inputs:
    """The encoder of images, and how its views are made."""
    return {"encoder": encoder_identity.image_identity(settings, digest)}


def text_encoder(settings: Encoder, digest: Digest) -> Inputs:
    """The encoder of texts."""
    return {"encoder": encoder_identity.text_identity(settings, digest)}


def tokens_from_file(settings: Encoder, name: str, digest: Digest) -> Inputs:
    """The file from which the tokens of that name come; empty if an encoder makes them."""
    folder = settings.tokens_from
    return {"tokens from": {"file": digest(token_file(folder, name))}} if folder else {}


def method(settings: Settings) -> Inputs:
    """The method's name and its own settings."""
    own = getattr(settings.heads, settings.head, None)
    return {"head": settings.head, "heads": {settings.head: own.content()} if own else {}}


def clips(settings: Settings) -> Inputs:
    """The settings that define a clip."""
    return {"clips": settings.clips.content()}


def tracking(settings: Settings) -> Inputs:
    """How persons are followed, and the library that follows them."""
    return {"tracks": settings.tracks.content(), "trackers": version("trackers")}


def training(settings: Settings) -> Inputs:
    """How a head is trained, and the library that trains it, without its build (+cu130), which names a machine."""
    return {"training": settings.training.content(), "torch": version("torch").partition("+")[0]}


def class_types(types: Mapping[str, str] | None, classes: Iterable[str]) -> Inputs:
    """The type of each class, which decides loss and probabilities; empty if a person does one action only."""
    return {"types": {name: types[name] for name in classes}} if types is not None else {}
