"""Exported files hold every token beside its row, for people who have nothing but h5py or NumPy."""

import json
import time
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from tests.exported import FORMATS, KINDS, Arrays, export, names, read
from tests.learning.made_cache import extract, made_plan, text_of
from zsstad_core.cache.artifact import Artifact
from zsstad_core.cache.export import export_tokens
from zsstad_core.cache.read import read_artifact_tokens
from zsstad_core.cache.stages import Stage
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.plan.plan import Plan
from zsstad_core.tables import table
from zsstad_core.work import Content


def columns(arrays: Arrays) -> Arrays:
    return {name: values for name, values in arrays.items() if name not in ("tokens", "provenance")}


# ---- what is in a file


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_holds_the_tokens_and_columns_of_the_cache(plan: Plan, kind: str, file_format: str, tmp_path: Path):
    arrays = read(export(plan, tmp_path, "--kind", kind, "--format", file_format) / f"tokens-{kind}.{file_format}")
    rows, tokens = read_artifact_tokens(plan.tokens(TokenKind[kind]), "frames" if kind == "frame" else "boxes")
    assert len(rows) > 20
    assert arrays["tokens"].dtype == tokens.dtype == np.float16
    assert arrays["tokens"].tobytes() == tokens.tobytes()
    assert set(columns(arrays)) == set(rows)
    for name in rows:
        np.testing.assert_array_equal(arrays[name], rows[name].to_numpy())
    keys = list(zip(*(arrays[name].tolist() for name in ("video_id", "frame", "box") if name in arrays), strict=True))
    assert keys == sorted(keys)


@pytest.mark.parametrize("file_format", FORMATS)
def test_class_names_stand_beside_their_tokens(plan: Plan, file_format: str, tmp_path: Path):
    out = export(plan, tmp_path, "--set", "encoder.underscores=keep", "--kind", "text", "--format", file_format)
    arrays = read(out / f"tokens-text.{file_format}")
    assert arrays["class_name"].tolist() == list(plan.dataset.classes)
    assert arrays["text"].tolist() == list(plan.dataset.classes)
    assert arrays["tokens"].dtype == np.float32
    np.testing.assert_array_equal(arrays["tokens"], text_of(plan))


def test_h5_has_checksums_and_utf8_of_any_length_and_npz_no_objects(plan: Plan, tmp_path: Path):
    for file_format in FORMATS:
        export(plan, tmp_path, "--kind", "person", "--format", file_format)
    with h5py.File(tmp_path / "out" / "tokens-person.h5") as file:
        assert h5py.check_string_dtype(file["video_id"].dtype) == h5py.h5t.string_info("utf-8", None)
        assert file["tokens"].fletcher32
    assert (tmp_path / "out" / "tokens-person.h5").read_bytes()[8] == 3, "older layouts have no checksums of their own"
    with np.load(tmp_path / "out" / "tokens-person.npz", allow_pickle=False) as arrays:
        assert {arrays[name].dtype.kind for name in ("video_id", "what", "provenance")} == {"U"}


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_file_says_where_it_comes_from(plan: Plan, file_format: str, tmp_path: Path):
    out = export(plan, tmp_path, "--kind", "person", "--format", file_format)
    said = json.loads(str(read(out / f"tokens-person.{file_format}")["provenance"]))
    artifact = plan.tokens(TokenKind.person)
    assert (said["stage"], said["key"], said["clips"]) == ("tokens-person", artifact.key, 5)
    assert said["inputs"] == json.loads((artifact.path / "inputs.json").read_text())
    assert said["made_with"] == {"encoder": "fake", "weights": "none"}
    assert said["dataset"] == "jhmdb"
    assert said["written by"].startswith("zsstad ")


@pytest.mark.parametrize("file_format", FORMATS)
def test_clips_that_are_not_wanted_stay_out(plan: Plan, file_format: str, tmp_path: Path):
    """Units that hold them as well serve all the same."""
    every = plan.tokens(TokenKind.frame)
    some = every.without([name for name in every.members if name.endswith("a")])
    some.complete()
    arrays = read(export_tokens(some, tmp_path / "out", file_format, {}).path)
    rows, tokens = read_artifact_tokens(every, "frames", set(some.members))
    assert len(set(arrays["video_id"])) == 10
    assert arrays["video_id"].tolist() == rows["video_id"].tolist()
    assert arrays["tokens"].tobytes() == tokens.tobytes()


