"""Sick class texts, and weights that do not belong to their architecture: found before anything is encoded."""

from collections.abc import Mapping
from pathlib import Path

import open_clip
import pytest
import torch
import yaml

from tests.end_to_end.doctor.conftest import SPLIT, Doctor

pytestmark = pytest.mark.slow
NEW, OLD = SPLIT.unseen[0], SPLIT.seen[0]

SICK: dict[str, tuple[list[str], Mapping[str, str]]] = {
    "the same but for a capital": (
        ["a split that shares a class", "class texts that become the same tokens"],
        {NEW: "going along", OLD: "Going along"},
    ),
    "the same in the seen ones": (
        ["class texts that become the same tokens"],
        {SPLIT.seen[1]: "going along", OLD: "going  along"},
    ),
    "too long": (["a class text that the tokenizer cuts"], {NEW: "a person who walks " * 30}),
}


@pytest.mark.parametrize("disease", SICK)
def test_sick_texts_are_found_and_named(disease: str, doctor: Doctor, tmp_path: Path) -> None:
    named, texts = SICK[disease]
    (tmp_path / "texts.yaml").write_text(yaml.safe_dump(texts))
    said = doctor({"encoder.texts": tmp_path / "texts.yaml"})
    assert said.findings == named, said.lines


def test_texts_that_mean_the_same_to_the_encoder_are_found_once_they_are_encoded(
    doctor: Doctor, tmp_path: Path
) -> None:
    (tmp_path / "texts.yaml").write_text(yaml.safe_dump({NEW: f"{OLD} ;".replace("_", " ")}))
    said = doctor({"encoder.texts": tmp_path / "texts.yaml"}, ("text",))
    assert said.findings == ["classes with nearly the same text tokens"], said.lines


def test_random_weights_are_found(doctor: Doctor) -> None:
    said = doctor({"encoder.model": "ViT-B-16", "encoder.pretrained": "random"})
    assert said.findings == ["RANDOM weights"], said.lines


def test_weights_of_another_activation_are_found_by_the_name_of_their_file(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "vit_b_16-openai.pt").touch()
    chosen = {"encoder.model": "ViT-B-16", "encoder.pretrained": tmp_path / "vit_b_16-openai.pt"}
    said = doctor(chosen)
    assert said.findings == ["weights of another activation"], said.lines
    assert doctor({**chosen, "encoder.model": "ViT-B-16-quickgelu"}).findings == []


def test_vit_b32_weights_that_are_called_openais_and_are_not_are_found(doctor: Doctor, tmp_path: Path) -> None:
    """The real model, whole, with weights that nobody published."""
    torch.manual_seed(0)
    weights = tmp_path / "vit_b_32-openai.pt"
    torch.save(open_clip.create_model("ViT-B-32-quickgelu", pretrained=None).state_dict(), weights)
    said = doctor({"encoder.model": "ViT-B-32-quickgelu", "encoder.pretrained": weights})
    assert said.findings == ["weights that are not OpenAI's ViT-B/32"], said.lines
