"""Frames of a video in order, with their times: PyAV for a video file, Pillow for a folder of numbered images.

The number of a frame is its place, from 0, among the pictures that really decode, in presentation order. This module
does not read the frame count of a container, which may be wrong (every J-HMDB clip claims 3 to 8 frames more than it
holds: its empty ticks).

A decoder is imported only when a video is decoded: a plan lists videos without a decoder.
"""

import hashlib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zsstad_core.errors import DataError, MissingFileError

type Frame = tuple[int, float, NDArray[np.uint8]]  # number from 0, seconds, RGB [H, W, 3]

_FORMATS = {".png": "PNG", ".jpg": "JPEG"}
_EIGHT_BIT_MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA"}


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


def decode(source: VideoSource, wanted: Collection[int] | None = None) -> Iterator[Frame]:
    """Every frame once, in order: (number from 0, time in seconds, RGB uint8 [H, W, 3]); or only the `wanted` numbers.

    Other frames are decoded, since wanted frames may be made from them, but not converted to RGB; nothing is read after
    the last wanted frame. This function never seeks: a frame that is found by seeking may differ from the frame that
    decoding in order gives (it may refer to pictures before the one that was sought), and its number is not known.

    Times come from the file: the first may be other than 0, and steps need not be even (J-HMDB's clips leave out about
    every sixth tick of a 30 fps clock). A frame without a time gets number / the rate that FFmpeg guesses, a frame of
    a folder number / fps. AVI keeps no presentation times: in an AVI file with B-frames the times of neighbours may
    stand swapped, while the order of the frames is right.

    Grey, 10-bit and transparent pictures become plain 8-bit RGB; a quarter turn that the file asks for is applied.

    Raises MissingFileError if there is nothing at `source.path`, and DataError, with the file, the frame and the
    decoder's words, if the file does not open, or has no video, no frame, a damaged frame, or frames of two sizes. A
    damaged frame is never returned: the picture that a decoder invents in its place would be cached like any other.
    This holds for codecs that can tell, such as MPEG-4 and H.264; VP8, VP9, HEVC and Motion JPEG decode anything.
    """
    last = None if wanted is None else max(wanted, default=-1)
    for number, seconds, _, rgb in _frames(source, wanted) if last != -1 else ():
        if rgb is not None:
            yield number, seconds, rgb
        if number == last:
            return


def times(source: VideoSource) -> Iterator[tuple[float, int, int]]:
    """Time in seconds, height and width of every frame, in the order of `decode`, without its pixels.

    In a folder only the first frame is opened. Raises as `decode`.
    """
    for _, seconds, (height, width), _ in _frames(source, frozenset()):
        yield seconds, height, width


type _Decoded = tuple[int, float, tuple[int, int], NDArray[np.uint8] | None]  # number, seconds, (H, W), RGB if wanted


def _frames(source: VideoSource, wanted: Collection[int] | None) -> Iterator[_Decoded]:
    _must_exist(source.path)
    first = None
    for frame in (_decode_folder if source.path.is_dir() else _decode_file)(source, wanted):
        number, _, size, _ = frame
        first = first or size
        if size != first:
            raise DataError(
                f"{source.path}: frame {number} is {_size(size)}, the first is {_size(first)}; "
                "a video must keep one size"
            )
        yield frame
    if first is None:
        raise DataError(f"{source.path}: holds no frame that decodes; fetch the file again or remove it")


def digest(source: VideoSource) -> str:
    """SHA-256 (hex) of the file, or, for a folder, of the lines `NAME SHA256` of its frames, in their order.

    Raises MissingFileError and DataError as `decode`.
    """
    _must_exist(source.path)
    if not source.path.is_dir():
        return _sha256(source.path)
    lines = [f"{file.name} {_sha256(file)}\n" for file in _frame_files(source)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def decoder_versions() -> dict[str, str]:
    """The decoders and their versions, which decide the pixels besides the files. Imports neither decoder."""
    return {name: version(name) for name in ("av", "pillow")}


def _decode_file(source: VideoSource, wanted: Collection[int] | None) -> Iterator[_Decoded]:
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
                quarters = round(frame.rotation / 90)
                size = (frame.width, frame.height) if quarters % 2 else (frame.height, frame.width)
                rgb = None
                if wanted is None or number in wanted:
                    rgb = to_rgb.reformat(frame, format="rgb24").to_ndarray()  # [H, W, 3]
                    rgb = np.ascontiguousarray(np.rot90(rgb, quarters))
                yield number, seconds, size, rgb
                number += 1
    except av.error.FFmpegError as error:
        raise DataError(
            f"{source.path}: does not decode at frame {number}: {error.strerror}; fetch the file again"
        ) from error


def _decode_folder(source: VideoSource, wanted: Collection[int] | None) -> Iterator[_Decoded]:
    size = (0, 0)
    for number, file in enumerate(_frame_files(source)):
        is_wanted = wanted is None or number in wanted
        rgb = None
        if is_wanted or number == 0:  # the first tells the size of the frames that are not opened
            rgb = _picture(file, number)
            size = (rgb.shape[0], rgb.shape[1])
        yield number, number / source.fps, size, rgb if is_wanted else None


def _picture(file: Path, number: int) -> NDArray[np.uint8]:
    from PIL import Image

    try:
        with Image.open(file, formats=[_FORMATS[file.suffix]]) as image:
            if image.mode not in _EIGHT_BIT_MODES:
                raise DataError(f"{file}: pixels are of mode {image.mode}; frames must have 8 bits a channel")
            return np.array(image.convert("RGB"))  # [H, W, 3]
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{file}: frame {number} does not decode: {error}; fetch the file again") from error


def _frame_files(source: VideoSource) -> list[Path]:
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


def _must_exist(path: Path) -> None:
    if not path.exists():
        raise MissingFileError(f"{path}: no such video; fetch it or remove it from the dataset")


def _example(frame_name: str) -> str:
    """The names of the first two frames, `00001.png, 00002.png` or as `frame_name` has them, for an error message."""
    names = [frame_name.replace(r"(\d+)", f"{number:05d}").replace("\\", "") for number in (1, 2)]
    return ", ".join(names)


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]}"


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror or error}); mend it or remove it") from error
