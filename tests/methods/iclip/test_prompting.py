"""Interaction-Aware Prompting against multi-head attention written out label by label."""

import pytest
import torch

from tests.heads import written_out
from tests.heads.batches import enliven, random_text
from zsstad_core.methods.iclip.prompting import Prompting


@pytest.mark.parametrize("layers", [1, 2])
def test_one_attended_vector_a_person_equals_attention_of_every_label(layers: int) -> None:
    prompting = enliven(Prompting(128, layers, scale=0.1)).double()
    text_KD, interaction_ND = random_text(128, 4).double(), random_text(128, 3, seed=2).double()

    fast = prompting(text_KD, interaction_ND)
    slow = torch.stack(
        [
            torch.stack([written_out.prompted(prompting, label, person) for label in text_KD])
            for person in interaction_ND
        ]
    )

    torch.testing.assert_close(fast, slow, rtol=0, atol=1e-9)
    parameters = list(prompting.parameters())
    for got, wanted in zip(
        torch.autograd.grad(fast.sin().sum(), parameters, allow_unused=True),
        torch.autograd.grad(slow.sin().sum(), parameters, allow_unused=True),
        strict=True,
    ):
        assert wanted is not None
        torch.testing.assert_close(torch.zeros_like(wanted) if got is None else got, wanted, rtol=0, atol=1e-9)


def test_queries_and_keys_of_a_single_key_never_learn() -> None:
    prompting = enliven(Prompting(64, 2, scale=0.1))
    prompting(random_text(64, 5), random_text(64, 2, seed=2)).sin().sum().backward()
    idle = {name for name, parameter in prompting.named_parameters() if parameter.grad is None}
    assert idle == {
        f"layers.{layer}.{name}"
        for layer in (0, 1)
        for name in ("norm1.weight", "norm1.bias", "q_proj.weight", "k_proj.weight")
    }


def test_parameters_are_counted_as_published() -> None:
    one, two = (sum(p.numel() for p in Prompting(512, layers, 0.1).parameters()) for layers in (1, 2))
    assert (one, two) == (3_152_384, 6_303_232)


def test_published_initial_weights() -> None:
    prompting = Prompting(512, 2, scale=0.1)
    assert torch.equal(prompting.alpha_D, torch.full((512,), 0.1))
    for name, parameter in prompting.named_parameters():
        if parameter.ndim == 2:
            assert parameter.std().item() == pytest.approx(0.02, rel=0.02), name
        elif name.endswith("bias"):
            assert not parameter.any(), name


def test_each_person_gets_its_own_labels() -> None:
    prompting = enliven(Prompting(64, 1, scale=0.1))
    prompts_NKD = prompting(random_text(64, 3), random_text(64, 2, seed=2))
    assert prompts_NKD.shape == (2, 3, 64)
    assert not torch.allclose(prompts_NKD[0], prompts_NKD[1], atol=1e-2)
