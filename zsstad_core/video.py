"""Frames of a video in order, with their times: PyAV for a video file, Pillow for a folder of numbered PNG images.

What a frame's number means: the n-th picture that really decodes, from 0, in presentation order. Containers claim
other counts (every J-HMDB clip claims 3 to 8 frames more than it holds: its empty ticks), so nothing here reads one.

Nothing heavy is imported until something is decoded: a plan lists videos without loading a decoder.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zsstad_core.errors import DataError, MissingFileError

type Frame = tuple[int, float, NDArray[np.uint8]]  # number from 0, seconds, RGB [H, W, 3]

_FRAME_FILE = re.compile(r"\d+\.png")
_EIGHT_BIT_MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA"}


@dataclass(frozen=True)
class VideoSource:
    """A video file, or a folder of frames `00001.png`, `00002.png`, ...; `fps` gives the times of a folder only."""

    video_id: str
    path: Path
    fps: float = 30.0


def decode(source: VideoSource) -> Iterator[Frame]:
    """Every frame once, in order: (number from 0, time in seconds, RGB uint8 [H, W, 3]).

    Times are the file's own: the first may be other than 0, and steps need not be even (J-HMDB's clips leave out about
    every sixth tick of a 30 fps clock). A frame without one gets number / the rate that FFmpeg guesses, a frame of
    a folder number / fps. AVI keeps no presentation times: where it holds B-frames, the times of neighbours may stand
    swapped; the frames' order is right all the same.

    Grey, 10-bit and transparent pictures become plain 8-bit RGB; a quarter turn that the file asks for is applied.

    Raises MissingFileError where there is nothing at `source.path`, and DataError, with the file, the frame and the
    decoder's words, where the file does not open, has no video, no frame, a damaged frame, or frames of two sizes. A
    damaged frame is never handed out: what a decoder invents in its place would be cached as if it had been seen.
    That is so where the codec can tell, as MPEG-4 and H.264 can; VP8, VP9, HEVC and Motion JPEG decode anything.
    """
    _must_exist(source.path)
    frames = _decode_folder(source) if source.path.is_dir() else _decode_file(source)
    shape = None
    for number, seconds, rgb in frames:
        shape = shape or rgb.shape
        if rgb.shape != shape:
            raise DataError(
                f"{source.path}: frame {number} is {_size(rgb.shape)}, the first is {_size(shape)}; "
                "a video must keep one size"
            )
        yield number, seconds, rgb
    if shape is None:
        raise DataError(f"{source.path}: holds no frame that decodes; fetch the file again or remove it")


def digest(source: VideoSource) -> str:
    """SHA-256 (hex) of the file; of a folder: of a line `NAME SHA256` for each of its frames, in their order.

    Raises MissingFileError and DataError as `decode`.
    """
    _must_exist(source.path)
    if not source.path.is_dir():
        return _sha256(source.path)
    lines = [f"{file.name} {_sha256(file)}\n" for file in _frame_files(source.path)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def decoder_versions() -> dict[str, str]:
    """What decides the pixels besides the files: the decoders and their versions. Imports neither."""
    return {name: version(name) for name in ("av", "pillow")}


def _decode_file(source: VideoSource) -> Iterator[Frame]:
    import av

    to_rgb = av.video.reformatter.VideoReformatter()
    number = 0
    try:
        with av.open(str(source.path.absolute())) as container:
            if not container.streams.video:
                raise DataError(f"{source.path}: has no video stream; remove it or fetch it again")
            stream = container.streams.video[0]
            for frame in container.decode(stream):
                if frame.is_corrupt:
                    raise DataError(
                        f"{source.path}: frame {number} is damaged (the decoder had to conceal errors); "
                        "fetch the file again"
                    )
                seconds = frame.time
                if seconds is None:
                    seconds = float(number / (stream.guessed_rate or stream.average_rate))
                rgb = to_rgb.reformat(frame, format="rgb24").to_ndarray()  # [H, W, 3]
                yield number, seconds, np.ascontiguousarray(np.rot90(rgb, round(frame.rotation / 90)))
                number += 1
    except av.error.FFmpegError as error:
        raise DataError(
            f"{source.path}: does not decode at frame {number}: {error.strerror}; fetch the file again"
        ) from error


def _decode_folder(source: VideoSource) -> Iterator[Frame]:
    from PIL import Image

    for number, file in enumerate(_frame_files(source.path)):
        try:
            with Image.open(file, formats=["PNG"]) as image:
                if image.mode not in _EIGHT_BIT_MODES:
                    raise DataError(f"{file}: pixels are of mode {image.mode}; frames must have 8 bits a channel")
                rgb = np.array(image.convert("RGB"))  # [H, W, 3]
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(f"{file}: frame {number} does not decode: {error}; fetch the file again") from error
        yield number, number / source.fps, rgb


def _frame_files(folder: Path) -> list[Path]:
    """`00001.png`, ... of a folder in numerical order, complete from 1; other names are not looked at."""
    files = sorted(
        (file for file in folder.iterdir() if _FRAME_FILE.fullmatch(file.name)),
        key=lambda file: (int(file.stem), file.name),
    )
    if not files:
        raise DataError(f"{folder}: holds no frames; expected 00001.png, 00002.png, ...")
    for number, file in enumerate(files, start=1):
        if int(file.stem) < number:
            rule = "frames are numbered from 1" if number == 1 else f"{files[number - 2].name} has the same number"
            raise DataError(f"{file}: does not fit: {rule}")
        if int(file.stem) > number:
            raise DataError(f"{folder}: frame {number:05d}.png is missing (the next is {file.name})")
    return files


def _must_exist(path: Path) -> None:
    if not path.exists():
        raise MissingFileError(f"{path}: no such video; fetch it or remove it from the dataset")


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]}"


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror or error}); mend it or remove it") from error
