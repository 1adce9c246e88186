"""Draw a frame of the annotated video: the box of each person with a label, and its number, action and score."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from zsstad_core.ask.answer import Answer
from zsstad_core.ask.spans import NOTHING
from zsstad_core.tables import BOX
from zsstad_core.tracks import UNTRACKED

type Pixels = NDArray[np.uint8]

COLOURS = ((255, 140, 60), (70, 170, 255), (120, 220, 110), (240, 110, 200), (250, 215, 70), (160, 140, 255))
"""The colours of persons, by track; a person without a track is grey."""

_WARNING = (255, 70, 70)
_GREY, _PAPER = (200, 204, 212), (16, 18, 22)
_READABLE = 360  # rows of pixels that letters need; a smaller picture is enlarged


@dataclass(frozen=True)
class Mark:
    """A person to draw in a frame. interpolated: no box was detected here; the box lies between two of the track."""

    xyxy: tuple[float, float, float, float]
    track: int
    text: str
    interpolated: bool = False


def marks(answer: Answer, labels: Sequence[str]) -> dict[int, list[Mark]]:
    """The marks of each frame, by its number, for all persons with a label.

    On frames between two boxes of a track (frames that were not searched, or on which the person was missed) the box
    moves evenly from the first to the second, with the label of the first, if it has one.
    """
    drawn: dict[int, list[Mark]] = {}
    frame_N, track_N, label_N = (answer.boxes[name].to_numpy(np.int64) for name in ("frame", "track", "label"))
    xyxy_N4 = answer.boxes[BOX].to_numpy(np.float64)

    def mark(row: int, xyxy_4: NDArray[np.float64], interpolated: bool) -> Mark:
        label, track = int(label_N[row]), int(track_N[row])
        number = "" if track == UNTRACKED else f"{track} "
        text = f"{number}{labels[label].replace('_', ' ')} {answer.probability_NK[row, label]:.2f}"
        x1, y1, x2, y2 = xyxy_4.tolist()
        return Mark((x1, y1, x2, y2), track, text, interpolated)

    for row in np.flatnonzero(label_N != NOTHING).tolist():
        drawn.setdefault(int(frame_N[row]), []).append(mark(row, xyxy_N4[row], False))
    for track in answer.tracks:
        rows = np.flatnonzero(track_N == track)
        for row, after in zip(rows[:-1].tolist(), rows[1:].tolist(), strict=True):
            if label_N[row] == NOTHING:
                continue
            gap = int(frame_N[after] - frame_N[row])
            for step in range(1, gap):
                between_4 = xyxy_N4[row] + step / gap * (xyxy_N4[after] - xyxy_N4[row])
                drawn.setdefault(int(frame_N[row]) + step, []).append(mark(row, between_4, True))
    return drawn


def zoom_of(height: int) -> int:
    """The factor by which a picture is enlarged, so that letters can be read in it."""
    return max(1, -(-_READABLE // height))


def draw(frame: Pixels, here: Sequence[Mark], note: str = "") -> Pixels:
    """Draw boxes into a frame: RGB [H, W, 3], enlarged by `zoom_of(H)`, the last column and row repeated if needed to
    make width and height even. note: a text at the bottom."""
    height, width = frame.shape[:2]
    zoom = zoom_of(height)
    image = Image.fromarray(frame)
    if zoom > 1:
        image = image.resize((width * zoom, height * zoom), Image.Resampling.BICUBIC)
    font = ImageFont.load_default(min(max(image.height / 26, 12), 36))
    pen = ImageDraw.Draw(image)
    for mark in here:
        _draw_box(pen, mark, zoom, image.size)
    taken: list[tuple[float, float, float, float]] = []
    for mark in here:  # after all boxes, so that no box covers a text
        taken.append(_draw_text(pen, mark, zoom, image.size, font, taken))
    if note:
        _draw_note(pen, note, image.size, font)
    pixels = np.asarray(image)
    return np.pad(pixels, ((0, image.height % 2), (0, image.width % 2), (0, 0)), mode="edge")


def _draw_box(pen: ImageDraw.ImageDraw, mark: Mark, zoom: int, size: tuple[int, int]) -> None:
    x1, y1, x2, y2 = _box_in_picture(mark, zoom, size)
    line = max(2, size[1] // 240)
    if not mark.interpolated:
        pen.rectangle((x1 - 1, y1 - 1, x2 + 1, y2 + 1), outline=_PAPER)
    pen.rectangle((x1, y1, x2, y2), outline=_colour(mark), width=1 if mark.interpolated else line)


def _draw_text(
    pen: ImageDraw.ImageDraw,
    mark: Mark,
    zoom: int,
    size: tuple[int, int],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    taken: Sequence[tuple[float, float, float, float]],
) -> tuple[float, float, float, float]:
    """Write a mark's text above its box, or at the first free place further down; returns the text's box."""
    text = _shorten(pen, mark.text, size[0] - 6, font)
    left, top, right, bottom = pen.textbbox((0, 0), text, font=font)
    wide, high = right - left + 6, bottom - top + 6
    x1, y1, *_ = _box_in_picture(mark, zoom, size)
    x = max(0.0, min(x1, size[0] - wide))
    y = first = y1 - high if y1 >= high else y1
    while any(_overlap((x, y, x + wide, y + high), other) for other in taken):
        y += 1
        if y + high > size[1]:  # there is no room
            y = first
            break
    pen.rectangle((x, y, x + wide, y + high), fill=_colour(mark))
    pen.text((x + 3 - left, y + 3 - top), text, fill=_PAPER, font=font)
    return x, y, x + wide, y + high


def _draw_note(
    pen: ImageDraw.ImageDraw, note: str, size: tuple[int, int], font: ImageFont.FreeTypeFont | ImageFont.ImageFont
) -> None:
    """Write a text in the lower left corner, over everything else."""
    text = _shorten(pen, note, size[0] - 6, font)
    left, top, right, bottom = pen.textbbox((0, 0), text, font=font)
    high = bottom - top + 6
    pen.rectangle((0, size[1] - high, right - left + 6, size[1]), fill=_WARNING)
    pen.text((3 - left, size[1] - high + 3 - top), text, fill=_PAPER, font=font)


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] <= b[3] and b[1] <= a[3]


def _shorten(
    pen: ImageDraw.ImageDraw, text: str, wide: float, font: ImageFont.FreeTypeFont | ImageFont.ImageFont
) -> str:
    """The text, with its words shortened so that words and score fit in `wide` pixels."""
    words, _, score = text.rpartition(" ")
    while pen.textlength(text, font=font) > wide and len(words) > 1:
        words = words[:-1]
        text = f"{words.rstrip()}… {score}"
    return text


def _box_in_picture(mark: Mark, zoom: int, size: tuple[int, int]) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (round(side * zoom) for side in mark.xyxy)
    x1, y1 = min(max(x1, 0), size[0] - 2), min(max(y1, 0), size[1] - 2)
    return x1, y1, min(max(x2 - 1, x1 + 1), size[0] - 1), min(max(y2 - 1, y1 + 1), size[1] - 1)


def _colour(mark: Mark) -> tuple[int, int, int]:
    return _GREY if mark.track == UNTRACKED else COLOURS[(mark.track - 1) % len(COLOURS)]
