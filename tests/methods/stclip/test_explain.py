"""The interest tokens that are shown are those that prompted the labels, and a token is where its patch is."""

from typing import Any

import pytest
import torch
from torch import Tensor

from tests.methods.made_clips import made_labels
from tests.methods.stclip.made_views import JOINT, alone, made_head, made_windows
from tests.methods.stclip.plain import block, sequence
from zsstad_core.methods.common.features import Batch, FrameViews
from zsstad_core.methods.stclip.explain import explain, first_attention, spotted_tokens
from zsstad_core.methods.stclip.model import Stclip
from zsstad_core.methods.stclip.settings import Stclip as StclipSettings

LABELS = made_labels(JOINT, 4, 1)
COUNT = 5


def made(**changes: Any) -> Stclip:
    return made_head(StclipSettings(prompt_tokens="interest", interest_tokens=COUNT, **changes)).eval()


def logits(head: Stclip, batch: Batch[FrameViews], chosen: dict[int, Tensor], spoil: str = "") -> Tensor:
    """The head's logits, where tokens that were chosen, or were not, are something else when labels are prompted.

    chosen: by block, of a batch of one person, [1, L].
    """

    def spoiled(layer: int) -> Any:
        def change(_module: Any, args: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
            text_BPMD, visual_BLW, attended_BPL = args
            spoiled_BL = chosen[layer] if spoil == "chosen" else ~chosen[layer]
            return text_BPMD, torch.where(spoiled_BL[..., None], 3 - visual_BLW, visual_BLW), attended_BPL

        return change

    hooks = [head.prompting[str(layer)].register_forward_pre_hook(spoiled(layer)) for layer in chosen if spoil]
    with torch.inference_mode():
        out = head(batch, LABELS)
    for hook in hooks:
        hook.remove()
    return out


@pytest.mark.parametrize("changes", [{}, {"prompting": "last"}, {"interest_class_token": False}], ids=str)
def test_the_tokens_shown_are_those_that_prompted_the_labels(changes: dict[str, Any]) -> None:
    """Whatever stands in the others, the scores are the same; whatever stands in them, the scores are others."""
    head, batch = made(**changes), made_windows([1])
    chosen = {layer: chosen_NL for layer, (_, chosen_NL) in spotted_tokens(head, batch).items()}
    assert list(chosen) == ([2] if changes == {"prompting": "last"} else [0, 1, 2])
    wanted = logits(head, batch, chosen)
    torch.testing.assert_close(logits(head, batch, chosen, "not chosen"), wanted, rtol=1e-5, atol=1e-5)
    assert (logits(head, batch, chosen, "chosen") - wanted).abs().max() > 1e-2


def first_map(head: Stclip, batch: Batch[FrameViews], asked: Any) -> tuple[Any, Tensor]:
    """What `asked` says of a batch of one frame, and the attention map [L, L] of the written-out first block on the
    sequence that the head built."""
    sequences: list[Tensor] = []
    hook = head.tower.blocks[0].register_forward_pre_hook(lambda _, args: sequences.append(args[0]))
    found = asked(head, batch)
    hook.remove()
    joint_1LW = sequences[-1]  # the first are crops and whole frames
    assert joint_1LW.shape[:2] == (1, 1 + len(batch.rows) + 16)
    _, map_LL = block(head, 0, joint_1LW[0], need_map=True)
    return found, map_LL


@pytest.mark.parametrize("persons", [2, 1])
def test_they_are_the_tokens_with_the_most_attention_of_a_plain_block(persons: int) -> None:
    found, map_LL = first_map(made(), made_windows([persons]), explain)
    assert (found.block, found.blocks, found.patch) == (1, 3, 8)
    assert found.weight_NRC.shape == found.chosen_NRC.shape == (persons, 4, 4)
    for person in range(persons):
        attended_L = map_LL[1 + person]
        weight_G = found.weight_NRC[person].flatten()
        torch.testing.assert_close(weight_G, attended_L[1 + persons :], rtol=1e-4, atol=1e-6)
        shown = {0} if found.class_token_N[person] else set()
        shown |= {1 + other for other in found.persons_N[person]}
        shown |= {1 + persons + int(place) for place in found.chosen_NRC[person].flatten().nonzero()}
        assert shown == set(attended_L.topk(COUNT).indices.tolist())


def test_a_frame_of_a_batch_shows_what_it_shows_alone() -> None:
    """What is shown is read off one frame at a time; in company the head chooses the same."""
    head, batch = made(), made_windows([2, 1])
    in_company: list[Tensor] = []
    hook = head.prompting["0"].register_forward_pre_hook(lambda _, args: in_company.append(args[2]))
    head(batch, LABELS)
    hook.remove()
    for frame, persons in enumerate((2, 1)):
        _, chosen_NL = spotted_tokens(head, alone(batch, frame))[0]
        real = [0, *range(1, 1 + persons), *range(3, 19)]
        assert torch.equal(in_company[0][frame, :persons][:, real], chosen_NL)


def test_a_token_is_where_its_patch_is() -> None:
    """Row by row: only the embedding of the patch that changes is another."""
    head = made(temporal="none")
    view_VSSC = made_windows([1]).features.view_VSSC
    other_VSSC = view_VSSC.clone()
    row, column, side = 2, 1, head.tower.patch
    other_VSSC[:, row * side : (row + 1) * side, column * side : (column + 1) * side] ^= 255
    before, after = (sequence(head, head.tower.embed(views)[0]) for views in (view_VSSC, other_VSSC))
    assert (before != after).any(1).nonzero().flatten().tolist() == [1 + row * head.tower.grid[1] + column]


@pytest.mark.parametrize("asked", [explain, spotted_tokens, first_attention], ids=lambda asked: asked.__name__)
def test_nothing_of_the_head_is_changed_by_asking(asked: Any) -> None:
    head, batch = made(), made_windows([2])
    before = head(batch, LABELS)
    asked(head, batch)
    assert torch.equal(head(batch, LABELS), before)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in head.modules())


@pytest.mark.parametrize(
    "changes", [{"prompt_tokens": "all"}, {"prompt_tokens": "context"}, {"prompting": "none"}], ids=str
)
@pytest.mark.parametrize("persons", [2, 1])
def test_without_chosen_tokens_attention_is_that_of_a_plain_first_block(changes: dict[str, Any], persons: int) -> None:
    own = {"prompt_tokens": "interest", "interest_tokens": COUNT, **changes}
    head, batch = made_head(StclipSettings.model_validate(own)).eval(), made_windows([persons])
    assert spotted_tokens(head, batch) == {}
    found, map_LL = first_map(head, batch, explain)
    assert found.block == 1
    for person in range(persons):
        weight_G = found.weight_NRC[person].flatten()
        torch.testing.assert_close(weight_G, map_LL[1 + person, 1 + persons :], rtol=1e-4, atol=1e-6)
        assert (found.class_token_N[person], found.persons_N[person]) == (False, ())
    assert not found.chosen_NRC.any()


def test_attention_is_the_same_whether_or_not_tokens_are_chosen_from_it() -> None:
    head, batch = made(), made_windows([2])
    weight_NL, _ = spotted_tokens(head, batch)[0]
    assert torch.equal(first_attention(head, batch), weight_NL)
