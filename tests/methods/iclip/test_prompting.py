"""Interaction-Aware Prompting against multi-head attention written out label by label."""

import pytest
import torch

from tests.methods.enliven import enliven
from tests.methods.iclip import written_out
from tests.methods.made_clips import made_tokens
from zsstad_core.methods.iclip.prompting import Prompting


def made(width: int, labels: int, persons: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Label tokens and interaction tokens."""
    generator = torch.Generator().manual_seed(2)
    return made_tokens(generator, labels, width), made_tokens(generator, persons, width)


def each_label(
    prompting: Prompting, text_KD: torch.Tensor, interaction_ND: torch.Tensor, queries: list[written_out.Query] | None
) -> torch.Tensor:
    """Label by label, person by person."""
    rows = [[written_out.prompted(prompting, label, person, queries) for label in text_KD] for person in interaction_ND]
    return torch.stack([torch.stack(row) for row in rows])


@pytest.mark.parametrize("layers", [1, 2])
def test_one_attended_vector_a_person_equals_attention_of_every_label(layers: int) -> None:
    """Also with the published parameters that ask, which are not built: whatever they are, no score depends on them."""
    prompting = enliven(Prompting(128, layers, scale=0.1)).double()
    queries = [enliven(written_out.Query(128)).double() for _ in range(layers)]
    text_KD, interaction_ND = (tokens.double() for tokens in made(128, labels=4, persons=3))

    fast = prompting(text_KD, interaction_ND)
    slow = each_label(prompting, text_KD, interaction_ND, queries)
    torch.testing.assert_close(fast, slow, rtol=0, atol=1e-9)
    torch.testing.assert_close(each_label(prompting, text_KD, interaction_ND, None), slow, rtol=0, atol=1e-9)

    parameters = list(prompting.parameters())
    for got, wanted in zip(
        torch.autograd.grad(fast.sin().sum(), parameters),
        torch.autograd.grad(slow.sin().sum(), parameters, retain_graph=True),
        strict=True,
    ):
        torch.testing.assert_close(got, wanted, rtol=0, atol=1e-9)
    asking = [parameter for query in queries for parameter in query.parameters()]
    for grad in torch.autograd.grad(slow.sin().sum(), asking, allow_unused=True):
        assert grad is None or grad.abs().max() < 1e-9


def test_a_gradient_reaches_every_parameter() -> None:
    prompting = enliven(Prompting(64, 2, scale=0.1))
    prompting(*made(64, labels=5, persons=2)).sin().sum().backward()
    idle = [
        name for name, parameter in prompting.named_parameters() if parameter.grad is None or not parameter.grad.any()
    ]
    assert idle == []


def test_parameters_are_counted_as_published() -> None:
    """The published layer has its parameters that ask besides: norm1, q_proj and k_proj."""
    one, two = (sum(p.numel() for p in Prompting(512, layers, 0.1).parameters()) for layers in (1, 2))
    asking = sum(p.numel() for p in written_out.Query(512).parameters())
    assert asking == 2 * 512 + 2 * 512**2
    assert (one + asking, two + 2 * asking) == (3_152_384, 6_303_232)


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
    prompts_NKD = prompting(*made(64, labels=3, persons=2))
    assert prompts_NKD.shape == (2, 3, 64)
    assert not torch.allclose(prompts_NKD[0], prompts_NKD[1], atol=1e-2)
