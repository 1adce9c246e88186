"""The whole of ST-CLIP against itself written out, in any company, saved and merged; and what it refuses."""

import io
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.methods.enliven import enliven
from tests.methods.gradients import gradients
from tests.methods.made_clips import made_labels, some_classes
from tests.methods.made_frames import labels_in_double
from tests.methods.stclip import plain
from tests.methods.stclip.made_views import (
    JOINT,
    MEAN,
    STD,
    alone,
    made_head,
    made_tower,
    made_vit,
    made_windows,
    turned,
    with_frozen_tokens,
)
from zsstad_core.errors import ModelError, SettingsError
from zsstad_core.frozen.tower import Tower
from zsstad_core.methods.common.features import Batch, FrameViews
from zsstad_core.methods.stclip.model import Stclip
from zsstad_core.methods.stclip.settings import Stclip as StclipSettings
from zsstad_core.settings.training import Training

LABELS = made_labels(JOINT, 4, 1)

# Rows of the paper's tables, and what they do not show.
ROWS: dict[str, dict[str, Any]] = {
    "as published": {},
    "tables 4 to 6, no prompting": {"prompting": "none"},
    "table 6, last layer": {"prompting": "last"},
    "table 7, patches, no adapter": {"person_tokens": "patches", "adapter": "none"},
    "table 7, encoder, no adapter": {"adapter": "none"},
    "table 7, one layer": {"adapter": "fc"},
    "table 8, no temporal": {"temporal": "none"},
    "table 8, average": {"temporal": "average"},
    "table 8, two layers": {"temporal_layers": 2},
    "table 11, interest tokens": {"prompt_tokens": "interest", "interest_tokens": 5},
    "table 14, no LoRA": {"lora_rank": 0},
    "table 14, rank 2": {"lora_rank": 2},
    "interest without class token": {"prompt_tokens": "interest", "interest_tokens": 5, "interest_class_token": False},
    "context tokens prompt": {"prompt_tokens": "context"},
    "no whole frame": {"whole_frame": False},
    "patches, no whole frame": {"person_tokens": "patches", "whole_frame": False},
    "interest in the last layer": {"prompt_tokens": "interest", "interest_tokens": 5, "prompting": "last"},
    "frozen crops": {"lora_in_crops": False},
    "frozen crops, no whole frame": {"lora_in_crops": False, "whole_frame": False, "prompting": "none"},
    "other numbers": {"temperature": 0.02, "prompt_scale": 0.5},
}


def settings(**changes: Any) -> StclipSettings:
    return StclipSettings(**changes)


def ragged(head: Stclip) -> Batch[FrameViews]:
    """Frames with 2, 0, 1 and 3 persons, two of them in clips shorter than the window."""
    batch = made_windows([2, 0, 1, 3], [9, 7, 4, 9])
    if not head.own.lora_in_crops:
        batch = with_frozen_tokens(batch, bare(head))
    return batch


def bare(head: Stclip) -> Tower:
    """The head's encoder without LoRA."""
    return made_tower(0).to(head.tower.ends.proj.dtype)


@pytest.mark.parametrize("row", ROWS)
def test_scores_and_gradients_equal_the_written_out_stclip(row: str) -> None:
    head = made_head(settings(**ROWS[row]), double=True)
    batch, labels = ragged(head), labels_in_double(LABELS)

    fast_NM = head(batch, labels)
    slow_NM = torch.cat([plain.logits(head, batch, labels.text_MD, frame) for frame in range(4)])

    torch.testing.assert_close(fast_NM, slow_NM, rtol=0, atol=1e-5)
    if not any(True for _ in head.parameters()):
        return
    fast_grads, slow_grads = gradients(head, fast_NM.sin().sum()), gradients(head, slow_NM.sin().sum())
    for name, fast in fast_grads.items():
        torch.testing.assert_close(
            fast, slow_grads[name], rtol=1e-5, atol=1e-5, msg=lambda text, n=name: f"{n}: {text}"
        )


