"""Tokens from files: what comes in is what went out, and in the key of what is made of it."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.exported import FORMATS, KINDS, copied, given, read, stage, write
from tests.learning.made_cache import made_plan, text_of
from zsstad_core.cache.read import read_artifact_tokens
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.cache.tokens import read_tokens
from zsstad_core.plan.plan import Plan


def encode(made: Plan, folder: Path) -> None:
    assert stage("encode", made, folder) == 0
    assert stage("text", made, folder) == 0


@pytest.mark.parametrize("file_format", FORMATS)
def test_what_was_exported_comes_back_bit_for_bit(folder: Path, file_format: str, tmp_path: Path):
    here, there = made_plan(folder), given(folder, folder / file_format)
    encode(there, tmp_path)
    for kind in KINDS:
        name = "frames" if kind == "frame" else "boxes"
        (rows, tokens), (rows_again, again) = (
            read_artifact_tokens(plan.tokens(TokenKind[kind]), name) for plan in (here, there)
        )
        assert len(rows) > 20
        assert rows.equals(rows_again)
        assert (tokens.dtype, tokens.tobytes()) == (again.dtype, again.tobytes())
        assert there.tokens(TokenKind[kind]).key != here.tokens(TokenKind[kind]).key
    unit = there.text.whole_unit()
    np.testing.assert_array_equal(read_tokens(unit), text_of(here), strict=True)


@pytest.mark.parametrize("file_format", FORMATS)
def test_it_goes_out_again_as_it_came_in(folder: Path, file_format: str, tmp_path: Path):
    there = given(folder, folder / file_format)
    encode(there, tmp_path)
    assert stage("export", there, tmp_path, "--format", file_format, "--out", str(tmp_path / "again")) == 0
    for kind in (*KINDS, "text"):
        before, after = (
            read(out / f"tokens-{kind}.{file_format}") for out in (folder / file_format, tmp_path / "again")
        )
        for name in after.keys() - {"provenance"}:
            np.testing.assert_array_equal(before[name], after[name], strict=True)


def test_results_say_what_made_the_tokens(folder: Path, tmp_path: Path):
    tokens = copied(folder, "npz", tmp_path)
    arrays = read(tokens / "tokens-object.npz")
    del arrays["provenance"]
    write(tokens / "tokens-object.npz", arrays)
    there = given(folder, tokens)
    encode(there, tmp_path)
    assert there.tokens(TokenKind.person).made_with() == {"encoder": "tokens from a file (fake)"}
    assert there.tokens(TokenKind.object).made_with() == {
        "encoder": "tokens from a file (which does not say what made it)"
    }


def test_the_content_of_a_file_is_in_the_key_and_its_place_is_not(folder: Path, tmp_path: Path):
    tokens = copied(folder, "h5", tmp_path)
    here, there = given(folder, folder / "h5"), given(folder, tokens)
    assert [here.tokens(TokenKind[kind]).key for kind in KINDS] == [there.tokens(TokenKind[kind]).key for kind in KINDS]
    assert here.text.key == there.text.key
    assert str(folder / "h5") not in str(here.tokens(TokenKind.frame).inputs)

    arrays = read(tokens / "tokens-frame.h5")
    arrays["tokens"][3, 1] += 1
    write(tokens / "tokens-frame.h5", arrays)
    changed = given(folder, tokens)
    assert changed.tokens(TokenKind.frame).key != here.tokens(TokenKind.frame).key
    assert changed.tokens(TokenKind.person).key == here.tokens(TokenKind.person).key


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_file_of_all_clips_serves_some(folder: Path, file_format: str, tmp_path: Path):
    some = {"datasets.jhmdb.clips_per_class": 1, "cache.root": str(tmp_path / "cache")}
    shutil.copytree(folder / "cache", tmp_path / "cache", ignore=shutil.ignore_patterns("tokens-*", "text-*"))
    for name in ("index", "groundtruth", "detect"):
        plan = made_plan(folder, **some)
        getattr(plan, name).complete()
    there = given(folder, folder / file_format, **some)
    encode(there, tmp_path)
    for kind in KINDS:
        name = "frames" if kind == "frame" else "boxes"
        rows, tokens = read_artifact_tokens(there.tokens(TokenKind[kind]), name)
        wanted, all_tokens = read_artifact_tokens(
            made_plan(folder).tokens(TokenKind[kind]), name, set(there.tokens(TokenKind[kind]).members)
        )
        assert rows.equals(wanted)
        assert tokens.tobytes() == all_tokens.tobytes()


@pytest.mark.parametrize("file_format", FORMATS)
def test_what_somebody_else_writes_is_read(folder: Path, file_format: str, tmp_path: Path):
    """No scores, columns of their own, wider numbers, boxes that are off by less than half a pixel."""
    tokens = copied(folder, file_format, tmp_path)
    path = tokens / f"tokens-person.{file_format}"
    arrays = {name: values for name, values in read(path).items() if name not in ("score", "what", "provenance")}
    wide = {name: arrays[name].astype(np.float64) for name in ("x1", "y1", "x2", "y2")}
    wide["x1"] += 0.4
    frame = arrays["frame"].astype(np.int64)
    write(path, {**arrays, **wide, "frame": frame, "mine": frame, "tokens": arrays["tokens"].astype(np.float32) / 3})
    there = given(folder, tokens)
    encode(there, tmp_path)
    rows, found = read_artifact_tokens(there.tokens(TokenKind.person), "boxes")
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, arrays["tokens"].astype(np.float32) / 3)
    assert rows.equals(read_artifact_tokens(made_plan(folder).tokens(TokenKind.person), "boxes")[0])
