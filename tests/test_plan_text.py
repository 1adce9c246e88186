"""`make plan` tells what would be done and why, and make does just that."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.datasets.made_jhmdb import TEST, TRAIN
from tests.made_plans import clip, plan, write_dataset
from zsstad_core.cache import ledger
from zsstad_core.cache.artifact import Artifact
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.formatting import duration_text, size_text
from zsstad_core.plan.makefile import makefile
from zsstad_core.plan.plan import Plan
from zsstad_core.plan.table import table

CHAIN = ["index", "groundtruth", "detect", "encode", "text", "train", "score", "evaluate"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_dataset(tmp_path / "jhmdb")
    return tmp_path


def make_units(artifact: Artifact, most: int = 1_000) -> None:
    for group in artifact.begin()[:most]:
        with artifact.publish(group) as unit:
            (unit / "content").write_text("0123456789")


def complete(artifacts: Iterable[Artifact]) -> None:
    for artifact in artifacts:
        make_units(artifact)
        artifact.complete()


def rows(made: Plan) -> dict[str, tuple[str, str, str]]:
    """Stage -> state, units, why."""
    header, *lines = table(made).splitlines()
    start = [header.index(name) for name in ("artifact", "state", "units", "clips", "why")]
    cells = {}
    for artifact, line in zip(made.all(), lines, strict=True):
        assert line.startswith(f"{artifact.path.name} ")
        state, units = (line[begin:end].strip() for begin, end in pairwise(start[1:4]))
        cells[artifact.stage.name] = state, units, line[start[4] :]
    return cells


def why(made: Plan) -> dict[str, str]:
    """What is not fresh, and why."""
    return {stage: text for stage, (state, _, text) in rows(made).items() if state != "fresh"}


# ---- the table


def test_nothing_is_there_at_first(folder: Path) -> None:
    assert {(state, text) for state, _, text in rows(plan(folder)).values()} == {("missing", "")}
    assert rows(plan(folder, **{"cache.clips_per_unit": 2}))["index"][1] == "0/4"


def test_all_is_fresh_once_it_is_there(folder: Path) -> None:
    complete(plan(folder).all())
    assert {state for state, *_ in rows(plan(folder)).values()} == {"fresh"}
    assert not [line for line in table(plan(folder)).splitlines() if line.endswith(" ")]


def test_half_of_the_units_are_half_of_the_work(folder: Path) -> None:
    made = plan(folder, **{"cache.clips_per_unit": 2})
    make_units(made.index, 3)
    assert rows(made)["index"] == ("partial", "3/4", "2 clips to do")
    make_units(made.index)
    assert rows(made)["index"] == ("partial", "4/4", "all clips are there already")
    made.index.complete()
    assert rows(made)["index"] == ("fresh", "4/4", "")


@pytest.mark.fault(15)
@pytest.mark.parametrize(
    ("changes", "said", "stages"),
    [
        ({"training.lr": 1e-3}, "training.lr: 0.0002 -> 0.001", "train score evaluate"),
        (
            {"encoder.crop": "pad"},
            "encoder.crop: clip -> pad",
            "tokens-frame tokens-object tokens-person tokens-groundtruth train score evaluate",
        ),
        (
            {"detector.person_score": 0.3},
            "detector.person_score: 0.05 -> 0.3",
            "detect tokens-object tokens-person train score evaluate",
        ),
        ({"scoring.select": "all"}, "scoring.select: threshold -> all", "score evaluate"),
        ({"heads.iclip.blocks": "OP"}, "heads.iclip.blocks: POCMPOCM -> OP", "train score evaluate"),
        (
            {"encoder.pretrained": "random"},
            "encoder.weights.tag: openai -> nothing",
            "tokens-frame tokens-object tokens-person tokens-groundtruth text train score evaluate",
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_the_setting_that_changed_is_named_however_far_up_it_stands(
    folder: Path, changes: dict[str, object], said: str, stages: str
) -> None:
    complete(plan(folder).all())
    found = why(plan(folder, **changes))
    assert " ".join(found) == stages
    assert {text.split("; ")[0].replace("encoder.weights.random: nothing -> 0", said) for text in found.values()} == {
        said
    }
    assert {state for state, *_ in rows(plan(folder, **changes)).values()} == {"fresh", "stale"}


def test_two_changes_are_both_named(folder: Path) -> None:
    complete(plan(folder).all())
    found = why(plan(folder, **{"training.lr": 1e-3, "encoder.crop": "pad"}))
    assert found["score"] == found["train"] == "encoder.crop: clip -> pad; training.lr: 0.0002 -> 0.001"
    assert found["tokens-frame"] == "encoder.crop: clip -> pad"


def test_another_head_is_named(folder: Path) -> None:
    complete(plan(folder).all())
    assert why(plan(folder, head="clip_crop"))["score"].startswith("head: iclip -> clip_crop; ")


def test_it_is_compared_with_what_was_made_last(folder: Path) -> None:
    complete(plan(folder).all())
    complete(plan(folder, **{"training.lr": 1.0}).all())
    os.utime(plan(folder).train.path, (1, 1))  # type: ignore[union-attr]
    assert why(plan(folder, **{"training.lr": 2.0}))["train"] == "training.lr: 1.0 -> 2.0"


def test_what_was_removed_upstream_is_named_by_its_stage(folder: Path) -> None:
    complete(plan(folder).all())
    shutil.rmtree(plan(folder).tokens(TokenKind.frame).path)
    assert why(plan(folder, **{"encoder.crop": "pad"}))["train"].split("; ")[0] == "tokens-frame changed"


def test_a_replaced_clip_is_counted(folder: Path) -> None:
    complete(plan(folder).all())
    clip(folder / "jhmdb", TEST[0]).write_text("other pictures")
    found = why(plan(folder))
    assert found["detect"] == "1 clips to do, 1 of them changed"
    assert found["tokens-person"] == "1 clips to do, 1 of them changed"
    assert found["score"] == found["evaluate"] == "test videos changed"
    assert "train" not in found


def test_a_unit_that_is_gone_is_to_be_done(folder: Path) -> None:
    made = plan(folder, **{"cache.clips_per_unit": 2})
    complete(made.all())
    shutil.rmtree(min(made.index.path.glob("unit-*")))
    assert why(made) == {"index": "2 clips to do"}


def test_size_and_expected_time_are_told(folder: Path) -> None:
    made = plan(folder)
    complete([made.index])
    ledger.record(made.root, "detect", "k", "u", 4, {"total": 400.0})
    lines = table(made).splitlines()
    assert lines[1].split()[2:] == ["2/2", "8", "20", "B"]  # two units of ten bytes
    assert lines[3].split()[2:] == ["0/2", "8", "13", "min"]  # 100 s a clip, eight clips


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2.5e12, "2.5 TB")])
def test_sizes_are_readable(size: float, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize(("seconds", "text"), [(1, "1 s"), (90, "2 min"), (5399, "90 min"), (5400, "1.5 h")])
def test_times_are_readable(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


# ---- the rules for make


def would_run(folder: Path, made: Plan, variable: str = "EVALUATED", flag: str = "-n") -> list[str]:
    """Stages that make would run for the files in a variable, in order."""
    (folder / "rules.mk").write_text(f"{makefile(made, "--head 'x'")}\nwanted: | $({variable})\n")
    run = ["make", flag, "--no-print-directory", "-f", "rules.mk", "wanted", "START=python"]
    done = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line for line in done.stdout.splitlines() if not line.startswith("make: ")]
    assert all(line.startswith("python stages.") and line.endswith(" --head 'x'") for line in lines)
    return [line.split()[1].removeprefix("stages.") for line in lines]


@pytest.mark.fault(23)
def test_make_runs_every_stage_once_each_after_what_it_reads(folder: Path) -> None:
    assert would_run(folder, plan(folder)) == CHAIN


@pytest.mark.parametrize(
    ("variable", "stages"),
    [
        ("EXTRACTED", CHAIN[:5]),
        ("TRAINED_HEAD", CHAIN[:6]),
        ("EVALUATED", CHAIN),
        ("INDEX", ["index"]),
        ("GROUNDTRUTH", ["index", "groundtruth"]),
        ("DETECT", ["index", "detect"]),
        ("ENCODE", ["index", "groundtruth", "detect", "encode"]),
        ("TEXT", ["text"]),
        ("SCORE", CHAIN[:7]),
    ],
)
def test_a_target_of_the_makefile_stands_for_its_stages(folder: Path, variable: str, stages: list[str]) -> None:
    assert would_run(folder, plan(folder), variable) == stages


@pytest.mark.parametrize(
    ("asked", "stages"),
    [
        ({"head": "clip_frame", "scoring.boxes": "groundtruth"}, "index groundtruth encode text score evaluate"),
        ({"head": "clip_crop"}, "index groundtruth detect encode text score evaluate"),
        ({"head": "oracle"}, "index groundtruth detect score evaluate"),
    ],
    ids=str,
)
def test_stages_that_a_head_does_not_need_are_not_run(folder: Path, asked: dict[str, object], stages: str) -> None:
    assert would_run(folder, plan(folder, **asked)) == stages.split()
    assert would_run(folder, plan(folder, **asked), "TRAINED_HEAD") == []


@pytest.mark.fault(22)
def test_make_does_nothing_where_all_is_there_whatever_its_time(folder: Path) -> None:
    made = plan(folder)
    complete(made.all())
    os.utime(made.index.done)
    os.utime(made.evaluate.done, (1, 1))
    assert would_run(folder, made) == []


def test_make_does_only_what_a_change_asks_for(folder: Path) -> None:
    complete(plan(folder).all())
    assert would_run(folder, plan(folder, **{"training.lr": 1e-3})) == ["train", "score", "evaluate"]
    assert would_run(folder, plan(folder, **{"encoder.crop": "pad"})) == ["encode", "train", "score", "evaluate"]
    assert would_run(folder, plan(folder, **{"encoder.template": "a {}"})) == ["text", "train", "score", "evaluate"]


def test_new_clips_are_computed_before_anything_reads_them(folder: Path) -> None:
    clip(folder / "jhmdb", TRAIN[0]).rename(folder / "aside")
    complete(plan(folder).all())
    (folder / "aside").rename(clip(folder / "jhmdb", TRAIN[0]))
    assert would_run(folder, plan(folder)) == [stage for stage in CHAIN if stage != "text"]


@pytest.mark.fault(23)
@pytest.mark.parametrize(
    ("stage", "again"),
    [("index", "index"), ("tokens-object", "encode"), ("tokens-frame", "encode"), ("train", "train")],
)
def test_a_complete_file_does_not_hide_a_unit_that_is_gone(folder: Path, stage: str, again: str) -> None:
    made = plan(folder)
    complete(made.all())
    (artifact,) = [artifact for artifact in made.all() if artifact.stage.name == stage]
    shutil.rmtree(min(artifact.path.glob("unit-*")))
    assert would_run(folder, made) == [again]


def test_what_make_says_at_the_end_is_true(folder: Path) -> None:
    def says(made: Plan, target: str) -> str:
        (line,) = [line for line in makefile(made, "").splitlines() if line.startswith(f"{target}_MESSAGE := ")]
        return line.partition(" := ")[2]

    made = plan(folder)
    root = made.root
    assert says(made, "EXTRACT") == f"extract: done: 8 artifacts of 8 clips in {root}"
    assert says(plan(folder, head="clip_crop"), "TRAIN") == "train: clip_crop has nothing to train"
    complete(made.all())
    assert says(made, "EXTRACT") == f"extract: nothing to do, all is fresh: 8 artifacts of 8 clips in {root}"
    assert says(made, "TRAIN").startswith("train: nothing to do, all is fresh: ")
