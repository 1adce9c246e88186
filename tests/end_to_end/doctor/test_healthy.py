"""A healthy world gets a clean bill; make says it too, and fails where something is found."""

import pytest

from tests.end_to_end import runs
from tests.end_to_end.doctor.conftest import CHOICES, Doctor, World

pytestmark = pytest.mark.slow
CLEAN = "nothing found in 17 checks"


def test_a_healthy_world_gets_a_clean_bill(doctor: Doctor) -> None:
    said = doctor({})
    assert said.findings == []
    assert said.lines[-1] == CLEAN


def test_make_says_it_too_and_fails_where_something_is_found(world: World) -> None:
    ended = runs.make("doctor", world.settings, **CHOICES)
    assert ended.code == 0, ended.out + ended.err
    assert ended.out.splitlines()[-1] == f"doctor: {CLEAN}"
    sick = {**world.settings, "encoder.pretrained": "random"}
    ended = runs.make("doctor", sick, **CHOICES)
    assert ended.code == 2  # make's own, for any command that fails
    assert ended.out.splitlines()[0].startswith("doctor: RANDOM weights: ")
    assert ended.out.splitlines()[-1].startswith("doctor: 1 finding in ")
