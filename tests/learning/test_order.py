"""The order of training: every sample once an epoch, and when a sample is first visited."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zsstad_core.learning.order import SampleOrder


def test_an_order_visits_every_sample_once_an_epoch() -> None:
    order = SampleOrder(10, 4, seed=3)
    epochs = np.concatenate([order.batch(i) for i in range(5)]).reshape(2, 10)
    assert (np.sort(epochs, axis=1) == np.arange(10)).all()
    assert (epochs[0] != epochs[1]).any()
    assert (order.batch(3) == SampleOrder(10, 4, seed=3).batch(3)).all()
    assert (order.batch(3) != SampleOrder(10, 4, seed=4).batch(3)).any()


@given(n=st.integers(1, 30), batch=st.integers(1, 12), seed=st.integers(0, 5))
def test_first_visits_are_when_batches_first_name_a_sample(n: int, batch: int, seed: int) -> None:
    order = SampleOrder(n, batch, seed)
    first: dict[int, int] = {}
    for i in range(n):
        for sample in order.batch(i):
            first.setdefault(int(sample), i)
    assert order.first_visit().tolist() == [first[sample] for sample in range(n)]
