import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics import naive
from zsstad_core.metrics.average_precision import average_precision


def ap(hits: str, groundtruths: int) -> float:
    return average_precision(np.array([h == "1" for h in hits], bool), groundtruths)


def test_precision_at_a_recall_is_the_best_one_still_to_come() -> None:
    assert ap("101", 2) == pytest.approx((1 + 2 / 3) / 2)
    assert ap("011", 2) == pytest.approx((2 / 3 + 2 / 3) / 2)


@pytest.mark.fault(37)
def test_a_class_that_is_never_found_counts_as_zero_and_one_without_groundtruth_as_nothing() -> None:
    assert ap("", 3) == 0
    assert ap("00", 3) == 0
    assert math.isnan(ap("", 0))
    assert math.isnan(ap("00", 0))


@given(st.lists(st.booleans(), max_size=30), st.integers(0, 5))
def test_ap_is_the_area_under_the_envelope_between_its_sentinels(hit: list[bool], missed: int) -> None:
    positives = sum(hit) + missed
    if positives:
        expected = float(naive.area_under_envelope(hit, positives))
        assert average_precision(np.array(hit, bool), positives) == pytest.approx(expected, abs=1e-12)
