"""Frames as JPEG."""

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_QUALITY = 82


def jpeg(rgb: NDArray[np.uint8], side: int) -> str:
    """A picture, RGB uint8 [height, width, 3], as base64 of a JPEG whose longer side has at most `side` pixels."""
    image = Image.fromarray(rgb)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY, optimize=True)
    return base64.b64encode(file.getvalue()).decode("ascii")
