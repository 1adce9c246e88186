"""Rows stand side by side and apart again, and none is lost or mixed up."""

import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.methods.made_frames import made_rows

COUNTS = st.lists(st.integers(0, 4), max_size=6)


@hypothesis_settings(max_examples=50)
@given(COUNTS)
def test_rows_stand_side_by_side_in_their_own_sample_and_the_rest_is_zeros(counts: list[int]) -> None:
    rows, most = made_rows(counts), max(counts, default=0)
    x_ND = torch.arange(2.0 * sum(counts)).view(-1, 2) + 1
    x_BPD = rows.pad(x_ND)
    assert x_BPD.shape == (len(counts), most, 2)
    assert x_BPD.dtype == x_ND.dtype
    first = 0
    for sample, count in enumerate(counts):
        assert torch.equal(x_BPD[sample, :count], x_ND[first : first + count])
        assert not x_BPD[sample, count:].any()
        assert rows.real()[sample].tolist() == [True] * count + [False] * (most - count)
        first += count


@hypothesis_settings(max_examples=50)
@given(COUNTS)
def test_taken_apart_again_they_are_what_they_were(counts: list[int]) -> None:
    rows = made_rows(counts)
    x_ND = torch.arange(2.0 * sum(counts), requires_grad=True).view(-1, 2)
    again_ND = rows.flat(rows.pad(x_ND))
    assert torch.equal(again_ND, x_ND)
    (gradient_ND,) = torch.autograd.grad(again_ND.sum(), x_ND)
    assert torch.equal(gradient_ND, torch.ones_like(x_ND))


@hypothesis_settings(max_examples=50)
@given(COUNTS)
def test_they_are_full_where_no_place_is_empty(counts: list[int]) -> None:
    rows = made_rows(counts)
    assert len(rows) == sum(counts)
    assert rows.full == bool(rows.real().all())


def test_they_go_to_a_device() -> None:
    rows = made_rows([1, 2]).to("meta")
    assert rows.sample_N.device.type == rows.place_N.device.type == "meta"
    assert (rows.samples, rows.most, len(rows)) == (2, 2, 3)
