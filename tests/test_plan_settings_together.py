"""What a setting redoes where others are not at their defaults: head, boxes or tokens from files, other training."""

from pathlib import Path

import pytest

from tests.made_changes import BY_IMAGES, BY_TEXT, LEARNED, NOTHING, SCORED, redone, write_dataset_and_copies
from tests.made_plans import changed, keys, plan
from tests.test_plan_settings import TABLE


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset_and_copies(tmp_path_factory.mktemp("plan"))


@pytest.mark.parametrize("head", ["clip_frame", "clip_crop"])
def test_a_baseline_hears_its_own_settings_and_no_others(folder: Path, head: str) -> None:
    for name, (value, _) in TABLE.items():
        if name.startswith(("heads.", "training.")):
            assert redone(folder, name, value, head=head) == (SCORED if name.startswith(f"heads.{head}.") else NOTHING)


def test_the_oracle_hears_of_no_encoder_and_no_other_head(folder: Path) -> None:
    for name, (value, _) in TABLE.items():
        if name.startswith(("heads.", "training.", "encoder.")):
            assert redone(folder, name, value, head="oracle") == (SCORED if "oracle" in name else NOTHING), name


def test_the_seed_of_random_weights_redoes_all_that_they_encode(folder: Path) -> None:
    assert redone(folder, "encoder.seed", 1, **{"encoder.pretrained": "random"}) == BY_IMAGES | BY_TEXT


def test_boxes_from_a_file_do_not_hear_of_the_detector(folder: Path) -> None:
    boxes = {"detector.boxes_from": str(folder / "boxes.csv")}
    for name, (value, _) in TABLE.items():
        if name.startswith("detector.") and name != "detector.boxes_from":
            assert redone(folder, name, value, **boxes) == NOTHING, name


def test_tokens_from_files_do_not_hear_of_the_encoder(folder: Path) -> None:
    tokens = {"encoder.tokens_from": str(folder / "tokens")}
    for name, (value, _) in TABLE.items():
        if name.startswith("encoder.") and name != "encoder.tokens_from":
            assert redone(folder, name, value, **tokens) == NOTHING, name


def test_a_head_without_objects_does_not_learn_anew_from_other_boxes(folder: Path) -> None:
    assert redone(folder, "detector.person_score", 0.1, **{"heads.iclip.blocks": "PCM"}) == {
        "detect",
        "tokens-person",
        *SCORED,
    }


@pytest.mark.parametrize("name", ["split", "training.lr", "scoring.boxes", "datasets.jhmdb.official_split"])
def test_switching_back_costs_nothing(folder: Path, name: str) -> None:
    first, _, again = keys(plan(folder)), keys(plan(folder, **{name: TABLE[name][0]})), keys(plan(folder))
    assert first == again


def test_training_elsewhere_hears_of_its_split_and_of_what_is_shared(folder: Path) -> None:
    elsewhere = {"trained_on.dataset": "jhmdb", "split": "without-wave"}
    assert redone(folder, "trained_on.split", "2", **elsewhere) == LEARNED
    other = {**elsewhere, "split": "without-jump"}
    assert changed(keys(plan(folder, **elsewhere)), keys(plan(folder, **other))) == SCORED
    two = {**elsewhere, "split": "1", "trained_on.split": "without-clap"}
    assert redone(folder, "trained_on.shared", "drop", **two) == SCORED


def test_where_and_how_texts_are_written_redoes_nothing(folder: Path) -> None:
    (folder / "again.yaml").write_text("# the same\nwave: [a person waves]\n")
    asked = [str(folder / "texts.yaml"), str(folder / "again.yaml"), {"wave": "a person waves"}]
    first, *others = (keys(plan(folder, **{"encoder.texts": texts})) for texts in asked)
    assert others == [first, first]
