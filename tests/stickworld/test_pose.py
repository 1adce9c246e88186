"""Bodies that keep their bones and stand on the ground."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsstad_core.stickworld.labels import CLASSES
from zsstad_core.stickworld.motion import MOTIONS, Style
from zsstad_core.stickworld.pose import STAND, Build, Joints, between, joints

shares = st.floats(0, 1)
styles = st.builds(Style, shares, shares, shares, shares, st.booleans(), st.booleans())


def lowest(body: Joints) -> float:
    return min(ankle[2] - 0.03 for *_, ankle, _ in (body.main_leg, body.other_leg))


@given(st.sampled_from(CLASSES), shares, styles, st.sampled_from([1, -1]))
def test_bones_keep_their_length(action: str, phase: float, style: Style, main: int) -> None:
    build = Build()
    body = joints(MOTIONS[action].pose(phase, style), build, main)
    for arm in (body.main_arm, body.other_arm):
        assert [math.dist(*ends) for ends in pairwise(arm)] == pytest.approx([build.upper_arm, build.forearm])
    for leg in (body.main_leg, body.other_leg):
        assert [math.dist(*ends) for ends in pairwise(leg[:3])] == pytest.approx([build.thigh, build.shin])
    assert math.dist(body.pelvis, body.neck) == pytest.approx(build.trunk)


@given(st.sampled_from(sorted(set(CLASSES) - {"jump"})), shares, styles)
def test_nobody_floats_or_sinks(action: str, phase: float, style: Style) -> None:
    assert -0.001 < lowest(joints(MOTIONS[action].pose(phase, style), Build(), 1)) < 0.06


def test_a_jump_leaves_the_ground() -> None:
    heights = [lowest(joints(MOTIONS["jump"].pose(phase / 20, Style()), Build(), 1)) for phase in range(21)]
    assert max(heights) > 0.15
    assert heights[0] == heights[-1] == pytest.approx(0, abs=0.01)


def test_sides_are_mirrored() -> None:
    pose = MOTIONS["wave"].pose(0.3, Style(sideways=True))
    left, right = joints(pose, Build(), 1), joints(pose, Build(), -1)
    for (x, y, z), mirrored in zip(left.main_arm, right.main_arm, strict=True):
        assert (x, -y, z) == pytest.approx(mirrored)


def test_who_sits_is_lower_than_who_stands() -> None:
    stands, sits = (joints(MOTIONS["sit_down"].pose(phase, Style()), Build(), 1) for phase in (0.0, 1.0))
    assert sits.pelvis[2] < 0.7 * stands.pelvis[2]


def test_keys_are_met_and_held() -> None:
    crouch = STAND._replace(lean=40)
    keys = [(0.2, STAND), (0.6, crouch)]
    assert between(keys, 0.0) == between(keys, 0.2) == STAND
    assert between(keys, 0.6) == between(keys, 1.0) == crouch
    assert between(keys, 0.4).lean == pytest.approx(20)
