"""The weights that are shown are those of the softmax over all slots, empty ones too, written out slot by slot."""

from typing import Any

import pytest
import torch
from torch import Tensor

from tests.methods.enliven import enliven
from tests.methods.iclip import written_out
from tests.methods.iclip.test_model import ragged, with_iclip
from tests.methods.made_clips import made_labels
from tests.methods.made_frames import alone, in_double, labels_in_double
from zsstad_core.methods.common.features import Batch, FrameTokens
from zsstad_core.methods.iclip.explain import explain
from zsstad_core.methods.iclip.interaction import InteractionBlock, MemoryBlock
from zsstad_core.methods.iclip.model import Iclip
from zsstad_core.methods.iclip.settings import Iclip as IclipSettings

WIDTH, TIMES = 16, 7
KEYS = {"P": "persons", "O": "objects", "C": "context", "M": "memory"}


def head_and_batch(**changes: Any) -> tuple[Iclip, IclipSettings, Batch[FrameTokens]]:
    settings = with_iclip(memory_before=4, memory_after=3, **changes)
    head = enliven(Iclip(settings, WIDTH)).double().eval()
    return head, settings.heads.iclip, in_double(ragged(WIDTH, times=TIMES))


def shares(block: InteractionBlock, person_D: Tensor, slots: list[written_out.Slot]) -> Tensor:
    """Softmax of the scores of all slots, one after the other."""
    query_D = block.query.weight @ person_D + block.query.bias
    scores = []
    for token_D, time in slots:
        key_D = block.key.weight @ token_D
        if isinstance(block, MemoryBlock):
            key_D = key_D + block.time_key_TD[time]
        scores.append(query_D @ key_D / len(person_D) ** 0.5)
    exponent = torch.stack(scores).exp()
    return exponent / exponent.sum()


def slots_of(
    letter: str, own: IclipSettings, batch: Batch[FrameTokens], persons: list[Tensor]
) -> list[tuple[Any, Any]]:
    """(slot, key that it is; None where it is empty) of all slots of a block, in a batch of one frame."""
    tokens = batch.features
    rows = {
        "P": (persons, own.persons),
        "O": (list(tokens.object_BOD[0]), own.objects),
        "C": ([tokens.frame_BD[0]], own.context_slots),
    }
    if letter != "M":
        real, size = rows[letter]
        slots = written_out.padded(real, size, WIDTH, own.padding)
        return [(slot, place if place < len(real) else None) for place, slot in enumerate(slots)]
    found: list[tuple[Any, Any]] = []
    for time in range(TIMES):
        there = bool(tokens.memory_BT[0, time])
        real = [tokens.memory_BTD[0, time]] if there else []
        slots = written_out.padded(real, own.memory_slots, WIDTH, own.padding, time)
        found += [(slot, time if there and place == 0 else None) for place, slot in enumerate(slots)]
    return found


@pytest.mark.parametrize("padding", ["zeros", "masked"])
@pytest.mark.parametrize("blocks", ["POCM", "MCOPP"])
@torch.no_grad()
def test_weights_are_the_softmax_over_all_slots(padding: str, blocks: str) -> None:
    head, own, batch = head_and_batch(
        padding=padding, blocks=blocks, objects=6, persons=4, context_slots=3, memory_slots=2
    )
    for frame in range(4):
        one = alone(batch, frame)
        found = explain(head, one)
        assert [block.keys for block in found] == [KEYS[letter] for letter in blocks]
        persons = list(one.features.person_ND)
        for letter, shown, module in zip(blocks, found, head.blocks, strict=True):
            assert isinstance(module, InteractionBlock)
            slots = slots_of(letter, own, one, persons)
            assert shown.empties == sum(key is None for _, key in slots)
            assert len(shown.weight_NK) == len(shown.empty_N) == len(persons)
            for place, person_D in enumerate(persons):
                wanted_K = torch.zeros(shown.weight_NK.shape[1], dtype=torch.float64)
                empty = 0.0
                if slots:
                    share_S = shares(module, person_D, [slot for slot, _ in slots])
                    for share, (_, key) in zip(share_S, slots, strict=True):
                        if key is None:
                            empty += float(share)
                        else:
                            wanted_K[key] = share
                weight_K = shown.weight_NK[place].double()
                torch.testing.assert_close(weight_K, wanted_K, rtol=0, atol=1e-6)
                assert float(shown.empty_N[place]) == pytest.approx(empty, abs=1e-6)
                total = float(weight_K.sum() + shown.empty_N[place])
                assert total == pytest.approx(1 if slots else 0, abs=1e-6)
            persons = [written_out.block(module, person_D, [slot for slot, _ in slots]) for person_D in persons]


def test_before_training_published_padding_has_the_share_of_its_slots_and_masked_padding_none() -> None:
    settings, (masked, _, batch) = with_iclip(memory_before=4, memory_after=3), head_and_batch(padding="masked")
    slots = {"persons": 25, "objects": 5, "context": 25, "memory": 10 * TIMES}
    for frame in (0, 2, 3):
        one = alone(batch, frame)
        for block in explain(Iclip(settings, WIDTH).double(), one):
            assert int((block.weight_NK[0] > 0).sum()) + block.empties == slots[block.keys]
            share_N = torch.full_like(block.empty_N, block.empties / slots[block.keys])
            torch.testing.assert_close(block.empty_N, share_N, rtol=0, atol=0.01)
        for block in explain(masked, one):
            assert not block.empty_N.any()
            assert block.empties == 0


def test_asking_changes_nothing_of_the_head() -> None:
    head, _, batch = head_and_batch()
    labels = labels_in_double(made_labels(WIDTH, 3, 1))
    before = head(batch, labels)
    explain(head, alone(batch, 0))
    assert torch.equal(head(batch, labels), before)
    assert not any(module._forward_hooks for module in head.modules())