@pytest.mark.parametrize("row", ["as published", "table 11, interest tokens", "frozen crops", "table 8, two layers"])
def test_scores_in_float32_are_the_same_alone_and_in_any_company(row: str) -> None:
    head = made_head(settings(**ROWS[row])).eval()
    batch = ragged(head)
    logits_NM = head(batch, LABELS)
    assert logits_NM.shape == (6, 4)
    assert logits_NM.dtype == torch.float32
    for frame in range(4):
        own_NM = head(alone(batch, frame), LABELS)
        torch.testing.assert_close(logits_NM[batch.rows.sample_N == frame], own_NM, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("row", ["as published", "table 11, interest tokens"])
def test_gradients_of_a_batch_are_the_sum_of_its_frames(row: str) -> None:
    head = made_head(settings(**ROWS[row]), double=True)
    batch, labels = ragged(head), labels_in_double(LABELS)
    together = gradients(head, head(batch, labels).sin().sum())
    apart = [gradients(head, head(alone(batch, frame), labels).sin().sum()) for frame in range(4)]
    for name, grad in together.items():
        wanted = torch.stack([part[name] for part in apart]).sum(0)
        torch.testing.assert_close(grad, wanted, rtol=1e-6, atol=1e-6, msg=lambda text, n=name: f"{n}: {text}")


def test_persons_of_a_frame_see_each_other() -> None:
    head = made_head().eval()
    batch = made_windows([2])
    crop_NSSC = batch.features.crop_NSSC.clone()
    crop_NSSC[1] = 255 - crop_NSSC[1]
    other = Batch(batch.rows, replace(batch.features, crop_NSSC=crop_NSSC))
    assert (head(other, LABELS) - head(batch, LABELS))[0].abs().max() > 1e-3


def test_persons_of_two_frames_do_not_see_each_other() -> None:
    head = made_head(settings(prompt_tokens="interest", interest_tokens=5)).eval()
    batch = made_windows([1, 2])
    crop_NSSC = batch.features.crop_NSSC.clone()
    crop_NSSC[1:] = 255 - crop_NSSC[1:]
    other = Batch(batch.rows, replace(batch.features, crop_NSSC=crop_NSSC))
    before_NM, after_NM = head(batch, LABELS), head(other, LABELS)
    torch.testing.assert_close(after_NM[0], before_NM[0], rtol=1e-5, atol=1e-5)
    assert (after_NM[1:] - before_NM[1:]).abs().max() > 1e-3


def test_the_order_of_persons_does_not_matter() -> None:
    head = made_head(settings(prompt_tokens="interest", interest_tokens=5)).eval()
    batch, order_N = made_windows([3]), torch.tensor([2, 0, 1])
    turned_NM = head(turned(batch, order_N), LABELS)
    torch.testing.assert_close(turned_NM, head(batch, LABELS)[order_N], rtol=1e-5, atol=1e-5)


def test_scores_of_a_class_do_not_depend_on_the_other_classes() -> None:
    head, batch = made_head().eval(), made_windows([2, 1])
    some_NM = head(batch, some_classes(LABELS, [1, 2]))
    torch.testing.assert_close(some_NM, head(batch, LABELS)[:, 1:3], rtol=1e-5, atol=1e-5)


def test_frames_of_one_clip_share_the_views_of_their_windows() -> None:
    """The same windows with every view stored once a window give the same scores."""
    head, batch = made_head().eval(), made_windows([1, 2, 1])
    views = batch.features
    apart = replace(
        views,
        view_VSSC=views.view_VSSC[views.window_BT].flatten(0, 1),
        window_BT=torch.arange(27).view(3, 9),
        current_B=torch.tensor([4, 13, 22]),
    )
    assert len(views.view_VSSC) < len(apart.view_VSSC)
    torch.testing.assert_close(head(Batch(batch.rows, apart), LABELS), head(batch, LABELS), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("persons", [[0, 2], [0, 0]])
@pytest.mark.parametrize("row", ["as published", "table 11, interest tokens", "table 4, patches"])
def test_scores_and_gradients_stay_finite_where_nobody_is_there(row: str, persons: list[int]) -> None:
    head = made_head(settings(**ROWS.get(row, {"person_tokens": "patches", "whole_frame": False})))
    batch = made_windows(persons)
    logits_NM = head(batch, LABELS)
    class_N = torch.zeros(len(batch.rows), dtype=torch.long)
    head.loss(logits_NM, class_N, LABELS, batch, Training()).backward()
    assert logits_NM.shape == (sum(persons), 4)
    assert logits_NM.isfinite().all()
    assert all(p.grad is None or p.grad.isfinite().all() for p in head.parameters())


@pytest.mark.parametrize("row", ROWS)
def test_gradients_reach_everything_that_trains_and_nothing_else(row: str) -> None:
    head = made_head(settings(**ROWS[row]))
    logits_NM = head(ragged(head), LABELS)
    groups = head.parameter_groups(1e-3, Training())
    grouped = {id(p) for group in groups for p in group["params"]}
    assert grouped == {id(p) for p in head.parameters()}
    if grouped:
        logits_NM.sin().sum().backward()
    idle = {name for name, p in head.named_parameters() if p.grad is None or not p.grad.any()}
    assert not idle
    assert not [buffer for buffer in head.buffers() if buffer.requires_grad]


def test_frozen_crops_are_the_tokens_of_the_encoder_without_lora() -> None:
    """With LoRA at its start both ways are one; the cached way must not differ by more than rounding."""
    live = Stclip(settings(), made_tower(8), seed=0).eval()
    cached = Stclip(settings(lora_in_crops=False), made_tower(8), seed=0).eval()
    batch = made_windows([2, 1, 3])
    wanted = live(batch, LABELS)
    torch.testing.assert_close(cached(with_frozen_tokens(batch, made_tower(0)), LABELS), wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("row", ["as published", "table 11, interest tokens"])
def test_saved_reloaded_and_merged_weights_give_the_same_scores(row: str) -> None:
    own = settings(**ROWS[row])
    head = made_head(own)
    batch = ragged(head)
    wanted = head.train()(batch, LABELS)
    assert torch.equal(head.eval()(batch, LABELS), wanted)

    file = io.BytesIO()
    torch.save(head.state_dict(), file)
    file.seek(0)
    again = Stclip(own, made_tower(own.lora_rank), seed=7).eval()
    again.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(again(batch, LABELS), wanted)

    visual = made_vit(seed=5, act_layer=type(head.tower.blocks[0].source.mlp.gelu))  # type: ignore[union-attr]
    visual.load_state_dict(again.tower.merge_lora(), strict=True)
    merged = Stclip(own.model_copy(update={"lora_rank": 0}), Tower(visual, MEAN, STD), seed=8).eval()
    kept = {name: weight for name, weight in again.state_dict().items() if ".lora." not in name}
    merged.load_state_dict(kept, strict=True)
    torch.testing.assert_close(merged(batch, LABELS), wanted, rtol=1e-5, atol=1e-5)


def test_checkpointing_gives_the_same_scores_and_gradients() -> None:
    totals: list[Tensor] = []
    grads: list[dict[str, Tensor]] = []
    for checkpointing in (False, True):
        head = made_head(settings(checkpointing=checkpointing, prompt_tokens="interest", interest_tokens=5))
        totals.append(head(ragged(head), LABELS).sin().sum())
        grads.append(
            dict(zip(head.state_dict(), torch.autograd.grad(totals[-1], list(head.parameters())), strict=True))
        )
    assert torch.equal(*totals)
    assert all(torch.equal(grads[0][name], grads[1][name]) for name in grads[0])


def test_scores_in_half_precision_are_float32_and_near() -> None:
    head = Stclip(settings(), made_tower(8), seed=0).eval()
    batch = made_windows([2, 1])
    exact = head(batch, LABELS)
    with torch.autocast("cpu", torch.bfloat16):
        near = head(batch, LABELS)
    assert near.dtype == torch.float32
    assert ((near - exact) * head.own.temperature).abs().max() < 0.01  # cosines


def test_initial_weights_come_from_the_seed_alone() -> None:
    torch.manual_seed(1)
    towers = [enliven(made_tower(8), seed) for seed in range(3)]  # each with other LoRA in it
    before = torch.random.get_rng_state()
    one = Stclip(settings(), towers[0], seed=0).state_dict()
    assert torch.equal(torch.random.get_rng_state(), before), "building a head moved torch's random state"
    torch.manual_seed(99)
    other, reseeded = (Stclip(settings(), towers[i], seed=s).state_dict() for i, s in ((1, 0), (2, 5)))
    assert all(torch.equal(one[key], other[key]) for key in one)
    assert not torch.equal(one["tower.blocks.0.lora.0.a_RI"], reseeded["tower.blocks.0.lora.0.a_RI"])


def test_published_initial_weights() -> None:
    head = Stclip(settings(), made_tower(8, width=256, output_dim=256), seed=0)
    assert head.temporal is not None
    assert head.temporal.place.weight.std().item() == pytest.approx(1, rel=0.05)
    prompting = head.prompting["0"]
    assert torch.equal(prompting.rho_D, torch.full((256,), 0.2))  # type: ignore[arg-type]
    assert prompting.fc1.weight.std().item() == pytest.approx(0.02, rel=0.05)  # type: ignore[union-attr, operator]
    assert not any(p.any() for name, p in head.named_parameters() if name.endswith("b_OR"))


def test_more_interest_tokens_than_a_frame_has_are_refused() -> None:
    for with_class, most in ((True, 18), (False, 17)):  # one person, 16 patches, the class token
        own = {"prompt_tokens": "interest", "interest_class_token": with_class}
        Stclip(settings(interest_tokens=most, **own), made_tower(), seed=0)(made_windows([1]), LABELS)
        with pytest.raises(SettingsError, match=f"interest_tokens is {most + 1}; .* take at most {most}"):
            Stclip(settings(interest_tokens=most + 1, **own), made_tower(), seed=0)


def test_an_encoder_without_a_class_token_is_refused() -> None:
    with pytest.raises(ModelError, match="pooled from patches"):
        Stclip(settings(), made_tower(pool_type="avg"), seed=0)
