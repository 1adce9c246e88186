"""Each module of ST-CLIP against the same written out, for one frame at a time."""

from typing import Any, Literal

import pytest
import torch

from tests.methods.enliven import enliven
from tests.methods.stclip import plain
from tests.methods.stclip.made_views import made_head, made_windows
from zsstad_core.methods.stclip.prompting import ContextPrompting, interest_tokens
from zsstad_core.methods.stclip.settings import Stclip as StclipSettings
from zsstad_core.methods.stclip.visual import Adapter, TemporalModelling


def grads_agree(module: torch.nn.Module, fast: torch.Tensor, slow: torch.Tensor) -> None:
    parameters = list(module.parameters())
    pairs = (torch.autograd.grad(x.sin().sum(), parameters) for x in (fast, slow))
    for got, wanted in zip(*pairs, strict=True):
        torch.testing.assert_close(got, wanted, rtol=0, atol=1e-7)


@pytest.mark.parametrize("layers", [1, 2])
def test_projecting_the_mean_equals_the_mean_of_projected_frames(layers: int) -> None:
    temporal = enliven(TemporalModelling(16, heads=2, times=5, layers=layers)).double()
    patch_BTNW = torch.randn(3, 5, 4, 16, dtype=torch.float64)
    real_BT = torch.arange(5) < torch.tensor([5, 1, 3])[:, None]

    fast = temporal(patch_BTNW, real_BT)
    slow = []
    for x, real in zip(patch_BTNW, real_BT, strict=True):
        x = x[real] + temporal.place.weight[: int(real.sum()), None]
        for layer in temporal.layers:
            x = x + plain._over_time(layer, layer.norm(x))
        slow.append(x.mean(0))

    torch.testing.assert_close(fast, torch.stack(slow), rtol=0, atol=1e-10)
    grads_agree(temporal, fast, torch.stack(slow))


def test_frames_beyond_a_short_video_change_nothing() -> None:
    temporal = enliven(TemporalModelling(16, heads=2, times=5, layers=2))
    patch, real = torch.randn(1, 5, 4, 16), torch.tensor([[True, True, True, False, False]])
    dirty = patch.masked_fill(~real[..., None, None], 1e3)
    torch.testing.assert_close(temporal(dirty, real), temporal(patch[:, :3], real[:, :3]), rtol=1e-5, atol=1e-5)


def test_the_order_of_frames_matters() -> None:
    temporal = enliven(TemporalModelling(16, heads=2, times=5))
    patch, real = torch.randn(1, 5, 4, 16), torch.ones(1, 5, dtype=torch.bool)
    assert not torch.allclose(temporal(patch.flip(1), real), temporal(patch, real), atol=1e-2)


@pytest.mark.parametrize("kind", ["ffn", "fc"])
def test_adapter_equals_equation_3(kind: Literal["ffn", "fc"]) -> None:
    head = made_head(StclipSettings(adapter=kind), double=True)
    assert isinstance(head.adapter, Adapter)
    person_RW = torch.randn(3, 64, dtype=torch.float64)
    fast, slow = head.adapter(person_RW), torch.stack([plain._adapted(head, x) for x in person_RW])
    torch.testing.assert_close(fast, slow, rtol=0, atol=1e-10)
    grads_agree(head.adapter, fast, slow)


@pytest.mark.parametrize("groups", [1, 3])
def test_prompting_of_many_groups_equals_each_with_its_own_tokens_picked_out(groups: int) -> None:
    module = enliven(ContextPrompting(24, 32, heads=4, scale=0.2)).double()
    visual_BLW = torch.randn(2, 10, 24, dtype=torch.float64)
    text_BGKD = torch.randn(2, groups, 3, 32, dtype=torch.float64)
    attended_BGL = torch.rand(2, groups, 10, generator=torch.Generator().manual_seed(0)) < 0.5

    fast = module(text_BGKD, visual_BLW, attended_BGL)
    slow = torch.stack(
        [
            torch.stack(
                [plain.prompted(module, text_BGKD[b, g], visual_BLW[b][attended_BGL[b, g]]) for g in range(groups)]
            )
            for b in range(2)
        ]
    )
    torch.testing.assert_close(fast, slow, rtol=0, atol=1e-9)
    grads_agree(module, fast, slow)


def test_interest_tokens_are_the_best_of_those_that_may_be_chosen() -> None:
    map_BPL = torch.tensor([[[0.3, 0.1, 0.2, 0.15, 0.25], [0.0, 0.5, 0.1, 0.4, 0.0]]])
    eligible_BL = torch.tensor([[False, True, True, True, True]])
    chosen = interest_tokens(map_BPL, eligible_BL, 2)
    assert chosen.tolist() == [[[False, False, True, False, True], [False, True, False, True, False]]]


def test_a_token_that_may_not_be_chosen_stays_out_even_where_all_weights_are_zero() -> None:
    eligible_BL = torch.tensor([[True, False, True, False]])
    assert torch.equal(interest_tokens(torch.zeros(1, 1, 4), eligible_BL, 2)[0], eligible_BL)


@pytest.mark.parametrize("changes", [{}, {"temporal": "none"}, {"temporal": "average"}], ids=str)
def test_context_of_a_batch_of_windows_equals_each_window_alone(changes: dict[str, Any]) -> None:
    head = made_head(StclipSettings(**changes), double=True)
    views = made_windows([1, 2, 1], [9, 5, 1]).features
    fast = head._context(views, head.tower.embed(views.view_VSSC))
    for frame, length in enumerate([9, 5, 1]):
        window = list(views.view_VSSC[views.window_BT[frame, :length]])
        slow = plain.context(head, window, views.view_VSSC[views.current_B[frame]])
        torch.testing.assert_close(fast[frame], slow, rtol=0, atol=1e-5)


def test_labels_without_a_person_to_prompt_for_are_still_labels() -> None:
    module = ContextPrompting(24, 32, heads=4, scale=0.2)
    assert module(torch.randn(3, 32).expand(2, 0, 3, 32), torch.randn(2, 5, 24), torch.ones(2, 0, 5).bool()).shape == (
        2,
        0,
        3,
        32,
    )
