"""The main job through make: clips in, a table and metrics.json out; and again, which costs nothing."""

import json
from pathlib import Path

import pytest

from tests.end_to_end import runs
from tests.end_to_end.caches import artifacts, leftovers, made, manifests, metrics, stamps
from tests.end_to_end.conftest import ByMake, Work
from tests.end_to_end.made import CLIPS, LOST, SHORT, TEST, Settings, frames_of


def test_extract_makes_everything_frozen_and_says_what_the_clips_lack(by_make: ByMake):
    out, err = by_make.extract.out, by_make.extract.err
    assert f"groundtruth: {LOST} annotated boxes stand on frames that 1 clips do not have (first: {SHORT} " in out
    assert "encode: tiny-clip, RANDOM weights (seed 0)" in out
    assert out.splitlines()[-1].startswith(f"extract: done: 8 artifacts of {len(CLIPS)} clips in ")
    for stage in ("index", "groundtruth", "detect", "encode"):
        assert f"{stage}: {len(CLIPS)}/{len(CLIPS)} clips" in err


def test_train_sees_the_seen_classes_only(by_make: ByMake):
    frames = sum(frames_of(name) for name in CLIPS if name not in TEST and not name.startswith(("run/", "stand/")))
    assert f"train: iclip, split 2: {frames} frames of 15 seen classes" in by_make.train.out
    assert "train: 60/60, loss " in by_make.train.out


def test_the_table_says_random_weights_and_missing_frames_on_its_face(by_make: ByMake):
    out = by_make.eval.out
    annotated = sum(frames_of(name) for name in TEST)
    assert "jhmdb, label split 2, iclip: frame mAP at IoU 0.5" in out
    encoder, boxes = "encoder: tiny-clip, RANDOM weights (seed 0)", "boxes: detected, score >= 0.2"
    assert f"{encoder}; {boxes}; scored against own labels" in out
    assert f"{annotated} annotated frames of 5 test clips; the videos have {annotated - LOST} of {annotated}" in out
    rows = {words[0]: words for words in map(str.split, out.splitlines()) if len(words) == 6}
    assert {"run", "stand", "golf", "wave", "catch"} < rows.keys()
    assert rows["run"][1:3] != ["unseen", "-"]
    assert rows["kick_ball"][1:5] == ["unseen", "-", "-", "0"]  # no clip of it: no number, not a zero


def test_the_last_line_is_the_path_of_metrics_that_the_table_shows(by_make: ByMake):
    found = metrics(by_make.eval.out)
    assert found["made with"]["encoder"] == "tiny-clip, RANDOM weights (seed 0)"
    assert 0 < found["harmonic"] < 1
    shown = [line.split() for line in by_make.eval.out.splitlines() if line.startswith(("unseen ", "harmonic "))]
    assert shown == [
        ["unseen", f"{100 * found['unseen']:.2f}", "by", "chance", f"{100 * found['chance']['unseen']:.2f}"],
        ["harmonic", f"{100 * found['harmonic']:.2f}"],
    ]


def test_every_artifact_tells_what_decided_it_and_nothing_is_left_over(by_make: ByMake):
    folders = list((by_make.cache / "jhmdb").glob("*-*"))
    assert {folder.name.rsplit("-", 1)[0] for folder in folders} == made(by_make.cache)
    assert all(json.loads((folder / "inputs.json").read_text()) for folder in folders)
    assert len(made(by_make.cache)) == 11
    assert leftovers(by_make.cache) == []


def test_the_same_commands_again_start_no_stage_and_change_no_file(by_make: ByMake, settings: Settings):
    before, content = stamps(by_make.cache), artifacts(by_make.cache)
    again = runs.make("extract", {**settings, "cache.root": by_make.cache}).ok()
    assert again.out.startswith(f"extract: nothing to do, all is fresh: 8 artifacts of {len(CLIPS)} clips in ")
    assert (len(again.out.splitlines()), again.err) == (1, "")
    trained = runs.make("train", {**settings, "cache.root": by_make.cache}).ok()
    assert trained.out.startswith("train: nothing to do, all is fresh: ")
    shown = runs.make("eval", {**settings, "cache.root": by_make.cache}).ok()
    assert by_make.eval.out.endswith(shown.out)
    assert shown.out.startswith("jhmdb, label split 2")
    assert stamps(by_make.cache) == before
    assert artifacts(by_make.cache) == content


def test_a_second_run_of_everything_gives_the_same_bytes(by_make: ByMake, empty: Work):
    stages = ("index", "groundtruth", "detect", "encode", "text", "train", "score", "evaluate", "metrics")
    ended = empty.run("eval").ok()
    assert ended.stages == stages
    assert artifacts(empty.cache) == artifacts(by_make.cache)
    assert metrics(ended.out) == metrics(by_make.eval.out)
    assert any(name.endswith("/head.pt") for name in artifacts(empty.cache))


@pytest.mark.fault(19)
def test_where_the_cache_and_the_dataset_lie_decides_nothing(ready: Work, settings: Settings, tmp_path: Path):
    (tmp_path / "elsewhere").symlink_to(str(settings["datasets.jhmdb.root"]))
    moved = {**ready.settings, "datasets.jhmdb.root": tmp_path / "elsewhere"}
    assert runs.stages(runs.plan("eval", moved)) == ("metrics",)


def test_finished_units_are_cut_by_part_so_that_none_is_bound_to_clips_it_does_not_need(by_make: ByMake):
    for manifest in manifests(by_make.cache):
        members = json.loads(manifest.read_text())["members"].keys() - {""}
        assert members <= set(TEST) or not members & set(TEST)
