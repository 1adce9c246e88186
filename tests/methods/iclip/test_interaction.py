"""Interaction blocks against the same blocks written out slot by slot."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.methods.enliven import enliven
from tests.methods.iclip import written_out
from tests.methods.made_clips import made_tokens
from zsstad_core.methods.iclip.interaction import InteractionBlock, MemoryBlock

WIDTH = 16


def both_ways(block: InteractionBlock, person_PD: Tensor, slots: list[written_out.Slot], fast: Tensor) -> None:
    """The block's persons `fast` [P, D], and all gradients, equal what the slots give when written out."""
    slow = torch.stack([written_out.block(block, person_D, slots) for person_D in person_PD])
    torch.testing.assert_close(fast, slow, rtol=0, atol=1e-9)
    weigh = torch.linspace(-1, 1, fast.numel(), dtype=fast.dtype).view_as(fast)
    for name, parameter in block.named_parameters():
        fast_grad, slow_grad = (
            torch.autograd.grad((out * weigh).sum(), parameter, retain_graph=True, allow_unused=True)[0]
            if out.requires_grad
            else None
            for out in (fast, slow)
        )
        zero = torch.zeros_like(parameter)
        got, wanted = (zero if grad is None else grad for grad in (fast_grad, slow_grad))
        torch.testing.assert_close(got, wanted, rtol=0, atol=1e-9, msg=lambda text, name=name: f"{name}: {text}")


@settings(max_examples=25)
@given(
    persons=st.integers(1, 3),
    real=st.integers(0, 5),
    slots=st.integers(1, 25),
    zeros=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_folded_keys_and_counted_padding_change_nothing(
    persons: int, real: int, slots: int, zeros: bool, seed: int
) -> None:
    real = min(real, slots)
    generator = torch.Generator().manual_seed(seed)
    block = enliven(InteractionBlock(WIDTH, slots, zeros, dropout=0.0), seed).double()
    person_PD, key_KD = made_tokens(generator, persons, WIDTH).double(), made_tokens(generator, 5, WIDTH).double()
    real_K = torch.zeros(5, dtype=torch.bool)
    real_K[torch.randperm(5, generator=generator)[:real]] = True

    fast = block(person_PD[None], key_KD[None], real_K[None])[0]

    padding = "zeros" if zeros else "masked"
    both_ways(block, person_PD, written_out.padded(list(key_KD[real_K]), slots, WIDTH, padding), fast)


@settings(max_examples=15)
@given(available=st.lists(st.booleans(), max_size=12), slots=st.integers(1, 10), zeros=st.booleans())
def test_time_vectors_reach_empty_memory_slots_as_published(available: list[bool], slots: int, zeros: bool) -> None:
    generator = torch.Generator().manual_seed(len(available))
    block = enliven(MemoryBlock(WIDTH, len(available), slots, zeros, dropout=0.0)).double()
    person_PD, key_TD = (
        made_tokens(generator, 2, WIDTH).double(),
        made_tokens(generator, len(available), WIDTH).double(),
    )
    real_T = torch.tensor(available, dtype=torch.bool)

    fast = block(person_PD[None], key_TD[None], real_T[None])[0]

    padding = "zeros" if zeros else "masked"
    written: list[written_out.Slot] = []
    for time, token_D in enumerate(key_TD):
        written += written_out.padded([token_D] if available[time] else [], slots, WIDTH, padding, time)
    both_ways(block, person_PD, written, fast)


def test_without_a_key_a_person_stays_as_it_is_and_no_nan_reaches_a_gradient() -> None:
    block = enliven(InteractionBlock(WIDTH, 5, zero_padding=False, dropout=0.0))
    person_BPD = torch.randn(2, 1, WIDTH)
    real_BK = torch.tensor([[False, False], [True, False]])

    after = block(person_BPD, torch.randn(2, 2, WIDTH), real_BK)
    after.sum().backward()

    assert torch.equal(after[0], person_BPD[0])
    assert not torch.allclose(after[1], person_BPD[1])
    assert all(p.grad is None or p.grad.isfinite().all() for p in block.parameters())


def test_zero_padding_dilutes_what_is_there_as_published() -> None:
    block = enliven(InteractionBlock(WIDTH, 25, zero_padding=True, dropout=0.0))
    person_BPD, key_BKD, real_BK = torch.randn(1, 1, WIDTH), torch.randn(1, 1, WIDTH), torch.ones(1, 1).bool()
    diluted = block(person_BPD, key_BKD, real_BK)
    block.zero_padding = False
    assert not torch.allclose(diluted, block(person_BPD, key_BKD, real_BK), atol=1e-3)


def test_key_bias_never_learns_because_it_cancels_in_the_softmax() -> None:
    """So the published parameter is not built, and changes no person whatever it is."""
    block = enliven(InteractionBlock(WIDTH, 5, zero_padding=True, dropout=0.0)).double()
    assert block.key.bias is None
    generator = torch.Generator().manual_seed(0)
    person_D, key_bias_D = (made_tokens(generator, WIDTH).double() for _ in range(2))
    slots = written_out.padded([made_tokens(generator, WIDTH)], 5, WIDTH, "zeros")
    published_D = written_out.block(block, person_D, slots, key_bias_D.requires_grad_())
    (grad,) = torch.autograd.grad(published_D.sin().sum(), key_bias_D)
    assert grad.abs().max() < 1e-12
    torch.testing.assert_close(published_D, written_out.block(block, person_D, slots), rtol=0, atol=1e-12)


@pytest.mark.parametrize("cls", [InteractionBlock, MemoryBlock])
def test_published_initial_weights(cls: type[InteractionBlock]) -> None:
    block = MemoryBlock(512, 60, 10, True, 0.2) if cls is MemoryBlock else InteractionBlock(512, 25, True, 0.2)
    for layer in (block.query, block.key, block.value):
        assert layer.weight.std().item() == pytest.approx(0.01, rel=0.02)
        assert layer.bias is None or not layer.bias.any()
    assert not block.output.weight.any()
    assert not block.output.bias.any()
    if isinstance(block, MemoryBlock):
        assert not block.time_key_TD.any()
        assert not block.time_value_TD.any()


def test_dropout_falls_on_the_output_and_only_in_training() -> None:
    block = enliven(InteractionBlock(512, 5, zero_padding=True, dropout=0.2))
    person_BPD, key_BKD, real_BK = torch.randn(1, 1, 512), torch.randn(1, 5, 512), torch.ones(1, 5).bool()
    block.eval()
    settled = block(person_BPD, key_BKD, real_BK) - person_BPD
    block.train()
    torch.manual_seed(0)
    dropped = block(person_BPD, key_BKD, real_BK) - person_BPD

    gone = dropped == 0
    assert 0.1 < gone.float().mean() < 0.3
    torch.testing.assert_close(dropped[~gone], settled[~gone] / 0.8, rtol=1e-4, atol=1e-5)
