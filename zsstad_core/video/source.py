"""What a video is: a file or a folder of images; and the digest of its content."""

import hashlib
import re
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zsstad_core.errors import DataError, MissingFileError

type Frame = tuple[int, float, NDArray[np.uint8]]  # number from 0, seconds, RGB [H, W, 3]
type Decoded = tuple[int, float, tuple[int, int], NDArray[np.uint8] | None]  # number, seconds, (H, W), RGB if wanted


@dataclass(frozen=True)
class VideoSource:
    """A video file, or a folder of frames `00001.png`, `00002.png`, ...

    fps: gives the times of the frames of a folder; a file has its own times. frame_name: a regular expression for the
    whole name of a frame in a folder (png or jpg), whose group 1 is the number, from 1.
    """

    video_id: str
    path: Path
    fps: float = 30.0
    frame_name: str = r"(\d+)\.png"


def digest(source: VideoSource) -> str:
    """SHA-256 (hex) of the file, or, for a folder, of the lines `NAME SHA256` of its frames, in their order.

    Raises MissingFileError and DataError as `decode`.
    """
    must_exist(source.path)
    if not source.path.is_dir():
        return _sha256(source.path)
    lines = [f"{file.name} {_sha256(file)}\n" for file in frame_files(source)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def decoder_versions() -> dict[str, str]:
    """The decoders and their versions, which decide the pixels besides the files. Imports neither decoder."""
    return {name: version(name) for name in ("av", "pillow")}


def must_exist(path: Path) -> None:
    """Raise MissingFileError if there is nothing at `path`."""
    if not path.exists():
        raise MissingFileError(f"{path}: no such video; fetch it or remove it from the dataset")


def frame_files(source: VideoSource) -> list[Path]:
    """The frames of a folder in numerical order, complete from 1; files with other names are ignored."""
    named = re.compile(source.frame_name)
    found = ((named.fullmatch(file.name), file) for file in source.path.iterdir())
    files = sorted((int(match[1]), file.name, match.start(1), match.end(1), file) for match, file in found if match)
    if not files:
        raise DataError(f"{source.path}: holds no frames; expected {_example(source.frame_name)}, ...")
    for wanted, (number, name, start, end, file) in enumerate(files, start=1):
        if number < wanted:
            rule = "frames are numbered from 1" if wanted == 1 else f"{files[wanted - 2][1]} has the same number"
            raise DataError(f"{file}: does not fit: {rule}")
        if number > wanted:
            lacking = f"{name[:start]}{wanted:0{end - start}d}{name[end:]}"
            raise DataError(f"{source.path}: frame {lacking} is missing (the next is {name})")
    return [file for *_, file in files]


def _example(frame_name: str) -> str:
    """The names of the first two frames, `00001.png, 00002.png` or as `frame_name` has them, for an error message."""
    names = [frame_name.replace(r"(\d+)", f"{number:05d}").replace("\\", "") for number in (1, 2)]
    return ", ".join(names)


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror or error}); mend it or remove it") from error
