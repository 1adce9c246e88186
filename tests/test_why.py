"""`make why` tells everything that makes a stage's artifacts what they are, each by the name of its setting."""

import os
import shutil
import time
from pathlib import Path

import pytest

from tests.cache.made_artifacts import run
from tests.datasets.made_jhmdb import TEST, TRAIN
from tests.made_plans import clip, plan, write_dataset
from zsstad_core.errors import SettingsError
from zsstad_core.plan.plan import Plan
from zsstad_core.plan.why import _SETTING_OF, _is_setting
from zsstad_core.plan.why import why as text_of
from zsstad_core.settings.pipeline import Settings

STAGES = ["index", "groundtruth", "detect", "encode", "text", "train", "score", "evaluate"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_dataset(tmp_path / "jhmdb")
    return tmp_path


def complete(made: Plan) -> Plan:
    for artifact in made.all():
        for group in artifact.begin():
            with artifact.publish(group, made_with={"weights": "abc", "encoder": "tiny"}) as unit:
                (unit / "content").write_text("0123456789")
        artifact.complete()
    return made


def why(made: Plan, stage: str) -> list[list[str]]:
    """For each artifact, its lines."""
    head, *lines = text_of(made, stage).splitlines()
    settings = made.settings
    assert head == f"{stage} of DATASET={settings.dataset} SPLIT={settings.split} HEAD={settings.head}"
    parts: list[list[str]] = []
    for line in lines:
        if line.startswith("  "):
            parts[-1].append(line.removeprefix("  "))
        else:
            parts.append([line])
    return parts


def test_a_fresh_artifact_says_since_when_and_what_made_it(folder: Path) -> None:
    made = complete(plan(folder))
    for number, unit in enumerate(sorted(made.detect.path.glob("unit-*/manifest.json"))):
        os.utime(unit, (0, 86_400 * number))  # the newest unit tells, not when the list was written
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(86_400))
    weights = ["made with encoder: tiny", "made with weights: abc"]
    assert why(made, "detect") == [[f"{made.detect.path.name}: fresh for 8 clips since {since}", *weights]]
    (text,) = why(made, "text")
    assert text[0].startswith(f"{made.text.path.name}: fresh since ")  # it has no clips
    assert len(why(made, "encode")) == 4


def test_every_stage_of_the_plan_can_be_asked_for_and_no_other(folder: Path) -> None:
    made = plan(folder)
    assert [stage for stage in STAGES if why(made, stage)] == STAGES
    with pytest.raises(
        SettingsError, match=r"STAGE=tokens-frame is not a stage of HEAD=iclip; it must be one of index, "
    ):
        text_of(made, "tokens-frame")
    with pytest.raises(
        SettingsError, match=r"STAGE=train is not a stage of HEAD=oracle; .* index, groundtruth, detect, s"
    ):
        text_of(plan(folder, head="oracle"), "train")


def test_the_first_of_its_kind_has_nothing_to_be_compared_with(folder: Path) -> None:
    made = plan(folder)
    assert why(made, "index") == [
        [f"{made.index.path.name}: missing, 8 of 8 clips to do", "no other artifact of this kind to compare with"]
    ]


@pytest.mark.parametrize(
    ("changed", "stage", "said"),
    [
        ({"training.lr": 1e-3}, "train", ["training.lr: 0.0002 -> 0.001  (setting training.lr)"]),
        (
            {"encoder.crop": "pad", "encoder.pretrained": "laion2b"},
            "encode",
            [
                "encoder.crop: clip -> pad  (setting encoder.crop)",
                "encoder.weights.tag: openai -> laion2b  (setting encoder.pretrained)",
            ],
        ),
        (
            {"detector.person_score": 0.3, "training.lr": 1e-3},
            "score",
            [
                "detector.person_score: 0.05 -> 0.3  (setting detector.person_score)",
                "training.lr: 0.0002 -> 0.001  (setting training.lr)",
            ],
        ),
        ({"heads.iclip.blocks": "OP"}, "train", ["heads.iclip.blocks: POCMPOCM -> OP  (setting heads.iclip.blocks)"]),
        ({"evaluation.iou": 0.3}, "evaluate", ["evaluation.iou: 0.5 -> 0.3  (setting evaluation.iou)"]),
    ],
    ids=lambda value: str(value)[:30],
)
def test_every_difference_is_told_with_its_setting(
    folder: Path, changed: dict[str, object], stage: str, said: list[str]
) -> None:
    complete(plan(folder))
    for first, against, *lines in why(plan(folder, **changed), stage):
        assert ": stale" in first
        assert against.startswith(f"compared with {first.rsplit('-', 1)[0]}-")
        assert lines == said


