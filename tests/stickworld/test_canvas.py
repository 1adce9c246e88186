"""Boxes are measured on what was drawn."""

import numpy as np
import pytest

from zsstad_core.stickworld.canvas import HEIGHT, WIDTH, Backdrop, Canvas, Disc, Line, Patch, View, rectangle

RED = (255, 0, 0)


def canvas(view: View | None = None) -> Canvas:
    return Canvas(Backdrop().image, view or View())


def changed(drawn: Canvas) -> tuple[float, float, float, float]:
    """The box around what is not black."""
    y, x = np.nonzero(drawn.frame().max(axis=2) > 40)
    return x.min(), y.min(), x.max() + 1, y.max() + 1


@pytest.mark.parametrize(
    "shape",
    [
        Line((40, 30), (90, 80), 7, RED),
        Disc((60.3, 40.7), 11.4, RED),
        Patch(((20, 20), (90, 34), (50, 101)), RED),
        Line((-30, 60), (200, 60), 5, RED),
        Disc((2, 118), 15, RED),
    ],
)
@pytest.mark.parametrize("view", [View(), View(1.04, 0.02, 3.5, -2.25)])
def test_a_box_is_tight_and_inside_the_frame(shape: Line | Disc | Patch, view: View) -> None:
    drawn = canvas(view)
    drawn.draw([shape], 1)
    box = drawn.box(1)
    assert box is not None
    assert np.abs(np.subtract(box, changed(drawn))).max() <= 1
    assert 0 <= box[0] < box[2] <= WIDTH
    assert 0 <= box[1] < box[3] <= HEIGHT


def test_a_rectangle_has_its_own_box() -> None:
    drawn = canvas()
    drawn.draw([rectangle(20, 30, 50, 70, RED)], 1)
    assert drawn.box(1) == pytest.approx((20, 30, 50, 70), abs=0.5)


def test_what_is_out_of_the_frame_has_no_box() -> None:
    drawn = canvas()
    drawn.draw([Disc((-40, 50), 10, RED)], 1)
    assert drawn.box(1) is None
    assert drawn.box(2) is None


def test_what_is_hidden_keeps_its_box_and_says_how_much_is_seen() -> None:
    drawn = canvas()
    drawn.draw([rectangle(20, 20, 60, 60, RED)], 1)
    before = drawn.box(1)
    drawn.draw([rectangle(50, 10, 90, 90, (0, 0, 255))], 2)
    assert drawn.box(1) == before
    assert drawn.visible(1) == pytest.approx(0.75, abs=0.03)
    assert drawn.visible(2) == 1


def test_the_background_has_no_owner() -> None:
    drawn = canvas()
    drawn.draw([rectangle(20, 20, 60, 60, RED)])
    assert drawn.box(0) is None
    assert changed(drawn) == (20, 20, 61, 61)
