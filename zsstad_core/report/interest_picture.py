"""Interest tokens drawn over a frame, as in figure 4 of paper 002: a panel for each person beside the plain frame.

Shapes: R, C rows and columns of patches.
"""

import textwrap

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from zsstad_core.report.interest import FrameInterest, Person

type Colour = tuple[int, int, int]
type Box = tuple[float, float, float, float]

COLOURS: tuple[Colour, ...] = ((255, 140, 60), (70, 170, 255), (120, 220, 110), (240, 110, 200), (250, 215, 70))
"""Of persons, by their numbers."""

PANELS = 4
"""Persons of a frame that get a panel."""

_PAPER, _INK, _FAINT = (24, 26, 32), (236, 238, 242), (160, 164, 174)
_WIDE = 384  # pixels of a panel
_GAP, _CAPTION, _LINE = 8, 46, 18
_DIMMED, _UNSEEN = 0.35, 0.12  # of the light of a patch that was not chosen, and of what the encoder does not see
_FONT, _SMALL = ImageFont.load_default(15), ImageFont.load_default(12.5)


def draw(shown: FrameInterest, title: str) -> Image.Image:
    """The plain frame with its persons, then a panel for each of the first `PANELS` of them.

    In a person's panel the patches that it chose are as bright as in the frame and outlined in its colour; the others
    are dimmed and grey, and what the encoder does not see of the frame (encoder.crop=clip) is nearly black. Tokens that
    are no patches stand below the panel.
    """
    persons = shown.persons[:PANELS]
    height, width = shown.picture.shape[:2]
    panel_size = _WIDE, round(_WIDE * height / width)
    panels = [_plain(shown, panel_size), *(_panel(shown, person, panel_size) for person in persons)]
    captions = [(title, _counted(shown)), *(_caption(person) for person in persons)]
    colours = [_INK, *(colour_of(person) for person in persons)]

    wide = len(panels) * (_WIDE + _GAP) + _GAP
    legend = textwrap.wrap(_legend(shown), wide // 6)
    high = _CAPTION + panel_size[1] + _GAP + (len(legend) + 1) * _LINE + _GAP
    sheet = Image.new("RGB", (wide, high), _PAPER)
    pen = ImageDraw.Draw(sheet)
    for number, (panel, (first, second), colour) in enumerate(zip(panels, captions, colours, strict=True)):
        left = _GAP + number * (_WIDE + _GAP)
        pen.text((left, 5), first, fill=colour, font=_FONT)
        pen.text((left, 25), second, fill=_FAINT, font=_SMALL)
        sheet.paste(panel, (left, _CAPTION))
    for number, person in enumerate(persons, 1):
        pen.text((_GAP + number * (_WIDE + _GAP), _CAPTION + panel_size[1] + 4), _tokens(person), _INK, font=_SMALL)
    for line, text in enumerate(legend, 1):
        pen.text((_GAP, _CAPTION + panel_size[1] + _GAP + line * _LINE), text, fill=_FAINT, font=_SMALL)
    return sheet


def colour_of(person: Person) -> Colour:
    """The colour that stands for a person of a frame."""
    return COLOURS[(person.number - 1) % len(COLOURS)]


def marked(shown: FrameInterest, person: Person) -> NDArray[np.bool_]:
    """Which pixels of the frame lie in a patch that the person chose, [height, width]; by their centres."""
    return _inside(shown, person.chosen_RC)


def _inside(shown: FrameInterest, patch_RC: NDArray[np.bool_]) -> NDArray[np.bool_]:
    height, width = shown.picture.shape[:2]
    inside = np.zeros((height, width), np.bool_)
    for x1, y1, x2, y2 in np.ceil(shown.patch_RC4[patch_RC] - 0.5).astype(int):  # centres are at halves
        inside[y1:y2, x1:x2] = True
    return inside


def _plain(shown: FrameInterest, size: tuple[int, int]) -> Image.Image:
    image = Image.fromarray(shown.picture).resize(size, Image.Resampling.BICUBIC)
    for person in reversed(shown.persons):  # the first on top
        _draw_box(image, shown, person)
    return image


def _panel(shown: FrameInterest, person: Person, size: tuple[int, int]) -> Image.Image:
    light = np.where(_inside(shown, np.ones_like(person.chosen_RC)), _DIMMED, _UNSEEN)[..., None]
    grey = shown.picture.mean(-1, keepdims=True)
    dimmed = light * (0.7 * grey + 0.3 * shown.picture)
    bright = np.where(marked(shown, person)[..., None], shown.picture, dimmed).round().astype(np.uint8)
    image = Image.fromarray(bright).resize(size, Image.Resampling.NEAREST if 2 * len(bright[0]) < _WIDE else 3)
    pen = ImageDraw.Draw(image)
    for ends in _outline(person.chosen_RC, shown.patch_RC4):
        pen.line(_scaled(ends, shown, size), fill=colour_of(person), width=2)
    _draw_box(image, shown, person)
    return image


def _outline(chosen_RC: NDArray[np.bool_], patch_RC4: NDArray[np.float64]) -> list[Box]:
    """The sides of chosen patches behind which there is none, as the two ends of each line."""
    padded = np.pad(chosen_RC, 1)
    lines: list[Box] = []
    for row, column in np.argwhere(chosen_RC):
        x1, y1, x2, y2 = (float(side) for side in patch_RC4[row, column])
        sides = {
            (-1, 0): (x1, y1, x2, y1),
            (1, 0): (x1, y2, x2, y2),
            (0, -1): (x1, y1, x1, y2),
            (0, 1): (x2, y1, x2, y2),
        }
        lines += [ends for (down, right), ends in sides.items() if not padded[1 + row + down, 1 + column + right]]
    return lines


def _draw_box(image: Image.Image, shown: FrameInterest, person: Person) -> None:
    x1, y1, x2, y2 = _scaled(tuple(person.box_4), shown, image.size)
    pen, colour = ImageDraw.Draw(image), colour_of(person)
    for inset, line in ((0, (0, 0, 0)), (1, colour), (2, colour), (3, (0, 0, 0))):
        if x2 - x1 > 2 * inset and y2 - y1 > 2 * inset:
            pen.rectangle((x1 + inset, y1 + inset, x2 - inset, y2 - inset), outline=line)
    text = str(person.number)
    wide = pen.textlength(text, font=_FONT) + 8
    pen.rectangle((x1, y1, x1 + wide, y1 + 20), fill=colour)
    pen.text((x1 + 4, y1 + 1), text, fill=_PAPER, font=_FONT)


def _scaled(box: tuple[float, ...], shown: FrameInterest, size: tuple[int, int]) -> Box:
    height, width = shown.picture.shape[:2]
    x, y = size[0] / width, size[1] / height
    x1, y1, x2, y2 = box
    last = size[0] - 1, size[1] - 1
    return min(x1 * x, last[0]), min(y1 * y, last[1]), min(x2 * x, last[0]), min(y2 * y, last[1])


def _caption(person: Person) -> tuple[str, str]:
    true = ", ".join(name.replace("_", " ") for name in person.annotated)
    said = f"annotated: {true}" if true else "no annotated person"
    group = "unseen action" if person.unseen else "seen action"
    return f"{person.number}  {person.action.replace('_', ' ')} {person.probability:.2f}", f"{group}; {said}"


def _counted(shown: FrameInterest) -> str:
    count, drawn = len(shown.persons), min(len(shown.persons), PANELS)
    return f"{count} person{'s' if count > 1 else ''}" + (f", the first {drawn} on the right" if count > drawn else "")


def _tokens(person: Person) -> str:
    patches = int(person.chosen_RC.sum())
    others = [f"{number}" if number != person.number else f"{number} (itself)" for number in person.persons]
    parts = [f"{patches} patch{'es' if patches != 1 else ''}"]
    parts += ["the class token"] if person.class_token else []
    parts += [f"person{'s' if len(others) > 1 else ''} {', '.join(others)}"] if others else []
    return "chosen: " + ", ".join(parts)


def _legend(shown: FrameInterest) -> str:
    first = shown.persons[0]
    every = first.chosen_RC.size + 1 + len(shown.persons)
    unseen = "" if _inside(shown, np.ones_like(first.chosen_RC)).all() else "; black: what the encoder does not see"
    return (
        f"Bright: the {first.tokens} of {every} tokens (patches, class token, persons) that a person attends to most "
        f"in block {shown.block} of the encoder's {shown.blocks}, and that prompt its labels then. A patch stands for "
        f"its place in all frames of the window around this one{unseen}."
    )
