"""The weights that are shown are those of the softmax over all slots, empty ones too, written out slot by slot."""

from typing import Any

import pytest
import torch
from torch import Tensor
from zsstad_core.heads.base import Batch

from tests.heads import written_out
from tests.heads.batches import enliven, in_double, random_batch, random_text
from tests.heads.test_iclip import with_iclip
from zsstad_core.methods.iclip.explain import attended
from zsstad_core.methods.iclip.interaction import InteractionBlock, MemoryBlock
from zsstad_core.methods.iclip.model import Iclip
from zsstad_core.methods.iclip.settings import Iclip as IclipSettings

WIDTH, TIMES = 16, 7


def head_and_batch(**changes: Any) -> tuple[Iclip, IclipSettings, Batch]:
    settings = with_iclip(memory_before=4, memory_after=3, **changes)
    batch = random_batch(
        WIDTH, persons=[2, 0, 1, 3], objects=[0, 2, 5, 1], neighbours=[0.6, 0.5, 0.0, 1.0], times=TIMES
    )
    return enliven(Iclip(settings, WIDTH)).double().eval(), settings.heads.iclip, in_double(batch)


def shares(block: InteractionBlock, person_D: Tensor, slots: list[written_out.Slot]) -> Tensor:
    """Softmax of the scores of all slots, one after the other."""
    query_D = block.query.weight @ person_D + block.query.bias
    scores = []
    for token_D, time in slots:
        key_D = block.key.weight @ token_D + block.key.bias
        if isinstance(block, MemoryBlock):
            key_D = key_D + block.time_key_TD[time]
        scores.append(query_D @ key_D / len(person_D) ** 0.5)
    exponent = torch.stack(scores).exp()
    return exponent / exponent.sum()


def slots_of(letter: str, own: IclipSettings, batch: Batch, frame: int, persons: list[Tensor]) -> list[tuple[Any, Any]]:
    """(slot, key that it is; None where it is empty) of all slots of a block."""
    objects = list(batch.object_BOD[frame][batch.object_BO[frame]])
    rows = {
        "P": (persons, own.persons),
        "O": (objects, own.objects),
        "C": ([batch.context_BD[frame]], own.context_slots),
    }
    if letter != "M":
        tokens, size = rows[letter]
        slots = written_out.padded(tokens, size, WIDTH, own.padding)
        return [(slot, place if place < len(tokens) else None) for place, slot in enumerate(slots)]
    found: list[tuple[Any, Any]] = []
    for time in range(TIMES):
        there = bool(batch.memory_BT[frame, time])
        tokens = [batch.memory_BTD[frame, time]] if there else []
        slots = written_out.padded(tokens, own.memory_slots, WIDTH, own.padding, time)
        found += [(slot, time if there and place == 0 else None) for place, slot in enumerate(slots)]
    return found


@pytest.mark.parametrize("padding", ["zeros", "masked"])
@pytest.mark.parametrize("blocks", ["POCM", "MCOPP"])
@torch.no_grad()
def test_weights_are_the_softmax_over_all_slots(padding: str, blocks: str) -> None:
    head, own, batch = head_and_batch(
        padding=padding, blocks=blocks, objects=6, persons=4, context_slots=3, memory_slots=2
    )
    found = attended(head, batch)
    assert "".join(block.letter for block in found) == blocks
    for frame in range(4):
        persons = list(batch.person_BPD[frame][batch.person_BP[frame]])
        for shown, module in zip(found, head.blocks, strict=True):
            assert isinstance(module, InteractionBlock)
            slots = slots_of(shown.letter, own, batch, frame, persons)
            assert int(shown.empties_B[frame]) == sum(key is None for _, key in slots)
            for place, person_D in enumerate(persons):
                wanted_K = torch.zeros(shown.weight_BPK.shape[2], dtype=torch.float64)
                empty = 0.0
                if slots:
                    share_S = shares(module, person_D, [slot for slot, _ in slots])
                    for share, (_, key) in zip(share_S, slots, strict=True):
                        if key is None:
                            empty += float(share)
                        else:
                            wanted_K[key] = share
                weight_K = shown.weight_BPK[frame, place].double()
                torch.testing.assert_close(weight_K, wanted_K, rtol=0, atol=1e-6)
                assert float(shown.empty_BP[frame, place]) == pytest.approx(empty, abs=1e-6)
                total = float(weight_K.sum() + shown.empty_BP[frame, place])
                assert total == pytest.approx(1 if slots else 0, abs=1e-6)
            persons = [written_out.block(module, person_D, [slot for slot, _ in slots]) for person_D in persons]


def test_before_training_published_padding_has_the_share_of_its_slots_and_masked_padding_none() -> None:
    settings, (_, _, batch) = with_iclip(memory_before=4, memory_after=3), head_and_batch()
    for block in attended(Iclip(settings, WIDTH).double(), batch):
        real_B = (block.weight_BPK[:, 0] > 0).sum(1)
        slots = {"P": 25, "O": 5, "C": 25, "M": 10 * TIMES}[block.letter]
        assert (real_B + block.empties_B).tolist() == [slots] * 4
        share_BP = (block.empties_B / slots)[:, None].expand_as(block.empty_BP)
        torch.testing.assert_close(block.empty_BP[batch.person_BP], share_BP[batch.person_BP], rtol=0, atol=0.01)
    head, _, batch = head_and_batch(padding="masked")
    for block in attended(head, batch):
        assert not block.empty_BP.any()
        assert not block.empties_B.any()


def test_asking_changes_nothing_of_the_head() -> None:
    head, _, batch = head_and_batch()
    text_KD = random_text(WIDTH, 3).double()
    before = head(batch, text_KD)
    attended(head, batch)
    assert torch.equal(head(batch, text_KD), before)
    assert not any(module._forward_hooks for module in head.modules())
