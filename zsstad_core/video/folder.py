"""The frames of a folder of numbered images: Pillow."""

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zsstad_core.errors import DataError
from zsstad_core.video.source import Decoded, VideoSource, frame_files

_FORMATS = {".png": "PNG", ".jpg": "JPEG"}
_EIGHT_BIT_MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA"}


def decode_folder(source: VideoSource, wanted: Collection[int] | None) -> Iterator[Decoded]:
    """The frames of a folder; only the first and the wanted ones are opened. Raises DataError as `decode`."""
    size = (0, 0)
    for number, file in enumerate(frame_files(source)):
        is_wanted = wanted is None or number in wanted
        rgb = None
        if is_wanted or number == 0:  # the first tells the size of the frames that are not opened
            rgb = _picture(file, number)
            size = (rgb.shape[0], rgb.shape[1])
        yield number, number / source.fps, size, rgb if is_wanted else None


def _picture(file: Path, number: int) -> NDArray[np.uint8]:
    from PIL import Image, ImageOps

    try:
        with Image.open(file, formats=[_FORMATS[file.suffix]]) as image:
            if image.mode not in _EIGHT_BIT_MODES:
                raise DataError(f"{file}: pixels are of mode {image.mode}; frames must have 8 bits a channel")
            return np.array(
                ImageOps.exif_transpose(image).convert("RGB")
            )  # [H, W, 3], as its EXIF says that it is seen
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{file}: frame {number} does not decode: {error}; fetch the file again") from error
