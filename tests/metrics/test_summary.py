import json
import math
from types import SimpleNamespace

import pandas as pd
import pytest

from zsstad_core.errors import DataError
from zsstad_core.metrics.summary import harmonic_mean, summarise

NAN = float("nan")


def per_class(**ap: float) -> pd.DataFrame:
    return pd.DataFrame({"ap": ap})


def split(seen: str, unseen: str) -> SimpleNamespace:
    return SimpleNamespace(seen=tuple(seen.split()), unseen=tuple(unseen.split()))


def test_harmonic_mean_is_that_of_the_two_group_means() -> None:
    summary = summarise(per_class(sit=0.2, wave=0.6, run=0.8), split("sit wave", "run"))
    assert (summary.unseen, summary.seen) == pytest.approx((0.8, 0.4))
    assert summary.harmonic == pytest.approx(2 * 0.8 * 0.4 / 1.2)


def test_published_harmonic_means_come_out() -> None:
    assert harmonic_mean(79.08, 76.27) == pytest.approx(77.65, abs=0.005)  # paper 002, J-HMDB


@pytest.mark.fault(37)
def test_a_class_without_groundtruth_is_left_out_by_name_not_scored_zero() -> None:
    summary = summarise(per_class(sit=0.5, wave=NAN, run=0.4, jump=0.0), split("sit wave", "run jump"))
    assert (summary.unseen, summary.seen) == pytest.approx((0.2, 0.5))
    assert summary.without_groundtruth == ("wave",)


def test_a_group_at_zero_makes_the_harmonic_mean_zero_not_an_error() -> None:
    assert summarise(per_class(sit=0.0, run=0.0), split("sit", "run")).harmonic == 0
    assert summarise(per_class(sit=0.0, run=0.4), split("sit", "run")).harmonic == 0


def test_a_group_without_groundtruth_has_no_mean_and_json_can_say_so() -> None:
    summary = summarise(per_class(sit=NAN, run=0.4), split("sit", "run"))
    assert math.isnan(summary.seen)
    assert math.isnan(summary.harmonic)
    plain = {"unseen": 0.4, "seen": None, "harmonic": None, "without_groundtruth": ["sit"]}
    assert json.loads(json.dumps(summary.to_json(), allow_nan=False)) == plain
    assert str(summary) == "unseen 40.00  seen -  H -"


def test_a_class_of_the_split_that_was_not_evaluated_is_named() -> None:
    with pytest.raises(DataError, match="class wave of the label split was not evaluated"):
        summarise(per_class(sit=0.5, run=0.4), split("sit wave", "run"))
