"""Soft voting, against a plain written-out version."""

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pytest

from stages.score import score_persons
from tests.learning.made_cache import extract, made_plan, write_dataset
from zsstad_core.scoring.voting import vote
from zsstad_core.tables import table

KEY = ["video_id", "frame", "box", "class_name"]
BOTH = ["mean", "weighted"]
type Voting = Literal["mean", "weighted"]


def detections(*persons: tuple[str, int, int, float, dict[str, float]]) -> pd.DataFrame:
    """Persons as (video, frame, box, detection score, {class: probability})."""
    rows = [
        (video, frame, box, score, name, p)
        for video, frame, box, score, classes in persons
        for name, p in classes.items()
    ]
    made = pd.DataFrame(rows, columns=["video_id", "frame", "box", "box_score", "class_name", "probability"])
    sides = dict(zip(["x1", "y1", "x2", "y2"], (1.0, 2.0, 11.0, 22.0), strict=True))
    return table("detections", made.assign(score=made.probability * made.box_score, **sides))


def random_detections(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    persons = []
    for video in range(int(rng.integers(1, 5))):
        for frame in range(int(rng.integers(1, 6))):
            for box in range(int(rng.integers(0, 4))):
                p = rng.dirichlet(np.ones(3))
                classes = dict(zip(("run", "sit", "wave"), p.tolist(), strict=True))
                persons.append((f"v{video}", frame, box, float(np.float32(rng.uniform(0.2, 1))), classes))
    return detections(*persons)


def written_out(found: pd.DataFrame, voting: str) -> list[float]:
    """Row by row: look through all persons of the video."""
    expected = []
    for row in found.itertuples():
        peers = [r for r in found.itertuples() if r.video_id == row.video_id and r.class_name == row.class_name]
        weights = [r.box_score if voting == "weighted" else 1.0 for r in peers]
        expected.append(sum(w * r.probability for w, r in zip(weights, peers, strict=True)) / sum(weights))
    return expected


@pytest.mark.parametrize("voting", BOTH)
@pytest.mark.parametrize("seed", range(12))
def test_each_person_gets_the_mean_of_its_video(voting: Voting, seed: int):
    found = random_detections(seed)
    voted = vote(found, voting)
    np.testing.assert_allclose(voted.probability, written_out(found, voting), rtol=1e-12)
    assert (voted.score == voted.probability * voted.box_score).all()
    unchanged = [name for name in found if name not in ("probability", "score")]
    pd.testing.assert_frame_equal(voted[unchanged], found[unchanged])


def test_golden_numbers_by_hand():
    found = detections(
        ("a", 0, 0, 0.75, {"run": 0.9, "sit": 0.1}),
        ("a", 4, 0, 0.25, {"run": 0.1, "sit": 0.9}),
        ("b", 0, 0, 0.5, {"run": 0.2, "sit": 0.8}),
    )
    assert vote(found, "mean").probability.tolist() == pytest.approx([0.5, 0.5, 0.5, 0.5, 0.2, 0.8])
    assert vote(found, "weighted").probability.tolist() == pytest.approx([0.7, 0.3, 0.7, 0.3, 0.2, 0.8])
    assert vote(found, "weighted").score.tolist() == pytest.approx([0.525, 0.225, 0.175, 0.075, 0.1, 0.4])


@pytest.mark.parametrize("voting", BOTH)
def test_the_order_of_rows_changes_no_bit(voting: Voting):
    found = random_detections(3)
    for seed in range(5):
        pd.testing.assert_frame_equal(vote(found.sample(frac=1, random_state=seed), voting), vote(found, voting))


@pytest.mark.parametrize("voting", BOTH)
def test_a_video_does_not_hear_of_others(voting: Voting):
    found = random_detections(5)
    for video in found.video_id.unique():
        alone = vote(found[found.video_id == video], voting)
        together = vote(found, voting)
        pd.testing.assert_frame_equal(alone, together[together.video_id == video].reset_index(drop=True))


@pytest.mark.parametrize("voting", BOTH)
def test_a_person_alone_in_its_video_keeps_its_own(voting: Voting):
    found = detections(("a", 0, 0, 0.3, {"run": 0.123, "sit": 0.877}), ("b", 9, 1, 0.7, {"run": 1.0, "sit": 0.0}))
    pd.testing.assert_frame_equal(vote(found, voting), found, rtol=1e-15)


def test_persons_whose_scores_are_all_zero_vote_as_equals():
    found = detections(("a", 0, 0, 0.0, {"run": 1.0}), ("a", 1, 0, 0.0, {"run": 0.5}), ("b", 0, 0, 0.5, {"run": 0.4}))
    assert vote(found, "weighted").probability.tolist() == pytest.approx([0.75, 0.75, 0.4])


@pytest.mark.parametrize("voting", BOTH)
def test_nobody_has_no_vote(voting: Voting):
    assert len(vote(table("detections"), voting)) == 0


def test_the_setting_is_obeyed(tmp_path: Path):
    write_dataset(tmp_path)
    plans = {
        voting: made_plan(tmp_path, **{"head": "clip_crop", "scoring.select": "all", "scoring.voting": voting})
        for voting in ("none", *BOTH)
    }
    extract(plans["none"])
    found = {voting: score_persons(plan).tables["detections"] for voting, plan in plans.items()}
    for voting in BOTH:
        pd.testing.assert_frame_equal(found[voting], vote(found["none"], voting))
        assert not found[voting].equals(found["none"])
    assert not found["mean"].equals(found["weighted"])
