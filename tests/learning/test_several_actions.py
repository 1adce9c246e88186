"""Several actions a person, from labels to scores: a bank of made-up tokens, and a small cache."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from stages.score import score_persons
from stages.train import train_head
from tests.learning.made_cache import extract
from tests.learning.made_several import CLASS_TYPES, NAMES, TYPES, random_labels, several_plan
from tests.learning.made_tokens import WIDTH, Made, iclip_reads, made, small_settings
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.errors import CacheError, DataError, SettingsError
from zsstad_core.evaluation.detection import evaluate
from zsstad_core.learning.bank import Bank
from zsstad_core.learning.banks import training_bank
from zsstad_core.learning.cached_rows import persons_to_score
from zsstad_core.learning.train import train
from zsstad_core.methods.common.features import FrameTokens
from zsstad_core.methods.common.head import Head
from zsstad_core.methods.common.labels import one_text_labels
from zsstad_core.methods.registry import build
from zsstad_core.metrics.average_precision import average_precision
from zsstad_core.plan.plan import Plan
from zsstad_core.scoring.detections import person_tables
from zsstad_core.scoring.rows import score_rows
from zsstad_core.work import run_whole

KEY = ["video_id", "frame", "box", "class_name"]
TEXT = torch.randn(len(NAMES), WIDTH, generator=torch.Generator().manual_seed(0))
LABELS = one_text_labels(NAMES, TEXT, TYPES)
UNSEEN = {"kick_ball", "run", "climb_stairs", "stand", "shoot_gun", "pick"}
POSES = {name for name, kind in CLASS_TYPES.items() if kind == "pose"}


# ---- a bank of made-up tokens


def learnable() -> tuple[Any, np.ndarray]:
    """Persons whose tokens say what they do, in directions that have nothing to do with the label tokens."""
    data = made(1, videos=6)
    labels_RK = random_labels(data)
    directions_KD = np.random.default_rng(7).standard_normal(TEXT.shape)
    tokens_RD = labels_RK @ directions_KD + 0.3 * data.person_tokens
    return data, np.concatenate([labels_RK, tokens_RD], axis=1)


def several_bank(data: Made, joined: np.ndarray) -> Bank[FrameTokens]:
    labels_RK, tokens_RD = joined[:, : len(NAMES)].astype(bool), joined[:, len(NAMES) :].astype(np.float32)
    return data.bank(iclip_reads(small_settings()), person_tokens=tokens_RD, target_R=labels_RK)


def run(work_dir: Path, bank: Bank[FrameTokens], iterations: int = 12, lr: float = 0.05, **iclip: Any) -> Head[Any]:
    settings = small_settings({"loss": "ava", "iterations": iterations, "lr": lr}, **iclip)
    head = build(settings, WIDTH)
    train(head, bank, LABELS, settings.training, work_dir, lambda line: None)
    return head


def score(head: Head[Any], bank: Bank[FrameTokens], batch: int = 16) -> pd.DataFrame:
    return person_tables(bank.samples.table, score_rows(head, bank, LABELS, batch), NAMES).detections


def test_training_finds_what_persons_do(tmp_path: Path):
    data, joined = learnable()
    bank = several_bank(data, joined)
    assert bank.target_R is not None
    persons = pd.MultiIndex.from_frame(bank.samples.table[KEY[:3]])
    labels_RK = pd.DataFrame(bank.target_R.numpy(), columns=NAMES, index=persons)

    def mean_ap(head: Head[Any]) -> float:
        found = score(head, bank)
        aps = []
        for name, rows in found.groupby("class_name"):
            ranked = rows.sort_values("probability", ascending=False)
            hit_N = labels_RK.loc[pd.MultiIndex.from_frame(ranked[KEY[:3]]), name].to_numpy()
            aps.append(average_precision(hit_N, int(hit_N.sum())))
        return float(np.mean(aps))

    head = run(tmp_path, bank, iterations=150, lr=0.02, block_lr_factor=1.0)
    untrained = build(small_settings(), WIDTH)
    assert mean_ap(head) > mean_ap(untrained) + 0.2


def test_other_labels_are_another_training(tmp_path: Path):
    data, joined = learnable()
    run(tmp_path, several_bank(data, joined), iterations=4)
    changed = joined.copy()
    changed[0, 1] = 1 - changed[0, 1]
    with pytest.raises(CacheError, match=r"is of another training \(different: samples\)"):
        run(tmp_path, several_bank(data, changed), iterations=4)


def test_labels_of_another_number_of_classes_are_refused(tmp_path: Path):
    data, joined = learnable()
    bank = several_bank(data, joined)
    settings = small_settings({"loss": "ava"})
    with pytest.raises(DataError, match=r"rows of 5 classes; .* and 4 seen classes"):
        train(build(settings, WIDTH), bank, one_text_labels(NAMES[:4], TEXT[:4], TYPES), settings.training, tmp_path)


@pytest.mark.parametrize("batch", [1, 5, 1000])
def test_scores_do_not_depend_on_the_company(tmp_path: Path, batch: int):
    bank = several_bank(*learnable())
    head = run(tmp_path, bank)
    pd.testing.assert_frame_equal(score(head, bank, 64), score(head, bank, batch), rtol=1e-5, atol=0)


# ---- a small cache


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.learning.made_cache import write_dataset

    folder = tmp_path_factory.mktemp("several")
    write_dataset(folder)
    for changed in ({}, {"scoring.boxes": "groundtruth"}):
        extract(several_plan(folder, **changed))
    made = several_plan(folder)
    assert made.train is not None
    run_whole("train", made.train, lambda: train_head(made))
    return folder


def detections(folder: Path, labels: str, boxes: str = "groundtruth", **changed: Any) -> pd.DataFrame:
    plan = several_plan(folder, **{"scoring.labels": labels, "scoring.boxes": boxes, **changed})
    return score_persons(plan).tables["detections"]


def annotated(plan: Plan, part: str) -> pd.DataFrame:
    rows = read_artifact_table(plan.groundtruth, "groundtruth")
    return rows[(rows["video_id"].map(plan.official_split) == part) & rows["decoded"]]


def test_the_bank_has_every_seen_action_of_each_person(folder: Path):
    plan = several_plan(folder)
    bank = training_bank(plan, "cpu")
    assert bank.target_R is not None
    rows, places = np.nonzero(bank.target_R.numpy())
    found = bank.samples.table.iloc[rows][KEY[:3]].assign(class_name=np.array(plan.split.seen)[places])
    truth = annotated(plan, "train")
    wanted = truth[truth["class_name"].isin(plan.split.seen)][KEY]
    assert set(found.itertuples(index=False, name=None)) == set(wanted.itertuples(index=False, name=None))
    assert not bank.samples.table.duplicated(KEY[:3]).any()
    assert bank.target_R.sum(1).max() >= 2
    assert not bank.target_R[:, [plan.split.seen.index(name) for name in ("catch", "sit")]].any(1).all()


def test_annotated_persons_are_scored_once_each_whatever_they_do(folder: Path):
    plan = several_plan(folder, **{"scoring.boxes": "groundtruth"})
    truth = annotated(plan, "test")
    persons, _ = persons_to_score(plan, set(truth["video_id"]))
    assert not persons.duplicated(KEY[:3]).any()
    assert len(persons) == len(truth.drop_duplicates(KEY[:3])) < len(truth)
    assert persons.groupby(["video_id", "frame"]).size().max() == 2


@pytest.mark.parametrize("boxes", ["groundtruth", "detected"])
def test_all_labels_is_every_person_against_every_class(folder: Path, boxes: str):
    plan = several_plan(folder, **{"scoring.boxes": boxes})
    found = detections(folder, "all", boxes)
    persons, _ = persons_to_score(plan, set(annotated(plan, "test")["video_id"]))
    assert set(found["class_name"]) == set(CLASS_TYPES)
    assert len(found) == len(persons) * len(CLASS_TYPES)
    poses = found[found["class_name"].isin(POSES)].groupby(KEY[:3])["probability"].sum()
    np.testing.assert_allclose(poses, 1, rtol=1e-12)


@pytest.mark.parametrize("labels", ["unseen", "seen"])
def test_own_labels_are_both_groups_and_each_alone_is_its_half(folder: Path, labels: str):
    own, half = detections(folder, "own"), detections(folder, labels)
    names = UNSEEN if labels == "unseen" else set(CLASS_TYPES) - UNSEEN
    assert set(half["class_name"]) == names
    pd.testing.assert_frame_equal(half, own[own["class_name"].isin(names)].reset_index(drop=True))
    poses = half[half["class_name"].isin(POSES)].groupby(KEY[:3])["probability"].sum()
    np.testing.assert_allclose(poses, 1, rtol=1e-12)


def test_an_interaction_scores_the_same_among_any_labels_and_a_pose_does_not(folder: Path):
    both = detections(folder, "own").merge(detections(folder, "all"), on=KEY, suffixes=("_own", "_all"))
    interactions, poses = both[~both["class_name"].isin(POSES)], both[both["class_name"].isin(POSES)]
    np.testing.assert_allclose(interactions["probability_own"], interactions["probability_all"], rtol=1e-5)
    assert (poses["probability_own"] > poses["probability_all"]).all()


@pytest.mark.parametrize(("labels", "without"), [("unseen", "seen"), ("seen", "unseen")])
def test_what_was_not_scored_has_no_number_rather_than_a_zero(folder: Path, labels: str, without: str):
    plan = several_plan(folder, **{"scoring.labels": labels, "scoring.boxes": "groundtruth"})
    truth = annotated(plan, "test")
    metrics = evaluate(plan.settings, plan.split, truth, truth.iloc[:0], detections(folder, labels))
    assert metrics[labels] > 0
    assert metrics[without] is metrics["harmonic"] is None
    assert {row["group"] for row in metrics["classes"].values()} == {labels}


def test_a_perfect_classifier_of_annotated_persons_has_everything_right(folder: Path):
    changed = {"head": "oracle", "heads.oracle.knows": "person", "scoring.boxes": "groundtruth"}
    plan = several_plan(folder, **changed)
    truth = annotated(plan, "test")
    found = detections(folder, "all", **changed)
    assert set(found[KEY].itertuples(index=False, name=None)) == set(truth[KEY].itertuples(index=False, name=None))
    metrics = evaluate(plan.settings, plan.split, truth, truth.iloc[:0], found)
    assert metrics["unseen"] == metrics["seen"] == 1


def test_losses_and_votes_of_one_action_are_refused_before_anything_is_made(folder: Path):
    for changed in ({"training.loss": "focal"}, {"training.loss": "cross_entropy"}, {"scoring.voting": "mean"}):
        with pytest.raises(SettingsError, match=r"in jhmdb do several"):
            several_plan(folder, **changed)


def test_the_type_of_a_class_is_part_of_what_is_trained_and_scored(folder: Path, monkeypatch: pytest.MonkeyPatch):
    def keys() -> tuple[str, ...]:
        plan = several_plan(folder)
        assert plan.train is not None
        return plan.train.key, plan.score.key, plan.tokens(TokenKind.frame).key

    before = keys()
    monkeypatch.setattr("tests.learning.made_several.Several.class_types", {**CLASS_TYPES, "golf": "person"})
    assert [one == other for one, other in zip(before, keys(), strict=True)] == [False, False, True]
