"""Where fine-tuning of the detector stands in a plan: what it hears of, and what hears of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.made_changes import BOXES, BY_BOXES, LEARNED, NOTHING
from tests.made_plans import changed, clip, keys, plan, write_dataset
from tests.test_plan_settings import TABLE
from zsstad_core.plan.makefile import makefile
from zsstad_core.plan.plan import Plan
from zsstad_core.plan.table import table
from zsstad_core.plan.why import why

ON = {"detector.finetune.epochs": 10}
OWN = {"finetune", *BY_BOXES}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_dataset(tmp_path / "jhmdb")
    return tmp_path


def redone(folder: Path, **settings: object) -> set[str]:
    return changed(keys(plan(folder, **ON)), keys(plan(folder, **{**ON, **settings})))


def with_split(folder: Path, **changes: object) -> Plan:
    made = plan(folder, **ON)
    made.split = replace(made.split, **changes)
    return made


def test_without_epochs_there_is_no_such_stage_and_detection_does_not_hear_of_it(folder: Path) -> None:
    made = plan(folder)
    assert made.finetune is None
    assert "finetune" not in keys(made)
    assert "finetune" not in str(made.detect.inputs)


@pytest.mark.parametrize("name", [name for name in TABLE if name.startswith("detector.finetune.")])
def test_its_settings_redo_it_and_all_that_boxes_do(folder: Path, name: str) -> None:
    value = 3 if name.endswith("epochs") else TABLE[name][0]
    expected = NOTHING if name.endswith(("checkpoint_every", "log_every")) else OWN
    assert redone(folder, **{name: value}) == expected


def test_what_only_filters_boxes_does_not_train_again(folder: Path) -> None:
    assert redone(folder, **{"detector.person_score": 0.3}) == BY_BOXES
    assert redone(folder, **{"detector.batch": 3}) == NOTHING


def test_another_start_trains_again(folder: Path) -> None:
    assert redone(folder, **{"detector.checkpoint": "https://example.org/other.pth"}) == OWN


def test_another_class_of_persons_trains_again(folder: Path) -> None:
    assert redone(folder, **{"detector.person_class": "pedestrian"}) == OWN


def test_another_label_split_trains_again_and_detects_again(folder: Path) -> None:
    assert redone(folder, split=2) == {"finetune", *BOXES, *LEARNED}


def test_of_the_split_only_which_classes_are_seen_counts(folder: Path) -> None:
    made = plan(folder, **ON)
    seen, unseen = made.split.seen, made.split.unseen
    assert made.finetune is not None
    for other in (
        with_split(folder, name="another"),
        with_split(folder, unseen=unseen[:1]),
        with_split(folder, seen=seen[::-1]),
    ):
        assert other.finetune is not None
        assert other.finetune.key == made.finetune.key
    fewer = with_split(folder, seen=seen[1:])
    assert changed(keys(made), keys(fewer)) >= {"finetune", "detect"}


def test_a_training_clip_that_is_replaced_trains_again_and_a_test_clip_does_not(folder: Path) -> None:
    made = plan(folder, **ON)
    for part, expected in (("test", False), ("train", True)):
        name = next(name for name, own in made.official_split.items() if own == part)
        clip(folder / "jhmdb", name).write_text("other pictures")
        now = plan(folder, **ON)
        assert now.finetune is not None
        assert made.finetune is not None
        assert (now.finetune.key != made.finetune.key) == expected


def test_boxes_from_a_file_are_never_fine_tuned(folder: Path) -> None:
    (folder / "boxes.csv").write_text("video_id,frame,x1,y1,x2,y2,score,what\n")
    boxes = {"detector.boxes_from": str(folder / "boxes.csv")}
    assert keys(plan(folder, **ON, **boxes)) == keys(plan(folder, **boxes))


def test_a_head_that_reads_no_boxes_of_a_detector_needs_none_of_it(folder: Path) -> None:
    made = plan(folder, **ON, head="clip_crop", **{"scoring.boxes": "groundtruth"})
    assert "finetune" not in keys(made)
    assert "FINETUNE_MESSAGE := finetune: clip_crop with scoring.boxes=groundtruth reads no detected box" in (
        makefile(made, "")
    )


def test_make_starts_it_after_the_ground_truth_and_before_detection(folder: Path) -> None:
    made = plan(folder, **ON)
    rules = makefile(made, "")
    assert made.finetune is not None
    done = made.finetune.done
    assert f"{done}: | {made.index.done} {made.groundtruth.done}\n\t@$(START) stages.finetune" in rules
    assert f"{made.detect.done}: | {made.index.done} {done}\n\t@$(START) stages.detect" in rules
    assert f"FINETUNE := {done}\n" in rules
    stays = "FINETUNE_MESSAGE := finetune: detector.finetune.epochs is 0, the detector stays as it is"
    assert stays in makefile(plan(folder), "")


def test_the_table_has_a_row_of_it(folder: Path) -> None:
    rows = [line.split()[0].rsplit("-", 1)[0] for line in table(plan(folder, **ON)).splitlines()]
    assert rows[1:5] == ["index", "groundtruth", "finetune", "detect"]


def test_why_detection_is_stale_names_it(folder: Path) -> None:
    def complete(made: Plan) -> None:
        for artifact in made.all():
            for group in artifact.begin():
                with artifact.publish(group) as unit:
                    (unit / "content").write_text("0123456789")
            artifact.complete()

    complete(plan(folder))
    said = why(plan(folder, **ON), "detect")
    assert "  finetune is read now  (setting detector.finetune.epochs)" in said.splitlines()
    complete(plan(folder, **ON))
    said = why(plan(folder, **ON, split=2), "detect")
    assert "  seen: without " in said
    assert "(setting split)" in said
    said = why(plan(folder, **ON, **{"detector.finetune.lr": 0.1}), "detect")
    assert "detector.finetune.lr: 0.001 -> 0.1  (setting detector.finetune.lr)" in said
