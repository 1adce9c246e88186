"""The code of docs/export.md runs as it stands, where a cache and its export lie."""

import re
import shutil
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.conftest import ROOT
from tests.exported import stage
from tests.learning.made_cache import extract, made_plan, write_dataset
from zsstad_core.cache.read import read_artifact_tokens
from zsstad_core.cache.token_kinds import TokenKind

PAGE = (ROOT / "docs" / "export.md").read_text()
CODE = [textwrap.dedent(block) for block in re.findall(r"(?:^    .*\n)+", PAGE, re.M) if "import" in block]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    write_dataset(folder)
    made = made_plan(folder)
    extract(made)
    assert stage("export", made, folder, "--out", str(folder / "export" / "jhmdb")) == 0
    return folder


def run(code: str, folder: Path, monkeypatch: pytest.MonkeyPatch, **names: Any) -> dict[str, Any]:
    monkeypatch.chdir(folder)
    exec(compile(code, "docs/export.md", "exec"), names)
    return names


def test_an_exported_file_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch):
    found = run(CODE[0], folder, monkeypatch)
    rows, tokens = read_artifact_tokens(made_plan(folder).tokens(TokenKind.person), "boxes")
    first = ((rows["video_id"] == "catch/clip_b") & (rows["frame"] == 0)).to_numpy()
    assert first.sum() == 2
    np.testing.assert_array_equal(found["tokens"], tokens[first])
    np.testing.assert_array_equal(np.array(found["boxes"]).T, rows[first][["x1", "y1", "x2", "y2"]])


def test_tokens_made_elsewhere_come_in(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    def my_encoder(boxes: pd.DataFrame) -> np.ndarray:
        return boxes[["frame", "box", "x1"]].to_numpy(np.float32)

    run(CODE[1], folder, monkeypatch, my_encoder=my_encoder)
    shutil.copytree(folder / "cache", tmp_path / "cache")
    own = {"head": "clip_crop", "encoder.tokens_from": str(folder / "mine"), "cache.root": str(tmp_path / "cache")}
    there = made_plan(folder, **own)
    np.savez(folder / "mine" / "tokens-text.npz", tokens=np.eye(21, 3, dtype="f4"), class_name=[*there.dataset.classes])
    assert stage("encode", there, tmp_path) == stage("text", there, tmp_path) == 0
    rows, tokens = read_artifact_tokens(there.tokens(TokenKind.person), "boxes")
    assert len(rows) > 20
    np.testing.assert_array_equal(tokens, my_encoder(rows))
    assert there.text.made_with() == {"encoder": "tokens from a file (which does not say what made it)"}
    assert there.tokens(TokenKind.person).made_with() == {"encoder": "tokens from a file (my encoder, version 3)"}


def test_a_unit_is_read_by_plain_zarr(folder: Path, monkeypatch: pytest.MonkeyPatch):
    found = run(CODE[2], folder, monkeypatch)
    rows, tokens = read_artifact_tokens(
        made_plan(folder).tokens(TokenKind.person), "boxes", set(found["rows"]["video_id"])
    )
    pd.testing.assert_frame_equal(found["rows"], rows)
    np.testing.assert_array_equal(found["tokens"], tokens, strict=True)
