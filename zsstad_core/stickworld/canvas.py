"""What everything is drawn on, twice the frame's size; OpenCV draws, and a map remembers who is where."""

from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

type Colour = tuple[int, int, int]  # RGB
type Spot = tuple[float, float]  # x, y in pixels of the frame
type Pixels = NDArray[np.uint8]

WIDTH, HEIGHT = 160, 120
MARGIN = 24  # of a backdrop around the frame
LEFT, RIGHT, TOP, BOTTOM = -MARGIN, WIDTH + MARGIN, -MARGIN, HEIGHT + MARGIN
SCALE = 2  # canvas pixels a frame pixel
_SHIFT = 4  # fractional bits of OpenCV's coordinates
_UNIT = 1 << _SHIFT


class Line(NamedTuple):
    """A stroke with round ends; `width` in pixels of the frame."""

    start: Spot
    end: Spot
    width: float
    colour: Colour


class Disc(NamedTuple):
    """A filled circle."""

    centre: Spot
    radius: float
    colour: Colour


class Patch(NamedTuple):
    """A filled polygon."""

    corners: tuple[Spot, ...]
    colour: Colour


type Shape = Line | Disc | Patch


def rectangle(left: float, top: float, right: float, bottom: float, colour: Colour) -> Patch:
    """An upright rectangle."""
    return Patch(((left, top), (right, top), (right, bottom), (left, bottom)), colour)


class View(NamedTuple):
    """Where the camera looks: zoom about the frame's centre, a turn in radians, a shift in pixels."""

    zoom: float = 1.0
    turn: float = 0.0
    right: float = 0.0
    down: float = 0.0

    def matrix(self) -> NDArray[np.float64]:
        """[2, 3]: from pixels of the world to pixels of the frame."""
        cos, sin = self.zoom * np.cos(self.turn), self.zoom * np.sin(self.turn)
        x, y = WIDTH / 2, HEIGHT / 2
        return np.array(
            [[cos, -sin, x - cos * x + sin * y + self.right], [sin, cos, y - sin * x - cos * y + self.down]]
        )


class Canvas:
    """A picture in the making. Whatever is drawn for an owner (1 to 255) is remembered for its box."""

    def __init__(self, background: Pixels, view: View) -> None:
        """background: what a `Backdrop` holds."""
        matrix = view.matrix()
        self._to_canvas = Projection(SCALE * matrix, SCALE * view.zoom)
        placed = matrix.copy()
        placed[:, 2] = SCALE * (matrix[:, 2] - matrix[:, :2] @ (MARGIN, MARGIN))
        size = (SCALE * WIDTH, SCALE * HEIGHT)
        self.image = cv2.warpAffine(background, placed, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        self._top = np.zeros((SCALE * HEIGHT, SCALE * WIDTH), np.uint8)  # who is seen at each pixel
        self._whole: dict[int, Pixels] = {}  # owner -> all of it, also what others hide

    def draw(self, shapes: Iterable[Shape], owner: int = 0) -> None:
        """Draw shapes over what is there. Owner 0 is background: it has no box and must come first."""
        masks: list[tuple[Pixels, int | Colour, int]] = []
        if owner:
            if owner not in self._whole:
                self._whole[owner] = np.zeros_like(self._top)
            masks = [(self._top, owner, cv2.LINE_8), (self._whole[owner], 255, cv2.LINE_8)]
        for shape in shapes:
            self._to_canvas.paint(shape, (self.image, shape.colour, cv2.LINE_AA), *masks)

    def frame(self) -> Pixels:
        """RGB uint8 [HEIGHT, WIDTH, 3]."""
        small: Pixels = cv2.resize(self.image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        return small

    def box(self, owner: int) -> tuple[float, float, float, float] | None:
        """x1, y1, x2, y2 around what was drawn of an owner inside the frame, half-open; None where nothing was."""
        mask = self._whole.get(owner)
        x, y, width, height = cv2.boundingRect(mask) if mask is not None else (0, 0, 0, 0)
        if not width:
            return None
        return x / SCALE, y / SCALE, (x + width) / SCALE, (y + height) / SCALE

    def visible(self, owner: int) -> float:
        """Share of what was drawn of an owner inside the frame that nothing else hides."""
        whole = self._whole[owner]
        seen = cv2.countNonZero(cv2.bitwise_and(whole, cv2.compare(self._top, owner, cv2.CMP_EQ)))
        return seen / max(cv2.countNonZero(whole), 1)


class Backdrop:
    """What lies behind everything: a picture with a margin around the frame, for cameras that move."""

    def __init__(self) -> None:
        rows, columns = HEIGHT + 2 * MARGIN, WIDTH + 2 * MARGIN
        self.image = np.zeros((SCALE * rows, SCALE * columns, 3), np.uint8)
        self._to_image = Projection(np.array([[SCALE, 0, SCALE * MARGIN], [0, SCALE, SCALE * MARGIN]]), SCALE)

    def draw(self, *shapes: Shape) -> None:
        for shape in shapes:
            self._to_image.paint(shape, (self.image, shape.colour, cv2.LINE_AA))


class Projection:
    """From pixels of the world to those of a picture, and OpenCV's way to draw there."""

    def __init__(self, matrix: NDArray[np.float64], width: float) -> None:
        ((self._a, self._b, self._c), (self._d, self._e, self._f)) = (_UNIT * matrix).tolist()
        self._width = width

    def paint(self, shape: Shape, *targets: tuple[Pixels, int | Colour, int]) -> None:
        """Draw a shape on pictures of one size, each with its value and OpenCV's kind of line."""
        match shape:
            case Line(start, end, width, _):
                ends, thick = (self._at(start), self._at(end)), max(round(width * self._width), 1)
                for target, value, kind in targets:
                    cv2.line(target, *ends, value, thick, kind, _SHIFT)
            case Disc(centre, radius, _):
                middle, size = self._at(centre), round(radius * self._width * _UNIT)
                for target, value, kind in targets:
                    cv2.circle(target, middle, size, value, -1, kind, _SHIFT)
            case Patch(corners, _):
                points = [np.array([self._at(corner) for corner in corners], np.int32)]
                for target, value, kind in targets:
                    cv2.fillPoly(target, points, value, kind, _SHIFT)

    def _at(self, spot: Spot) -> tuple[int, int]:
        x, y = spot
        return round(self._a * x + self._b * y + self._c), round(self._d * x + self._e * y + self._f)
