"""Turn and mirror a picture as its file asks for: the picture that players and ffmpeg show.

A camera stores pixels as its sensor gives them, and a display matrix that says how to show them. The pixel at (x, y) is
shown at (a x + c y, b x + d y), moved so that the picture begins at (0, 0). A quarter turn, a half turn, a mirror and
their combinations are eight matrices; the eight values of EXIF's orientation are the same.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zsstad_core.errors import DataError

_ALMOST = np.tan(np.radians(1.0))  # ffmpeg, too, takes an angle that is less than a degree off for the quarter turn


class Orientation(NamedTuple):
    """How to show a picture: exchange rows and columns, then mirror from left to right, then from top to bottom."""

    transposed: bool = False
    mirrored: bool = False
    flipped: bool = False

    def size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of the picture as it is shown."""
        return (width, height) if self.transposed else (height, width)

    def show(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture [H, W, 3] as it is shown, contiguous."""
        rgb = rgb.swapaxes(0, 1) if self.transposed else rgb
        return np.ascontiguousarray(rgb[:: -1 if self.flipped else 1, :: -1 if self.mirrored else 1])


AS_STORED = Orientation()


def orientation_of(frame: Any, path: Path, number: int) -> Orientation:
    """The orientation of a decoded frame (`av.VideoFrame`); path, number: of the file and the frame, for the error.

    Raises DataError for an angle that is no quarter turn.
    """
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return AS_STORED
    a, b, _, c, d, *_ = np.frombuffer(matrix, np.int32).tolist()
    if not (a or b) or not (c or d):  # shows nothing; ffmpeg and players ignore it
        return AS_STORED
    if abs(b) <= _ALMOST * abs(a) and abs(c) <= _ALMOST * abs(d):
        return Orientation(False, a < 0, d < 0)
    if abs(a) <= _ALMOST * abs(b) and abs(d) <= _ALMOST * abs(c):
        return Orientation(True, c < 0, b < 0)
    matrix = " ".join(f"{value / 65536:g}" for value in (a, b, c, d))
    raise DataError(
        f"{path}: frame {number} is to be shown turned by {frame.rotation} degrees or skewed (matrix {matrix}); "
        "only quarter turns and mirrors are understood; write it anew as it should be seen (ffmpeg -i OLD NEW)"
    )
