"""The whole of iCLIP against itself written out, and what is published of it."""

from typing import Any

import pytest
import torch

from tests.heads import written_out
from tests.heads.batches import enliven, gradients, in_double, random_batch, random_text
from zsstad_core.methods.iclip.model import Iclip
from zsstad_core.methods.iclip.settings import Iclip as IclipSettings
from zsstad_core.methods.registry import Heads
from zsstad_core.settings.pipeline import Settings

WIDTH = 64


def with_iclip(**changes: Any) -> Settings:
    return Settings(heads=Heads(iclip=IclipSettings(**changes)))


def ragged_batch(width: int = WIDTH, times: int = 60) -> Any:
    return random_batch(width, persons=[2, 0, 1, 3], objects=[0, 2, 5, 1], neighbours=[0.6, 0.5, 0.0, 1.0], times=times)


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
    batch, text_KD = in_double(ragged_batch(times=times)), random_text(WIDTH, 4).double()

    fast_NK = head(batch, text_KD)[batch.person_BP]
    slow_NK = torch.cat([written_out.logits(head, settings.heads.iclip, batch, text_KD, frame) for frame in range(4)])

    torch.testing.assert_close(fast_NK, slow_NK, rtol=0, atol=1e-8)
    if not any(True for _ in head.parameters()):
        return
    fast_grads, slow_grads = gradients(head, fast_NK.sin().sum()), gradients(head, slow_NK.sin().sum())
    for name, fast in fast_grads.items():
        torch.testing.assert_close(
            fast, slow_grads[name], rtol=1e-7, atol=1e-7, msg=lambda text, n=name: f"{n}: {text}"
        )


@pytest.mark.parametrize("padding", ["zeros", "masked"])
def test_float32_at_the_published_size_stays_within_rounding(padding: str) -> None:
    settings = with_iclip(padding=padding)
    head, batch, text_KD = enliven(Iclip(settings, 512)).eval(), ragged_batch(512), random_text(512, 3)
    with torch.no_grad():
        quick_NK = head(batch, text_KD)[batch.person_BP]
        exact, exact_batch, exact_text = head.double(), in_double(batch), text_KD.double()
        exact_NK = torch.cat(
            [written_out.logits(exact, settings.heads.iclip, exact_batch, exact_text, frame) for frame in range(4)]
        )
    cosine_error = (quick_NK.double() - exact_NK).abs().max() * settings.heads.iclip.temperature
    assert cosine_error < 1e-5


def test_parameters_are_counted_as_published() -> None:
    def count(module: torch.nn.Module) -> int:
        return sum(p.numel() for p in module.parameters() if p.requires_grad)

    published = Iclip(Settings(), 512)
    assert count(published) == 14_831_104
    assert count(published.blocks) == 8_404_992 + 122_880 == 8_527_872
    assert count(Iclip(with_iclip(prompting_layers=1), 512)) == 11_680_256


def test_training_starts_from_the_plain_clip_token_of_the_person() -> None:
    batch = ragged_batch()
    head = Iclip(with_iclip(context_weight=0.0), WIDTH).train()
    interaction_BPD = head.interaction(batch)
    assert torch.equal(interaction_BPD[batch.person_BP], batch.person_BPD[batch.person_BP])


def test_interaction_token_is_the_mean_of_person_and_frame_at_the_start() -> None:
    batch = ragged_batch()
    mean_BPD = (batch.person_BPD + batch.context_BD[:, None]) / 2
    interaction_BPD = Iclip(Settings(), WIDTH).interaction(batch)
    torch.testing.assert_close(interaction_BPD[batch.person_BP], mean_BPD[batch.person_BP])


def test_blocks_do_not_share_weights_and_keep_their_order() -> None:
    head = Iclip(with_iclip(blocks="POCMPOCM"), WIDTH)
    weights = [block.query.weight for block in head.blocks]
    assert len({tuple(weight[0].tolist()) for weight in weights}) == 8
    batch, text_KD = ragged_batch(), random_text(WIDTH, 3)
    one, other = (enliven(Iclip(with_iclip(blocks=order), WIDTH)).eval() for order in ("PC", "CP"))
    assert not torch.allclose(one(batch, text_KD), other(batch, text_KD), atol=1e-3)


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
    head, text_KD = enliven(Iclip(Settings(), WIDTH)).eval(), random_text(WIDTH, 3)
    bare = random_batch(WIDTH, persons=[1], objects=[0], neighbours=[0.5])
    beside = random_batch(WIDTH, persons=[1, 1], objects=[0, 4], neighbours=[0.5, 0.5])
    for name in ("person_BPD", "context_BD", "memory_BTD", "memory_BT"):
        getattr(beside, name)[:1] = getattr(bare, name)
    torch.testing.assert_close(head(beside, text_KD)[:1], head(bare, text_KD), rtol=0, atol=1e-5)


def test_mixed_precision_still_gives_float32_scores_close_to_full_ones() -> None:
    head, batch, text_KD = enliven(Iclip(Settings(), WIDTH)).eval(), ragged_batch(), random_text(WIDTH, 3)
    full = head(batch, text_KD)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = head(batch, text_KD)
    assert mixed.dtype == torch.float32
    assert (mixed - full).abs().max() * 0.07 < 0.03


def test_no_memory_at_all_is_allowed() -> None:
    head = enliven(Iclip(with_iclip(memory_before=0, memory_after=0), WIDTH)).eval()
    logits = head(ragged_batch(times=0), random_text(WIDTH, 3))
    assert logits.isfinite().all()
