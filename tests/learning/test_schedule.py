"""Learning rates: of every iteration the float that trained the heads and detectors of earlier versions."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from zsstad_core.learning.schedule import Schedule


def by_mmengine(schedule: Schedule, lr: float) -> list[float]:
    """The same from mmengine's schedulers, step after step, as the Runner calls them."""
    from mmengine.optim import CosineAnnealingLR, LinearLR

    sgd = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    schedulers = []
    if schedule.warmup:
        end = schedule.warmup + 1
        schedulers.append(LinearLR(sgd, start_factor=schedule.warmup_factor, begin=0, end=end, by_epoch=False))
    if schedule.cosine:
        begin, end = schedule.warmup, schedule.iterations
        ratio = schedule.final_factor
        schedulers.append(
            CosineAnnealingLR(sgd, T_max=end - begin, eta_min_ratio=ratio, begin=begin, end=end, by_epoch=False)
        )
    rates = []
    for _ in range(schedule.iterations):
        rates.append(sgd.param_groups[0]["lr"])
        sgd.step()
        for scheduler in schedulers:
            scheduler.step()
    return rates


@given(
    st.integers(1, 300),
    st.integers(0, 100),
    st.floats(0.01, 1.0),
    st.booleans(),
    st.floats(0.0, 1.0),
    st.floats(1e-6, 10.0),
)
def test_rates_are_mmengines_to_the_bit(
    past: int, warmup: int, warmup_factor: float, cosine: bool, final_factor: float, lr: float
) -> None:
    schedule = Schedule(warmup + past, warmup, warmup_factor, cosine, final_factor)
    assert schedule.rates(lr) == by_mmengine(schedule, lr)


@pytest.mark.parametrize("warmup", [0, 1, 40])
def test_a_cosine_falls_from_the_full_rate_to_its_floor(warmup: int) -> None:
    rates = Schedule(100, warmup, 0.2, cosine=True, final_factor=0.1).rates(3.0)
    past = [(iteration - warmup) / (100 - warmup) for iteration in range(warmup, 100)]
    assert rates[warmup:] == pytest.approx([3.0 * (0.1 + 0.45 * (1 + math.cos(math.pi * t))) for t in past])
    assert rates[:warmup] == pytest.approx([3.0 * (0.2 + 0.8 * i / warmup) for i in range(warmup)])
