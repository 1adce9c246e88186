"""Weights are held against what was published, and tokens against being all alike."""

from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch

from tests.frozen.test_encoder_golden import openai_weights
from zsstad_core.doctor.text import encode, why_not_compared
from zsstad_core.doctor.weights import (
    activation_by_name,
    is_published,
    not_as_published,
    published,
    random_weights,
    tokens_say_nothing,
)
from zsstad_core.settings.frozen import Encoder


def as_published(error: float = 0.0) -> np.ndarray:
    """Tokens with the published first numbers and sums, off by a random error a number."""
    rows = np.zeros((len(published()), 512))
    for row, value in zip(rows, published().values(), strict=True):
        first = value["first"]
        row[: len(first)] = first
        row[len(first) :] = (value["sum"] - sum(first)) / (512 - len(first))
    return rows + np.random.default_rng(0).normal(0, error, rows.shape)


def test_random_weights_are_said_to_be_random() -> None:
    (finding,) = random_weights(Encoder(pretrained="random"))
    assert finding.what == "RANDOM weights"
    assert random_weights(Encoder(pretrained="openai")) == []


@pytest.mark.parametrize(
    ("model", "file", "advice"),
    [
        ("ViT-B-16", "vit_b_16-openai.pt", "encoder.model=ViT-B-16-quickgelu"),
        ("ViT-B/16", "MetaCLIP_b16.safetensors", "encoder.model=ViT-B-16-quickgelu"),
        ("ViT-B-32-quickgelu", "laion2b_s34b_b79k.safetensors", "encoder.model=ViT-B-32"),
        ("ViT-B-16-quickgelu", "openai.pt", ""),
        ("ViT-B-16", "laion2b.pt", ""),
        ("ViT-B-16", "mine.pt", ""),
        ("ViT-B-16-quickgelu", "mine.pt", ""),
    ],
)
def test_a_file_whose_name_says_another_activation_is_named(tmp_path: Path, model: str, file: str, advice: str) -> None:
    (tmp_path / file).touch()
    found = activation_by_name(Encoder(model=model, pretrained=str(tmp_path / file)))
    assert [finding.do for finding in found] == ([f"set {advice}"] if advice else [])


def test_published_values_are_recognised_through_fp16_and_not_through_another_activation() -> None:
    assert is_published(as_published())
    assert is_published(as_published(error=1e-3))  # fp16 on a GPU
    assert not is_published(as_published(error=1e-2))
    assert not is_published(np.random.default_rng(1).normal(0, 0.4, (len(published()), 512)))


def test_the_wrong_activation_is_named_with_the_right_model(tmp_path: Path) -> None:
    (tmp_path / "mine.pt").touch()
    encoder = Encoder(model="ViT-B-32", pretrained=str(tmp_path / "mine.pt"), precision="bf16")
    asked = []

    def trained_with_quickgelu(settings, texts):
        asked.append((settings.model, settings.precision, list(texts)))
        return as_published(0.0 if settings.model.endswith("quickgelu") else 2e-2)

    (finding,) = not_as_published(encoder, trained_with_quickgelu)
    assert finding.do == "set encoder.model=ViT-B-32-quickgelu"
    assert {(precision, *texts) for _, precision, texts in asked} == {("fp32", *published())}
    assert not_as_published(encoder.model_copy(update={"model": "ViT-B-32-quickgelu"}), trained_with_quickgelu) == []


def test_other_weights_are_a_finding_only_where_they_are_called_openais(tmp_path: Path) -> None:
    (tmp_path / "mine.pt").touch()

    def others(settings, texts):
        return as_published(0.3)

    assert not_as_published(Encoder(model="ViT-B-32", pretrained=str(tmp_path / "mine.pt")), others) == []
    (finding,) = not_as_published(Encoder(model="ViT-B-32", pretrained="openai"), others)
    assert finding.what == "weights that are not OpenAI's ViT-B/32"


def test_nothing_is_fetched_to_be_compared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert why_not_compared(Encoder(model="ViT-B-16")) == "there are published values of OpenAI's ViT-B/32 alone"
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *names: None)
    assert "make text first" in why_not_compared(Encoder(model="ViT-B/32"))
    (tmp_path / "ViT-B-32.pt").touch()
    assert why_not_compared(Encoder(model="ViT-B/32", pretrained=str(tmp_path / "ViT-B-32.pt"))) == ""


@pytest.mark.slow
def test_the_two_activations_are_told_apart_by_more_than_the_tolerance() -> None:
    """With random weights, all that can be had everywhere: the difference that the tolerance is held against."""
    gelu, quick = (
        encode(Encoder(model=name, pretrained="random"), list(published()))
        for name in ("ViT-B-32", "ViT-B-32-quickgelu")
    )
    assert np.abs(gelu - quick).mean() > 3 * 0.003


@pytest.mark.slow
def test_the_whole_model_with_the_wrong_activation_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As if random weights, trained with QuickGELU, were those whose values are published."""
    file = tmp_path / "mine.pt"
    torch.manual_seed(0)
    torch.save(open_clip.create_model("ViT-B-32-quickgelu", pretrained=None).state_dict(), file)
    right = Encoder(model="ViT-B-32-quickgelu", pretrained=str(file))
    rows = encode(right, list(published()))
    values = {
        text: {"first": row[:8].tolist(), "sum": float(row.sum())} for text, row in zip(published(), rows, strict=True)
    }
    monkeypatch.setattr("zsstad_core.doctor.weights.published", lambda: values)
    assert not_as_published(right, encode) == []
    (finding,) = not_as_published(right.model_copy(update={"model": "ViT-B-32"}), encode)
    assert finding.what == "weights of another activation"
    assert finding.do == "set encoder.model=ViT-B-32-quickgelu"


@pytest.mark.slow
def test_openais_weights_are_recognised() -> None:
    if (weights := openai_weights()) is None:
        pytest.skip("needs OpenAI's ViT-B/32: fetch it with open_clip, or name a file in ZSSTAD_CLIP_WEIGHTS")
    assert not_as_published(Encoder(model="ViT-B-32-quickgelu", pretrained=weights), encode) == []


def test_tokens_that_are_all_alike_or_strangers_to_the_texts_are_named() -> None:
    text = np.random.default_rng(0).normal(size=(6, 512))
    image = text[np.arange(40) % 6] * 0.3 + np.random.default_rng(1).normal(size=(40, 512))
    assert tokens_say_nothing("frame", image, text) == []
    (finding,) = tokens_say_nothing("frame", np.repeat(image[:1], 40, 0), text)
    assert finding.what == "tokens that are all the same"
    away = np.linalg.svd(text)[2][6:]  # at right angles to every text
    (finding,) = tokens_say_nothing("frame", away[:40], text)
    assert finding.what == "image and text tokens that have nothing in common"
