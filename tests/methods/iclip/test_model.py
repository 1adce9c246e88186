"""The whole of iCLIP against itself written out, and what is published of it."""

from typing import Any

import pytest
import torch

from tests.methods.enliven import enliven
from tests.methods.gradients import gradients
from tests.methods.iclip import written_out
from tests.methods.made_clips import made_labels
from tests.methods.made_frames import alone, in_double, labels_in_double, made_frames
from zsstad_core.methods.common.features import Batch, FrameTokens
from zsstad_core.methods.common.labels import Labels
from zsstad_core.methods.iclip.model import Iclip
from zsstad_core.methods.iclip.settings import Iclip as IclipSettings
from zsstad_core.methods.registry import Heads
from zsstad_core.settings.pipeline import Settings

WIDTH = 64


def with_iclip(**changes: Any) -> Settings:
    return Settings(heads=Heads(iclip=IclipSettings(**changes)))


def ragged(width: int = WIDTH, times: int = 60) -> Batch[FrameTokens]:
    return made_frames(width, persons=[2, 0, 1, 3], objects=[0, 2, 5, 1], neighbours=[0.6, 0.5, 0.0, 1.0], times=times)


def slow_logits(head: Iclip, settings: Settings, batch: Batch[FrameTokens], labels: Labels) -> torch.Tensor:
    """Logits of all persons, written out frame by frame."""
    own = settings.heads.iclip
    return torch.cat([written_out.logits(head, own, batch, labels.text_MD, frame) for frame in range(4)])


@pytest.mark.parametrize("padding", ["zeros", "masked"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"blocks": "MCOP", "prompting_layers": 1, "memory_before": 7, "memory_after": 5},
        {"blocks": "OOMP", "prompting_layers": 0, "memory_slots": 1, "memory_before": 0, "context_weight": 0.3},
        {"blocks": "", "persons": 3, "temperature": 0.01},
    ],
    ids=str,
)
def test_scores_and_gradients_equal_the_written_out_iclip(padding: str, changes: dict[str, Any]) -> None:
    settings = with_iclip(padding=padding, **changes)
    times = settings.heads.iclip.memory_before + settings.heads.iclip.memory_after
    head = enliven(Iclip(settings, WIDTH)).double().eval()
    batch, labels = in_double(ragged(times=times)), labels_in_double(made_labels(WIDTH, 4, 1))

    fast_NM, slow_NM = head(batch, labels), slow_logits(head, settings, batch, labels)

    torch.testing.assert_close(fast_NM, slow_NM, rtol=0, atol=1e-8)
    if not any(True for _ in head.parameters()):
        return
    fast_grads, slow_grads = gradients(head, fast_NM.sin().sum()), gradients(head, slow_NM.sin().sum())
    for name, fast in fast_grads.items():
        torch.testing.assert_close(
            fast, slow_grads[name], rtol=1e-7, atol=1e-7, msg=lambda text, n=name: f"{n}: {text}"
        )


@pytest.mark.parametrize("padding", ["zeros", "masked"])
def test_float32_at_the_published_size_stays_within_rounding(padding: str) -> None:
    settings = with_iclip(padding=padding)
    head, batch, labels = enliven(Iclip(settings, 512)).eval(), ragged(512), made_labels(512, 3, 1)
    with torch.no_grad():
        quick_NM = head(batch, labels)
        exact_NM = slow_logits(head.double(), settings, in_double(batch), labels_in_double(labels))
    cosine_error = (quick_NM.double() - exact_NM).abs().max() * settings.heads.iclip.temperature
    assert cosine_error < 1e-5


def test_training_starts_from_the_plain_clip_token_of_the_person() -> None:
    batch = ragged()
    head = Iclip(with_iclip(context_weight=0.0), WIDTH).train()
    assert torch.equal(head.interaction(batch), batch.features.person_ND)


def test_interaction_token_is_the_mean_of_person_and_frame_at_the_start() -> None:
    batch = ragged()
    mean_ND = (batch.features.person_ND + batch.features.frame_BD[batch.rows.sample_N]) / 2
    torch.testing.assert_close(Iclip(Settings(), WIDTH).interaction(batch), mean_ND)


def test_blocks_do_not_share_weights_and_keep_their_order() -> None:
    head = Iclip(with_iclip(blocks="POCMPOCM"), WIDTH)
    weights = [block.query.weight for block in head.blocks]
    assert len({tuple(weight[0].tolist()) for weight in weights}) == 8
    batch, labels = ragged(), made_labels(WIDTH, 3, 1)
    one, other = (enliven(Iclip(with_iclip(blocks=order), WIDTH)).eval() for order in ("PC", "CP"))
    assert not torch.allclose(one(batch, labels), other(batch, labels), atol=1e-3)


def test_groups_learn_at_the_published_rates() -> None:
    settings = Settings()
    groups = Iclip(settings, WIDTH).parameter_groups(2e-4, settings.training)
    rates = {group["name"]: (pytest.approx(group["lr"]), group["weight_decay"]) for group in groups}
    assert rates == {
        "blocks": (2e-3, 1e-7),
        "blocks_biases": (4e-3, 0.0),
        "prompting": (2e-4, 1e-7),
        "prompting_biases": (4e-4, 0.0),
    }
    assert {p.ndim for group in groups if group["name"].endswith("biases") for p in group["params"]} == {1}


def test_the_factors_of_the_settings_are_those_of_the_groups() -> None:
    settings = with_iclip(block_lr_factor=3.0, bias_lr_factor=5.0)
    groups = Iclip(settings, WIDTH).parameter_groups(1.0, settings.training)
    assert [group["lr"] for group in groups] == [3.0, 15.0, 1.0, 5.0]


def test_a_head_without_blocks_or_prompting_has_no_empty_groups() -> None:
    settings = with_iclip(blocks="", prompting_layers=1)
    groups = Iclip(settings, WIDTH).parameter_groups(2e-4, settings.training)
    assert [group["name"] for group in groups] == ["prompting", "prompting_biases"]
    settings = with_iclip(prompting_layers=0)
    groups = Iclip(settings, WIDTH).parameter_groups(2e-4, settings.training)
    assert [group["name"] for group in groups] == ["blocks", "blocks_biases"]


def test_an_objectless_frame_scores_the_same_beside_frames_with_objects() -> None:
    """The published code skips its object blocks for a whole batch without objects, and pads otherwise."""
    head, labels = enliven(Iclip(Settings(), WIDTH)).eval(), made_labels(WIDTH, 3, 1)
    beside = made_frames(WIDTH, persons=[1, 1], objects=[0, 4], neighbours=[0.5, 0.5])
    bare = alone(beside, 0)
    assert bare.features.object_BO.shape == (1, 0)
    torch.testing.assert_close(head(beside, labels)[:1], head(bare, labels), rtol=0, atol=1e-5)


def test_mixed_precision_still_gives_float32_scores_close_to_full_ones() -> None:
    head, batch, labels = enliven(Iclip(Settings(), WIDTH)).eval(), ragged(), made_labels(WIDTH, 3, 1)
    full = head(batch, labels)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = head(batch, labels)
    assert mixed.dtype == torch.float32
    assert (mixed - full).abs().max() * 0.07 < 0.03


def test_no_memory_at_all_is_allowed() -> None:
    head = enliven(Iclip(with_iclip(memory_before=0, memory_after=0), WIDTH)).eval()
    assert head(ragged(times=0), made_labels(WIDTH, 3, 1)).isfinite().all()