def test_values_are_told_in_full(folder: Path) -> None:
    complete(plan(folder))
    of_texts = "encoder.texts, encoder.template, encoder.underscores"
    long = "a photo of a person who is doing what everybody calls {}"
    (_, _, *lines), *_ = why(plan(folder, **{"encoder.template": long}), "text")
    assert len(lines) == 21
    assert lines[0] == f"texts.0: brush_hair -> {long.format('brush_hair')}  (setting {of_texts})"


def test_of_another_split_the_classes_are_told(folder: Path) -> None:
    complete(plan(folder))
    (_, _, *lines), *_ = why(plan(folder, split=2), "train")
    (line,) = [line for line in lines if line.startswith("seen")]
    before, after = (set(plan(folder, split=split).split.seen) for split in (1, 2))
    without, _, rest = line.removeprefix("seen: without ").partition("; with ")
    assert set(without.split(", ")) == before - after
    assert set(rest.removesuffix("  (setting split)").split(", ")) == after - before


def test_a_section_that_is_new_is_told_entry_by_entry(folder: Path) -> None:
    complete(plan(folder))
    boxes = folder / "boxes.parquet"
    boxes.write_text("boxes")
    (_, _, *lines), *_ = why(plan(folder, **{"detector.boxes_from": str(boxes)}), "detect")
    assert lines[0].startswith("boxes from.file: nothing -> ")
    assert lines[0].endswith("  (setting detector.boxes_from)")
    assert "detector.person_score: 0.05 -> nothing  (setting detector.person_score)" in lines
    assert all(" -> nothing" in line for line in lines[1:])


def test_a_version_is_no_setting(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    complete(plan(folder))
    monkeypatch.setattr("zsstad_core.video.decoder_versions", lambda: {"av": "0"})
    (_, _, *lines), *_ = why(plan(folder), "index")
    assert lines
    assert all("decoder" in line and "(setting" not in line for line in lines)


def test_clips_that_are_to_be_done_are_named(folder: Path) -> None:
    made = complete(plan(folder, **{"cache.clips_per_unit": 1}))
    clip(folder / "jhmdb", TEST[0]).write_text("other pictures")
    name = made.index.path.name
    changed = f"the file of {TEST[0]} is another than before"
    again = plan(folder, **{"cache.clips_per_unit": 1})
    assert why(again, "index") == [[f"{name}: partial, 1 of 8 clips to do (first: {TEST[0]})", changed]]
    for unit in made.index.path.glob("unit-*"):
        if (unit / "manifest.json").read_text().count(TRAIN[1]):
            shutil.rmtree(unit)
    first = min(TEST[0], TRAIN[1])
    assert why(again, "index") == [[f"{name}: partial, 2 of 8 clips to do (first: {first})", changed]]


def test_what_only_lacks_the_word_complete_says_so(folder: Path) -> None:
    made = complete(plan(folder))
    made.index.done.unlink()
    assert why(made, "index") == [
        [f"{made.index.path.name}: partial, all clips are there already; the next make says so"]
    ]


def test_a_setting_that_is_named_exists() -> None:
    for names in _SETTING_OF.values():
        for name in names.split(", "):
            assert _is_setting(name.split("."))
    assert not _is_setting(["encoder"])
    assert not _is_setting(["encoder", "versions", "torch"])
    assert set(Settings.model_fields) > {"encoder"}


def test_the_tool_says_the_same_and_refuses_in_one_line(folder: Path) -> None:
    words = f"datasets.jhmdb.root={folder / 'jhmdb'} cache.root={folder / 'cache'}"
    done = run("why", "--stage", "encode", overrides=words)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{text_of(plan(folder), 'encode')}\n"
    done = run("why", overrides=words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: STAGE= is not a stage of HEAD=iclip; it must be one of index, ")
