"""Sick tokens, and scores that say nothing."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.end_to_end import runs
from tests.end_to_end.doctor.conftest import CHOICES, SPLIT, Doctor, World

pytestmark = pytest.mark.slow

type Tokens = np.ndarray


@pytest.fixture(scope="module")
def exported(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    runs.make("export", world.settings, f"OUT={folder}", "FORMAT=npz", **CHOICES).ok()
    return folder


def all_alike(tokens: Tokens, text: Tokens) -> Tokens:
    return np.repeat(tokens[:1], len(tokens), 0)


def of_another_encoder(tokens: Tokens, text: Tokens) -> Tokens:
    """Without what they have in common with any text."""
    basis = np.linalg.svd(text.astype(np.float64), full_matrices=False)[2]
    wide = tokens.astype(np.float64)
    return (wide - wide @ basis.T @ basis).astype(np.float32)


SICK: dict[str, tuple[str, Callable[[Tokens, Tokens], Tokens]]] = {
    "healthy": ("", lambda tokens, text: tokens),
    "all alike": ("tokens that are all the same", all_alike),
    "of another encoder": ("image and text tokens that have nothing in common", of_another_encoder),
}


@pytest.mark.parametrize("disease", SICK)
def test_sick_tokens_are_found_and_named(disease: str, exported: Path, doctor: Doctor, tmp_path: Path) -> None:
    named, change = SICK[disease]
    text = np.load(exported / "tokens-text.npz")["tokens"]
    for file in exported.glob("tokens-*.npz"):
        arrays = dict(np.load(file))
        if file.name == "tokens-person.npz":
            arrays["tokens"] = change(arrays["tokens"], text)
        np.savez(tmp_path / file.name, **arrays)
    said = doctor({"encoder.tokens_from": tmp_path}, ("encode", "text"))
    assert said.findings == ([named] if named else []), said.lines


def test_class_texts_one_line_off_are_found_as_labels_off_by_one(doctor: Doctor, tmp_path: Path) -> None:
    texts = {}
    for group in (SPLIT.unseen, SPLIT.seen):
        texts |= {name: group[(i + 1) % len(group)].replace("_", " ") for i, name in enumerate(group)}
    (tmp_path / "texts.yaml").write_text(yaml.safe_dump(texts))
    said = doctor({"encoder.texts": tmp_path / "texts.yaml"}, ("evaluate",))
    assert said.findings == ["labels off by one"], said.lines


def test_scores_that_are_the_same_for_everybody_are_found(doctor: Doctor) -> None:
    said = doctor({"heads.clip_crop.temperature": 1e12}, ("evaluate",))
    assert said.findings == ["scores that are all the same"], said.lines


def test_a_map_below_chance_is_said_by_eval_and_looked_at_by_the_doctor(
    world: World, doctor: Doctor, tmp_path: Path
) -> None:
    """Each class has a text that is least like it: by no rule, so that no other check explains it."""
    texts = {}
    for group in (SPLIT.unseen, SPLIT.seen):
        mirrored = [*group[len(group) // 2 :], *group[: len(group) // 2]]
        texts |= {name: other.replace("_", " ") for name, other in zip(group, mirrored, strict=True)}
    (tmp_path / "texts.yaml").write_text(yaml.safe_dump(texts))
    sick = {"encoder.texts": tmp_path / "texts.yaml"}
    ended = runs.run("eval", {**world.settings, **sick}, tmp_path / "eval", **CHOICES).ok()
    assert any("below chance" in line and "make doctor" in line for line in ended.out.splitlines()), ended.out
    said = doctor(sick)
    assert said.findings
    assert all(finding.endswith("mAP no better than chance") for finding in said.findings), said.lines
