"""The interest tokens that are shown are those that prompted the labels, and a token is where its patch is."""

from typing import Any

import pytest
import torch
from torch import Tensor
from zsstad_core.heads.pixel_batch import PixelBatch

from tests.heads.batches import random_text
from tests.heads.stclip_batches import JOINT, made_head, pixel_batch
from tests.heads.stclip_plain import block, sequence
from zsstad_core.errors import SettingsError
from zsstad_core.methods.stclip.explain import Interest, first_attention, spotted
from zsstad_core.methods.stclip.model import Stclip
from zsstad_core.methods.stclip.refusals import refuse_without_interest_tokens
from zsstad_core.methods.stclip.settings import Stclip as StclipSettings
from zsstad_core.settings.pipeline import Settings

TEXT_KD = random_text(JOINT, 4)
COUNT = 5


def made(**changes: Any) -> Stclip:
    return made_head(StclipSettings(prompt_tokens="interest", interest_tokens=COUNT, **changes)).eval()


def logits(head: Stclip, batch: PixelBatch, interest: dict[int, Interest], spoil: str = "") -> Tensor:
    """The head's logits, where tokens that were chosen, or were not, are something else when labels are prompted."""

    def spoiled(layer: int) -> Any:
        def change(_module: Any, args: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
            text_BPKD, visual_BLW, attended_BPL = args
            chosen_BL = interest[layer].chosen_BPL[:, 0]
            spoiled_BL = chosen_BL if spoil == "chosen" else ~chosen_BL
            return text_BPKD, torch.where(spoiled_BL[..., None], 3 - visual_BLW, visual_BLW), attended_BPL

        return change

    hooks = [head.prompting[str(layer)].register_forward_pre_hook(spoiled(layer)) for layer in interest if spoil]
    with torch.inference_mode():
        out = head(batch, TEXT_KD)
    for hook in hooks:
        hook.remove()
    return out


@pytest.mark.parametrize("changes", [{}, {"prompting": "last"}, {"interest_class_token": False}], ids=str)
def test_the_tokens_shown_are_those_that_prompted_the_labels(changes: dict[str, Any]) -> None:
    """Whatever stands in the others, the scores are the same; whatever stands in them, the scores are others."""
    head, batch = made(**changes), pixel_batch([1])
    interest = spotted(head, batch, TEXT_KD)
    assert list(interest) == ([2] if changes == {"prompting": "last"} else [0, 1, 2])
    wanted = logits(head, batch, interest)
    torch.testing.assert_close(logits(head, batch, interest, "not chosen"), wanted, rtol=1e-5, atol=1e-5)
    assert (logits(head, batch, interest, "chosen") - wanted).abs().max() > 1e-2


def test_they_are_the_tokens_with_the_most_attention_of_a_plain_block() -> None:
    """Of each person of a ragged batch, by the written-out block on the sequence that the head built."""
    head, batch = made(), pixel_batch([2, 1])
    sequences: list[Tensor] = []
    hook = head.tower.blocks[0].register_forward_pre_hook(lambda _, args: sequences.append(args[0]))
    interest = spotted(head, batch, TEXT_KD)
    hook.remove()
    joint_BLW = sequences[-1]  # the first are crops and whole frames
    assert joint_BLW.shape[:2] == (2, 1 + 2 + 16)
    for frame, persons in enumerate((2, 1)):
        real = [0, *range(1, 1 + persons), *range(3, 19)]
        _, map_LL = block(head, 0, joint_BLW[frame, real], need_map=True)
        for person in range(persons):
            choice = interest[0].of_person(frame, person)
            torch.testing.assert_close(choice.weight_N, map_LL[1 + person, 1 + persons :], rtol=1e-4, atol=1e-6)
            best = set(map_LL[1 + person].topk(COUNT).indices.tolist())
            shown = {0} if choice.class_token else set()
            shown |= {1 + other for other in choice.persons}
            shown |= {1 + persons + int(place) for place in choice.patch_N.nonzero()}
            assert shown == best


def test_a_token_is_where_its_patch_is() -> None:
    """Row by row: only the embedding of the patch that changes is another."""
    head = made(temporal="none")
    batch = pixel_batch([1])
    view_VSSC = batch.view_VSSC.clone()
    row, column, side = 2, 1, head.tower.patch
    view_VSSC[:, row * side : (row + 1) * side, column * side : (column + 1) * side] ^= 255
    before, after = (sequence(head, head.tower.embed(views)[0]) for views in (batch.view_VSSC, view_VSSC))
    assert (before != after).any(1).nonzero().flatten().tolist() == [1 + row * head.tower.grid[1] + column]


def test_nothing_of_the_head_is_changed_by_asking() -> None:
    head, batch = made(), pixel_batch([2, 1])
    before = head(batch, TEXT_KD)
    spotted(head, batch, TEXT_KD)
    assert torch.equal(head(batch, TEXT_KD), before)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in head.modules())


@pytest.mark.parametrize("changes", [{"prompt_tokens": "all"}, {"prompting": "none"}], ids=str)
def test_where_nothing_is_chosen_nothing_is_shown_and_whoever_asks_hears_why(changes: dict[str, Any]) -> None:
    own = {"prompt_tokens": "interest", "interest_tokens": COUNT, **changes}
    assert spotted(made_head(StclipSettings.model_validate(own)), pixel_batch([1]), TEXT_KD) == {}
    settings = Settings.model_validate({"head": "stclip", "heads": {"stclip": own}})
    with pytest.raises(SettingsError, match=rf"heads\.stclip\.{next(iter(changes))} is {next(iter(changes.values()))}"):
        refuse_without_interest_tokens(settings)


@pytest.mark.parametrize(
    "changes", [{"prompt_tokens": "all"}, {"prompt_tokens": "context"}, {"prompting": "none"}], ids=str
)
def test_without_chosen_tokens_attention_is_that_of_a_plain_first_block(changes: dict[str, Any]) -> None:
    head, batch = made_head(StclipSettings.model_validate(changes)).eval(), pixel_batch([2, 1])
    before = head(batch, TEXT_KD)
    sequences: list[Tensor] = []
    hook = head.tower.blocks[0].register_forward_pre_hook(lambda _, args: sequences.append(args[0]))
    found = first_attention(head, batch, TEXT_KD)
    hook.remove()
    for frame, persons in enumerate((2, 1)):
        real = [0, *range(1, 1 + persons), *range(3, 19)]
        _, map_LL = block(head, 0, sequences[-1][frame, real], need_map=True)
        for person in range(persons):
            choice = found.of_person(frame, person)
            torch.testing.assert_close(choice.weight_N, map_LL[1 + person, 1 + persons :], rtol=1e-4, atol=1e-6)
            assert (choice.class_token, choice.persons, choice.patch_N.any()) == (False, (), False)
    assert not found.weight_BPL[1, 1].any()  # an empty slot
    assert torch.equal(head(batch, TEXT_KD), before)
    assert not any(module._forward_hooks for module in head.modules())


def test_attention_is_the_same_whether_or_not_tokens_are_chosen_from_it() -> None:
    head, batch = made(), pixel_batch([2, 1])
    shown = first_attention(head, batch, TEXT_KD).weight_BPL[batch.person_BP]
    assert torch.equal(shown, spotted(head, batch, TEXT_KD)[0].weight_BPL[batch.person_BP])
