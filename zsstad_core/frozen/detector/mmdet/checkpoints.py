"""Downloads detector checkpoints and checks their hash; reads them without running anything that is in them.

mmengine's own loader does neither: it does not check the hash in the name, and unpickles a downloaded file with
`weights_only=False`.
"""

import hashlib
import re
import sys
from collections import OrderedDict
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from urllib.parse import urlparse

import torch
from torch import Tensor

from zsstad_core.errors import MissingFileError, ModelError

_DIGITS = re.compile(r"-([0-9a-f]{8,64})\.\w+$")
"""The end of a name that says how the SHA-256 of its content begins."""


@dataclass(frozen=True)
class Checkpoint:
    """The weights of a checkpoint, and the class names that they were trained with (None where it has no names)."""

    weights: dict[str, Tensor]
    classes: tuple[str, ...] | None


def fetch(checkpoint: str) -> Path:
    """The local file of `settings.detector.checkpoint`; a URL is downloaded once, to torch's hub folder.

    Raises MissingFileError where the file does not exist, ModelError where the download fails or the file's SHA-256
    does not begin with the digits at the end of its name (`NAME-047c8118.pth`, the convention of OpenMMLab and torch).
    """
    url = urlparse(checkpoint)
    if url.scheme not in ("http", "https"):
        path = Path(checkpoint)
        if not path.is_file():
            raise MissingFileError(f"detector.checkpoint: there is no file {checkpoint}; name a file or a URL")
        return path
    path = _place(checkpoint, Path(url.path).name)
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(checkpoint, str(path), progress=sys.stderr.isatty())
        except (OSError, HTTPException) as error:
            raise ModelError(
                f"detector.checkpoint: {checkpoint} cannot be fetched ({error}); put the file at {path} by hand, "
                "or name a local file"
            ) from error
    named = _DIGITS.search(path.name)
    if named and not digest(path).startswith(named[1]):
        raise ModelError(
            f"{path}: its SHA-256 begins with {digest(path)[: len(named[1])]}, its name promises {named[1]}; "
            "remove it and fetch it again"
        )
    return path


def _place(url: str, name: str) -> Path:
    """Where the file of a URL is kept: beside torch's own if its name says the content, else in a folder of its URL,
    since files of other URLs may be called the same."""
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    if _DIGITS.search(name):
        return folder / name
    return folder / hashlib.sha256(url.encode()).hexdigest()[:16] / name


def digest(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(path: Path) -> Checkpoint:
    """Read a checkpoint file of mmengine or mmdet 2, or a bare state_dict, onto the CPU.

    Raises ModelError where the file is not a checkpoint, or would run code or build anything but tensors and plain
    data.
    """
    content = _load(path)
    weights = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(weights, dict) or not weights or not all(isinstance(w, Tensor) for w in weights.values()):
        raise ModelError(f"{path}: holds no state_dict; a detector's checkpoint is wanted")
    stripped = OrderedDict((name.removeprefix("module."), weight) for name, weight in weights.items())
    stripped.__dict__["_metadata"] = getattr(weights, "_metadata", None)  # the modules' versions, for load_state_dict
    return Checkpoint(stripped, _classes(content.get("meta")))


def _classes(meta: Any) -> tuple[str, ...] | None:
    # mmdet 3 keeps class names under dataset_meta (early versions in capitals), mmdet 2 at the top level.
    meta = meta if isinstance(meta, dict) else {}
    known = meta.get("dataset_meta") or meta
    names = known.get("classes") or known.get("CLASSES")
    if isinstance(names, str):  # ('person') without a comma
        return (names,) if names else None
    return tuple(map(str, names)) if names and isinstance(names, list | tuple) else None


class _Inert:
    """A stand-in for objects of the training log, which detection does not need; it accepts anything and does
    nothing."""

    def __init__(self, *_: Any) -> None: ...
    def __setstate__(self, _: Any) -> None: ...


# What mmengine pickles beside the weights (its message hub). `_Inert` stands in for each: to allow the real objects
# would be unsafe, since `getattr` alone is enough to break out of torch's restricted unpickler.
_TRAINING_LOG = [
    "mmengine.logging.history_buffer.HistoryBuffer",
    "builtins.getattr",
    "builtins.slice",
    "numpy.dtype",
    "numpy.ndarray",
    *(f"numpy.{core}.multiarray.{name}" for core in ("core", "_core") for name in ("_reconstruct", "scalar")),
]


def _load(path: Path) -> Any:
    try:
        with torch.serialization.safe_globals([(_Inert, name) for name in _TRAINING_LOG]):
            return torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        unsafe = re.search(r"GLOBAL (\S+)", str(error))
        if unsafe is None:
            raise ModelError(f"{path}: is not a checkpoint that torch can read; fetch or save it again") from error
        raise ModelError(
            f"{path}: wants to call {unsafe[1]}, and a checkpoint may hold only tensors and plain data; if you trust "
            "where it comes from, save its state_dict and meta alone, else do not open it"
        ) from error
    except Exception as error:  # foreign bytes can raise anything
        raise ModelError(f"{path}: is damaged or no checkpoint ({type(error).__name__}); fetch it again") from error