def test_all_that_the_head_reads_is_exported(plan: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = export(plan, tmp_path)
    assert names(out) == sorted(f"tokens-{kind}.h5" for kind in (*KINDS, "text"))
    lines = capsys.readouterr().out.splitlines()
    assert f"export: {out / 'tokens-text.h5'}: 21 rows of 4 float32" in lines
    assert len(lines) == 5


@pytest.mark.parametrize("file_format", FORMATS)
def test_views_are_exported_as_the_encoder_sees_them(
    folder: Path, file_format: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    made = made_plan(folder, head="stclip")
    extract(made)
    out = export(made, tmp_path, "--format", file_format)
    kinds = ("groundtruth_pixel", "person_pixel", "pixel")
    assert names(out) == sorted(f"tokens-{kind}.{file_format}" for kind in (*kinds, "text"))
    for kind in kinds:
        arrays = read(out / f"tokens-{kind}.{file_format}")
        rows, views = read_artifact_tokens(made.tokens(TokenKind[kind]), "frames" if kind == "pixel" else "boxes")
        assert views.shape[1:] == (64, 64, 3)
        assert arrays["tokens"].dtype == np.uint8
        assert arrays["tokens"].tobytes() == views.tobytes()
        np.testing.assert_array_equal(arrays["frame"], rows["frame"])
    assert f"tokens-pixel.{file_format}: {len(rows)} rows of 64 x 64 x 3 uint8" in capsys.readouterr().out

    # One kind by its name, also where another head is chosen.
    alone = export(made, tmp_path / "out", "--head", "iclip", "--kind", "pixel", "--format", file_format)
    assert (alone / f"tokens-pixel.{file_format}").read_bytes() == (out / f"tokens-pixel.{file_format}").read_bytes()


# ---- the same content, the same bytes


def cut_into(root: Path, clips_per_unit: int) -> Artifact:
    """Tokens of twelve clips, each of 250 frames; more than a chunk of an h5 file holds."""
    members = {f"wave/ä{number:02}": f"digest {number}" for number in range(12)}
    part_of = {name: "test" if number % 3 == 0 else "train" for number, name in enumerate(members)}
    artifact = Artifact(root, Stage.encoding(TokenKind.frame), {"kind": "frame"}, members, clips_per_unit, part_of)
    for group in artifact.begin():
        rows = table(
            "frames",
            pd.concat([pd.DataFrame({"video_id": v, "frame": range(250)}) for v in group.members]).assign(pts=0.0),
        )
        own = [np.random.default_rng(list(members).index(name)) for name in sorted(group.members)]
        tokens = np.concatenate([rng.standard_normal((250, 512)).astype(np.float16) for rng in own])
        with artifact.publish(group) as folder:
            Content({"frames": rows}, tokens).write(folder)
    artifact.complete()
    return artifact


def test_bytes_depend_neither_on_the_time_nor_on_how_the_cache_is_cut(tmp_path: Path):
    one, two = (cut_into(tmp_path / f"cut {clips}", clips) for clips in (2, 5))
    first = {name: export_tokens(one, tmp_path / "one", name, {}).path for name in FORMATS}
    time.sleep(1.1)  # times in files are whole seconds
    second = {name: export_tokens(two, tmp_path / "two", name, {}).path for name in FORMATS}
    for name in FORMATS:
        assert first[name].read_bytes() == second[name].read_bytes()
        arrays = read(second[name])
        assert arrays["video_id"].tolist() == sorted(arrays["video_id"].tolist())
        assert arrays["tokens"].tobytes() == read_artifact_tokens(two, "frames")[1].tobytes()


def test_an_artifact_without_rows_is_a_file_without_rows(tmp_path: Path):
    artifact = Artifact(tmp_path, Stage.encoding(TokenKind.person), {}, {"wave/a": "digest"})
    (group,) = artifact.begin()
    with artifact.publish(group) as folder:
        Content({"boxes": table("boxes")}, np.empty((0, 4), np.float16)).write(folder)
    artifact.complete()
    for file_format in FORMATS:
        arrays = read(export_tokens(artifact, tmp_path / "out", file_format, {}).path)
        assert (arrays["tokens"].shape, arrays["tokens"].dtype) == ((0, 4), np.float16)
        assert set(columns(arrays)) == set(table("boxes"))
