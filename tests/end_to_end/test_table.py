"""`make table`, and training on one dataset for another: the made-up J-HMDB, and stickworld with a clip a class."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end import runs
from tests.end_to_end.caches import metrics
from tests.end_to_end.conftest import ByMake, Work
from tests.end_to_end.made import Settings

SHARED = {"catch", "clap", "climb_stairs", "jump", "kick_ball", "push", "throw", "walk", "wave"}


@pytest.fixture(scope="module")
def work(by_make: ByMake, new_work: Callable[[Path | None], Work]) -> Work:
    return new_work(by_make.cache)


@pytest.fixture(scope="module")
def both(work: Work) -> Settings:
    """Settings under which the two datasets have one encoder, and heads that do without a detector."""
    return {
        **work.settings,
        "datasets.stickworld.root": work.cache.parent / "stickworld",
        "datasets.stickworld.train_clips": 1,
        "datasets.stickworld.test_clips": 1,
        "encoder.crop": "squash",
        "heads.iclip.blocks": "PCM",
        "scoring.boxes": "groundtruth",
        "cache.clips_per_unit": 18,
    }


def test_a_table_is_made_of_what_eval_makes_and_goes_on_from_there(work: Work, tmp_path: Path) -> None:
    asked = {"splits": "2,50/50-1", "heads": "clip_frame,clip_crop", "head": "clip_crop", "out": tmp_path}
    alone = metrics(work.run("eval", head="clip_frame", split=2).ok().out)

    first = runs.run("table", work.settings, tmp_path / "log", **asked).ok()
    counted = {stage: first.stages.count(stage) for stage in ("index", "train", "score", "evaluate", "table")}
    assert counted == {"index": 0, "train": 0, "score": 7, "evaluate": 7, "table": 1}  # eval had made one of eight
    again = runs.run("table", work.settings, tmp_path / "log", **asked).ok()
    assert again.stages == ("table",)
    assert again.out == first.out.partition("# jhmdb")[1] + first.out.partition("# jhmdb")[2]

    table = json.loads((tmp_path / "table.json").read_text())
    rows = {(row["head"], row["boxes"]): row for row in table["rows"]}
    assert rows["clip_frame", "detected"]["unseen"]["2"]["mean"] == alone["unseen"]
    assert {run["evaluate"] for run in table["runs"]} >= {alone["made with"]["keys"]["evaluate"]}
    assert any(row["method"] == "iCLIP" and row["values"] == {"2": 69.99} for row in table["published (percent)"])
    with (tmp_path / "table.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 8
    text = (tmp_path / "table.md").read_text()
    assert all(run["evaluate"] in text for run in table["runs"])
    assert "split 2: without ground truth, so in no mean: kick_ball, climb_stairs, shoot_gun, pick" in text


@pytest.mark.slow
def test_a_head_that_is_trained_on_one_dataset_names_the_actions_of_another(
    work: Work, both: Settings, tmp_path: Path
) -> None:
    choices = {"dataset": "stickworld", "trained_on": "jhmdb", "split": "all-unseen", "head": "iclip"}
    ended = runs.run("eval", both, tmp_path / "log", **choices).ok()
    assert ended.stages.count("train") == 1
    found = metrics(ended.out)
    assert found["trained on"]["dataset"] == "jhmdb"
    assert set(found["trained on"]["shared classes"]) == SHARED
    assert (found["seen"], found["harmonic"]) == (None, None)
    assert len(found["classes"]) == 18
    assert {path.name.split("-")[0] for path in (work.cache / "stickworld").iterdir()} >= {"tokens", "score"}
    assert not list((work.cache / "stickworld").glob("train*"))

    # The training is the other dataset's own: it has it already, and so has whoever drops the shared classes.
    assert "train" not in runs.stages(runs.plan("train", both, dataset="jhmdb", split="full", head="iclip"))
    dropped = runs.run("eval", {**both, "trained_on.shared": "drop"}, tmp_path / "log", **choices).ok()
    assert dropped.stages == ("score", "evaluate", "metrics")
    assert set(metrics(dropped.out)["classes"]) == set(found["classes"]) - SHARED

    # And the other way round.
    back = {"dataset": "jhmdb", "trained_on": "stickworld", "split": 2, "head": "iclip"}
    ended = runs.run("eval", both, tmp_path / "log", **back).ok()
    assert set(metrics(ended.out)["classes"]) == {"kick_ball", "run", "climb_stairs", "stand", "shoot_gun", "pick"}
    assert metrics(ended.out)["trained on"]["shared classes"] == {
        "kick_ball": "kick_ball",
        "climb_stairs": "climb_stairs",
    }


@pytest.mark.slow
def test_a_table_of_the_demo_over_all_splits(work: Work, both: Settings, tmp_path: Path) -> None:
    asked = {"dataset": "stickworld", "heads": "iclip,clip_crop", "seeds": 2, "out": tmp_path}
    settings = {**both, "training.iterations": 4, "training.warmup": 0}
    ended = runs.run("table", settings, tmp_path / "log", **asked).ok()
    assert {stage: ended.stages.count(stage) for stage in ("train", "score", "table")} == {
        "train": 6,
        "score": 18,
        "table": 1,
    }
    rows = {(row["head"], row["boxes"]): row for row in json.loads((tmp_path / "table.json").read_text())["rows"]}
    assert list(rows["iclip", "groundtruth"]["unseen"]) == ["1", "2", "3"]
    assert rows["iclip", "groundtruth"]["harmonic_of_averages"]["deviation"] is not None
    assert rows["clip_crop", "groundtruth"]["harmonic_of_averages"]["deviation"] is None


def test_an_encoder_that_is_another_is_refused(both: Settings) -> None:
    asked = {name: value for name, value in both.items() if name != "encoder.crop"}
    ended = runs.make("plan", asked, dataset="stickworld", trained_on="jhmdb", split="all-unseen", head="iclip")
    assert ended.code == 2
    assert ended.err.splitlines()[0] == (
        "error: encoder.crop is clip on jhmdb, where the head is trained, and squash on stickworld; they must be the "
        "same: SET=encoder.crop=... sets both"
    )


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"split": "all-unseen"}, "split is all-unseen: no class is seen, and iclip learns from seen ones"),
        ({"split": "full", "trained_on": "jhmdb"}, "label split jhmdb-full has no unseen class"),
        ({"split": "without-golff"}, "golff is no class of jhmdb (did you mean golf?)"),
    ],
)
def test_a_split_that_cannot_be_is_refused_in_one_line(work: Work, choices: dict[str, str], words: str) -> None:
    ended = runs.make("plan", work.settings, head="iclip", **choices)
    assert (ended.code, ended.err.count("error:")) == (2, 1)
    assert words in ended.err.splitlines()[0]


def test_a_class_of_ones_own_list_that_no_clip_shows_is_refused(work: Work, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("unseen: [wave, sit]\n")
    ended = work.run("eval", head="clip_frame", split=str(tmp_path / "mine.yaml"))
    assert ended.code != 0
    assert "sit: unseen, but without ground truth in the test part" in ended.err
