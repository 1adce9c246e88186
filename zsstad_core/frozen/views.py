"""Makes the encoder's square uint8 view from a frame, or from a box of it. numpy and PIL only.

The crop `clip` is CLIP's and open_clip's own preprocessing up to the normalisation, equal to the last bit: PIL's
antialiased resize of the short side, then the centre crop, with torchvision's arithmetic. Boxes are cut as iCLIP and
ST-CLIP cut them: rounded to whole pixels by Python's `round`, without margin, not expanded to a square.
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from zsstad_core.errors import DataError

type Crop = Literal["clip", "squash", "pad"]
type Interpolation = Literal["bicubic", "bilinear"]
type Box = NDArray[np.float32] | Sequence[float]
type Pixels = NDArray[np.uint8]

GREY = (123, 117, 104)  # CLIP's mean colour: the padding of `pad` is almost 0 after normalisation

_FILTER = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


def views(
    frame: Pixels,
    boxes: Sequence[Box | None] | NDArray[np.float32],
    size: int,
    crop: Crop = "clip",
    interpolation: Interpolation = "bicubic",
) -> Pixels:
    """The encoder's views of boxes [N, 4] of one frame, uint8 [N, size, size, 3]; None stands for the whole frame.

    frame: RGB uint8 [H, W, 3]. A box is x1, y1, x2, y2 in pixels; it is clipped to the frame and holds at least one
    pixel (`whole_pixels`). Raises DataError for a box that is not finite.
    """
    out = np.empty((len(boxes), size, size, 3), np.uint8)
    _fill(out, frame, boxes, crop, interpolation)
    return out


def views_of(
    items: Sequence[tuple[Pixels, Sequence[Box | None] | NDArray[np.float32]]],
    size: int,
    crop: Crop,
    pool: Executor,
    interpolation: Interpolation = "bicubic",
) -> Pixels:
    """The `views` of many (frame, boxes) as one array, uint8 [sum of N, size, size, 3], in order.

    Each frame is a task of `pool`. PIL releases the interpreter's lock while it resizes, so threads scale almost as
    cores do.
    """
    ends = list(accumulate((len(boxes) for _, boxes in items), initial=0))
    out = np.empty((ends[-1], size, size, 3), np.uint8)
    tasks = [
        pool.submit(_fill, out[start:stop], frame, boxes, crop, interpolation)
        for (frame, boxes), start, stop in zip(items, ends, ends[1:], strict=False)
    ]
    for task in tasks:
        task.result()
    return out


def whole_pixels(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    """The box in whole pixels inside a frame: rounded half to even, clipped, at least one pixel wide and high.

    A box that rounds to nothing grows to the right and down (PIL cannot resize an empty crop, and the published code
    crashes on one). A box beyond the frame becomes the nearest pixels of the border. Raises DataError for a box that is
    not finite.
    """
    if not np.isfinite(box).all():
        raise DataError(f"box {[float(side) for side in box]} is not finite; boxes are x1, y1, x2, y2 in pixels")
    x1, y1, x2, y2 = (round(float(side)) for side in box)
    left, top = min(max(x1, 0), width - 1), min(max(y1, 0), height - 1)
    return left, top, min(max(x2, left + 1), width), min(max(y2, top + 1), height)


@dataclass(frozen=True)
class Placement:
    """Where a picture lies in its view, in pixels of the view: resized to `wide` x `high`, its corner at (left, top).

    left and top are negative where a crop cuts the picture off, positive where the picture is padded.
    """

    left: int
    top: int
    wide: int
    high: int

    def in_picture(self, box_N4: NDArray[np.float64], width: int, height: int) -> NDArray[np.float64]:
        """Boxes of the view [N, 4] in pixels of the picture, which is width x height; they are clipped to the picture.

        A box that lies in the padding becomes empty: its x2 is its x1, or its y2 its y1.
        """
        start, scale = np.array([self.left, self.top] * 2), np.array([width / self.wide, height / self.high] * 2)
        inside: NDArray[np.float64] = np.clip((box_N4 - start) * scale, 0, [width, height] * 2)
        return inside


def placement(width: int, height: int, size: int, crop: Crop) -> Placement:
    """Where a picture of width x height lies in its view of `size`.

    clip    the short side becomes `size`, the central square stays: torchvision's Resize and CenterCrop (0.28)
    squash  both sides become `size`
    pad     the long side becomes `size`; sizes and offsets as open_clip's resize mode `longest`
    """
    if crop == "squash":
        return Placement(0, 0, size, size)
    if crop == "pad":
        ratio = max(width, height) / size
        wide, high = (max(round(side / ratio), 1) for side in (width, height))
        return Placement((size - wide) // 2, (size - high) // 2, wide, high)
    long = int(size * max(width, height) / min(width, height))
    wide, high = (size, long) if width <= height else (long, size)
    return Placement(-round((wide - size) / 2), -round((high - size) / 2), wide, high)


def _fill(
    out: Pixels,
    frame: Pixels,
    boxes: Sequence[Box | None] | NDArray[np.float32],
    crop: Crop,
    interpolation: Interpolation,
) -> None:
    """Write the views of `boxes` into `out` [N, size, size, 3]."""
    image = Image.fromarray(frame)
    for row, box in zip(out, boxes, strict=True):
        part = image if box is None else image.crop(whole_pixels(box, *image.size))
        row[:] = np.asarray(_square(part, row.shape[0], crop, _FILTER[interpolation]))


def _square(image: Image.Image, size: int, crop: Crop, how: Image.Resampling) -> Image.Image:
    # The whole side is resized although the crop discards part of it. PIL could resize the remaining part alone (its
    # `box`, up to twice as fast), but in float32 coordinates, so that the pixels differ.
    place = placement(*image.size, size, crop)
    resized = image.resize((place.wide, place.high), how)
    if crop == "pad":
        padded = Image.new("RGB", (size, size), GREY)
        padded.paste(resized, (place.left, place.top))
        return padded
    return resized.crop((-place.left, -place.top, size - place.left, size - place.top))
