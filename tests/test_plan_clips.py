"""What a method of clips reads, what its settings redo, and what it is refused for before anything is computed."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.datasets.made_ava import write_annotation, write_places
from tests.made_changes import SCORED
from tests.made_plans import changed, keys, members, plan, write_dataset
from zsstad_core.errors import SettingsError, UnfitHeadError
from zsstad_core.plan.makefile import makefile
from zsstad_core.plan.plan import Plan
from zsstad_core.plan.table import table
from zsstad_core.plan.why import why

LEARNED = {"train", *SCORED}
TRACKLETS = {"clips.of": "tracklet"}
WHOLE_FRAMES = {**TRACKLETS, "clips.tracklet": "frames"}
ANNOTATED = {"scoring.boxes": "groundtruth"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plan")
    write_dataset(folder / "jhmdb")
    (folder / "boxes.csv").write_text("video_id,frame,x1,y1,x2,y2,score,what\n")
    (folder / "tokens").mkdir()
    (folder / "phrasings.yaml").write_text("wave: [a person waves, bye]\n")
    return folder


def actionclip(folder: Path, **asked: Any) -> Plan:
    return plan(folder, head="actionclip", **asked)


def redone(folder: Path, name: str, value: Any, **base: Any) -> set[str]:
    return changed(keys(actionclip(folder, **base)), keys(actionclip(folder, **{**base, name: value})))


@pytest.mark.parametrize(
    ("asked", "made"),
    [
        ({}, {"detect", "tokens-frame"}),
        (ANNOTATED, {"tokens-frame"}),
        (TRACKLETS, {"detect", "tracks", "tokens-person", "tokens-groundtruth"}),
        (WHOLE_FRAMES, {"detect", "tracks", "tokens-frame"}),
        ({**TRACKLETS, **ANNOTATED}, {"tokens-groundtruth"}),
        ({**WHOLE_FRAMES, **ANNOTATED}, {"tokens-frame"}),
    ],
)
def test_only_what_its_clips_are_made_of_is_computed(folder: Path, asked: dict[str, Any], made: set[str]) -> None:
    assert keys(actionclip(folder, **asked)).keys() == {"index", "groundtruth", "texts", *made, *LEARNED}


def test_persons_are_followed_in_test_videos_only(folder: Path) -> None:
    made = actionclip(folder, **TRACKLETS)
    test = {name for name, part in made.official_split.items() if part == "test"}
    assert members(made)["tracks"].keys() == test


@pytest.mark.parametrize(
    ("name", "value", "stages"),
    [
        ("heads.actionclip.frames", 4, LEARNED),
        ("heads.actionclip.views", 2, LEARNED),
        ("heads.actionclip.layers", 2, LEARNED),
        ("heads.actionclip.templates", ["{}"], {"texts", *LEARNED}),
        ("heads.actionclip.loss", "classes", LEARNED),
        ("heads.actionclip.temperature", 1.0, LEARNED),
        ("heads.iclip.blocks", "PCM", set()),
        ("heads.stclip.lora_rank", 4, set()),
        ("clips.of", "tracklet", {"tracks", "tokens-person", "tokens-groundtruth", *LEARNED}),
        ("training.optimiser", "adamw", LEARNED),
        ("training.clip_norm", 1.0, LEARNED),
        ("encoder.underscores", "space", {"texts", *LEARNED}),
        ("encoder.texts", {"wave": "a person waves"}, {"texts", *LEARNED}),
        ("detector.person_score", 0.3, {"detect", *SCORED}),
        ("scoring.select", "all", SCORED),
        ("tracks.lost_after", 0.5, set()),
        ("tracks.high_score", 0.6, set()),
    ],
)
def test_a_setting_redoes_what_it_must_and_no_more(folder: Path, name: str, value: Any, stages: set[str]) -> None:
    assert redone(folder, name, value) == stages


@pytest.mark.parametrize(
    ("name", "value", "stages"),
    [
        ("tracks.lost_after", 0.5, {"tracks", *SCORED}),
        ("tracks.high_score", 0.6, {"tracks", *SCORED}),
        ("scoring.select", "all", SCORED),  # tracks are of all persons, whoever is scored
        ("clips.tracklet", "frames", {"tokens-frame", *LEARNED}),
        ("detector.person_score", 0.3, {"detect", "tracks", "tokens-person", *SCORED}),
        ("encoder.crop", "pad", {"tokens-person", "tokens-groundtruth", *LEARNED}),
    ],
)
def test_of_tracklets_it_redoes_the_tracks_where_these_change(
    folder: Path, name: str, value: Any, stages: set[str]
) -> None:
    assert redone(folder, name, value, **TRACKLETS) == stages


@pytest.mark.parametrize("name", ["tracks.lost_after", "tracks.high_score"])
def test_annotated_persons_are_not_followed_by_the_tracker(folder: Path, name: str) -> None:
    made = actionclip(folder, **TRACKLETS, **ANNOTATED)
    assert made.tracks is None
    assert redone(folder, name, 0.7, **TRACKLETS, **ANNOTATED) == set()


@pytest.mark.parametrize("head", ["iclip", "stclip", "clip_frame", "clip_crop", "oracle"])
def test_methods_of_persons_do_not_hear_of_clips(folder: Path, head: str) -> None:
    for of in (TRACKLETS, WHOLE_FRAMES):
        assert keys(plan(folder, head=head, **of)) == keys(plan(folder, head=head))


# ---- what make is told


def stages_of(made: Plan) -> list[str]:
    return [line.split()[0].rsplit("-", 1)[0] for line in table(made).splitlines()[1:]]


def test_the_table_has_a_row_of_the_tracks_after_the_boxes(folder: Path) -> None:
    stages = stages_of(actionclip(folder, **TRACKLETS))
    assert stages.index("detect") < stages.index("tracks") < stages.index("score")
    assert "tracks" not in stages_of(actionclip(folder))
    assert "tracks" not in stages_of(plan(folder))


def test_make_follows_persons_when_they_are_detected_and_before_they_are_scored(folder: Path) -> None:
    made = actionclip(folder, **TRACKLETS)
    rules = makefile(made, "--choices=file")
    assert made.tracks is not None
    done = made.tracks.done
    assert f"{done}: | {made.index.done} {made.detect.done}\n\t@$(START) stages.track --choices=file" in rules
    assert f"TRACK := {done}\n" in rules
    (score,) = [line for line in rules.splitlines() if line.startswith(f"{made.score.done}:")]
    assert str(done) in score.split()
    (extracted,) = [line for line in rules.splitlines() if line.startswith("EXTRACTED := ")]
    assert str(done) in extracted.split()


def test_where_nothing_is_followed_the_target_has_nothing_to_make(folder: Path) -> None:
    for made in (actionclip(folder), actionclip(folder, **TRACKLETS, **ANNOTATED), plan(folder)):
        assert "TRACK := \n" in makefile(made, "")


def test_why_scores_are_stale_names_the_setting_of_the_tracks(folder: Path) -> None:
    for artifact in actionclip(folder, **TRACKLETS).all():
        for group in artifact.begin():
            with artifact.publish(group) as unit:
                (unit / "content").write_text("0123456789")
        artifact.complete()
    said = why(actionclip(folder, **TRACKLETS, **{"tracks.high_score": 0.6}), "track")
    assert "tracks.high_score: 0.4 -> 0.6  (setting tracks.high_score)" in said


# ---- what it is refused for

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a vote": (
        {"scoring.voting": "mean"},
        "scoring.voting is mean; actionclip judges clips, and everybody in one has its answer already: set "
        "scoring.voting=none",
    ),
    "a weighted vote on tracklets": (
        {"scoring.voting": "weighted", **TRACKLETS},
        "scoring.voting is weighted; actionclip judges clips, and everybody in one has its answer already: set "
        "scoring.voting=none",
    ),
    "parts of a batch": (
        {"training.processes": 2},
        "training.processes is 2; actionclip compares the rows of a batch with each other under these settings, and a "
        "process would see its part alone: set training.processes=1",
    ),
    "tokens from files": ({"encoder.tokens_from": "tokens"}, "actionclip reads the phrasings of a class"),
    "a template beside its own": ({"encoder.template": "a {}"}, "actionclip fills its own templates"),
    "the best phrasing": ({"encoder.phrasings": "max"}, "set encoder.phrasings=mean"),
    "one clip a step": ({"training.batch": 1}, "training.batch is 1; with heads.actionclip.loss=batch"),
    "as many texts of one class only": ({"encoder.texts": {"wave": ["a", "b"]}}, "give each class as many"),
    "templates without a place": ({"heads.actionclip.templates": ["a"]}, "it must hold templates, each with {}"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_it_cannot_run_with_is_refused_in_one_line_before_anything_is_computed(folder: Path, why: str) -> None:
    asked, says = REFUSED[why]
    kind = ValueError if why == "templates without a place" else UnfitHeadError
    with pytest.raises(kind, match=re.escape(says)) as error:
        keys(actionclip(folder, **asked))
    assert kind is ValueError or "\n" not in str(error.value)


def test_a_loss_of_one_action_is_refused_where_a_clip_shows_several(tmp_path: Path) -> None:
    """AVA's recipe takes the loss that counts all of them; video-wise it is refused when the targets are known."""
    write_annotation(tmp_path / "ava")
    write_places(tmp_path / "ava")
    for video in (tmp_path / "ava" / "videos").iterdir():
        (video / f"{video.name}_000001.jpg" if video.is_dir() else video).write_text(video.name)
    own = {"dataset": "ava", "split": "3", "datasets.ava.root": str(tmp_path / "ava"), "training.loss": "ava"}
    with pytest.raises(
        UnfitHeadError, match=r"training\.loss is ava, where it shows several: set heads\.actionclip\.loss"
    ):
        keys(actionclip(tmp_path, **own, **TRACKLETS))
    assert "tracks" in keys(actionclip(tmp_path, **own, **TRACKLETS, **{"heads.actionclip.loss": "classes"}))


@pytest.mark.parametrize("head", ["iclip", "clip_crop"])
def test_methods_of_persons_vote_and_are_trained_in_parts(folder: Path, head: str) -> None:
    plan(folder, head=head, **{"scoring.voting": "mean", "training.processes": 2})


def test_a_loss_of_all_seen_classes_may_be_computed_in_parts(folder: Path) -> None:
    asked = {"heads.actionclip.loss": "classes", "training.processes": 2}
    assert keys(actionclip(folder, **asked)) == keys(actionclip(folder, **{"heads.actionclip.loss": "classes"}))


def test_no_seen_class_is_refused_as_for_any_method_that_learns(folder: Path) -> None:
    with pytest.raises(SettingsError, match="no class is seen, and actionclip learns from seen ones"):
        keys(actionclip(folder, split="all-unseen"))
