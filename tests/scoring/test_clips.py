"""Scores of clips: the mean over their views, in any company; and spread to the persons of each clip."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from torch import Tensor

from tests.learning.made_clips import features_of
from tests.methods.made_clips import made_labels
from zsstad_core.errors import DataError, ModelError
from zsstad_core.learning.bank import Bank
from zsstad_core.methods.actionclip.model import ActionClip
from zsstad_core.methods.actionclip.settings import Actionclip
from zsstad_core.methods.common.features import Batch, ClipTokens
from zsstad_core.methods.common.head import Head
from zsstad_core.methods.common.labels import Labels
from zsstad_core.methods.contract import Segments
from zsstad_core.scoring.detections import person_tables
from zsstad_core.scoring.rows import Scores, score_rows
from zsstad_core.scoring.spread import scores_of_persons

LENGTHS = {"a": 40, "b": 3, "c": 8, "d": 21, "e": 1}
SEGMENTS = Segments(8, test="middle", views=3)
LABELS = made_labels(2, classes=3, phrasings=2)


def bank_of(lengths: dict[str, int], segments: Segments = SEGMENTS) -> Bank[ClipTokens]:
    features = features_of(lengths, segments)
    return Bank(features.samples, features)


class Sum(Head[ClipTokens]):
    """Logits: the sum of the frames' numbers, times a number of the text."""

    def forward(self, batch: Batch[ClipTokens], labels: Labels) -> Tensor:
        number_N = batch.features.frame_NTD[..., 1].sum(1) / 100
        return number_N[:, None] * labels.text_MD[:, 0]


def trained() -> Head[ClipTokens]:
    """ActionCLIP for the two numbers of a token."""
    return ActionClip(Actionclip(layers=1), 2, seed=0)


def test_scores_are_the_means_of_what_the_head_makes_of_each_view() -> None:
    bank, head = bank_of(LENGTHS), Sum()
    found = score_rows(head, bank, LABELS, batch=2)
    views = [bank.gather(np.arange(5), view=view).batch for view in range(3)]
    logits = [head(batch, LABELS) for batch in views]
    for scores, of_view in (
        (found.probability_RK, head.probabilities),
        (found.similarity_RK, head.similarity),
    ):
        wanted = torch.stack([of_view(logits_NM, LABELS) for logits_NM in logits]).mean(0)
        np.testing.assert_allclose(scores, wanted, rtol=1e-12)
    assert not torch.equal(logits[0], logits[1])
    np.testing.assert_allclose(found.probability_RK.sum(1), 1, rtol=1e-12)


def test_a_single_view_is_what_the_head_says_to_the_bit() -> None:
    bank, head = bank_of(LENGTHS, Segments(8, test="middle")), Sum()
    wanted = head.probabilities(head(bank.gather(np.arange(5)).batch, LABELS), LABELS)
    assert (score_rows(head, bank, LABELS, batch=5).probability_RK == wanted.numpy()).all()


@pytest.mark.parametrize("batch", [1, 2, 1000])
@pytest.mark.parametrize("segments", [SEGMENTS, Segments(8, test="random", views=2)], ids=str)
def test_scores_do_not_depend_on_the_company(batch: int, segments: Segments) -> None:
    head = trained()
    together = score_rows(head, bank_of(LENGTHS, segments), LABELS, batch=64)
    for found, wanted in zip(score_rows(head, bank_of(LENGTHS, segments), LABELS, batch), together, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    alone = score_rows(head, bank_of({"d": 21}, segments), LABELS, batch)
    for found, wanted in zip(alone, together, strict=True):
        np.testing.assert_allclose(found, wanted[[3]], rtol=1e-5, atol=1e-6)


def test_no_clip_no_scores() -> None:
    assert score_rows(trained(), bank_of({}), LABELS, batch=8).probability_RK.shape == (0, 3)


def test_a_clip_whose_probabilities_are_not_finite_is_named() -> None:
    class Broken(Sum):
        def forward(self, batch: Batch[ClipTokens], labels: Labels) -> Tensor:
            logits_NM = super().forward(batch, labels)
            return logits_NM.masked_fill((batch.features.frame_NTD[:, 0, 0] == ord("c"))[:, None], torch.nan)

    with pytest.raises(ModelError, match=r"^c clip 0: the head's probabilities are not finite \(1 such rows\)"):
        score_rows(Broken(), bank_of(LENGTHS), LABELS, batch=2)


# ---- spread to persons


def scores_of(clips: int, seed: int = 0) -> Scores:
    rng = np.random.default_rng(seed)
    return Scores(rng.dirichlet(np.ones(3), clips), rng.uniform(-1, 1, (clips, 3)))


@hypothesis_settings(max_examples=50)
@given(owner_R=st.lists(st.integers(0, 3), max_size=9), tracks=st.booleans(), seed=st.integers(0, 9))
def test_everybody_has_the_scores_of_the_clip(owner_R: list[int], tracks: bool, seed: int) -> None:
    """Of the video, or of the person's own track where clips are tracks; in the order of the persons."""
    if tracks:
        clips = pd.DataFrame({"video_id": ["a", "a", "b", "b"], "clip": [1, 2, 1, 3]})
    else:
        clips = pd.DataFrame({"video_id": ["a", "b", "c", "d"], "clip": 0})
    persons = clips.iloc[owner_R].reset_index(drop=True).assign(frame=range(len(owner_R)), box=0)
    if not tracks:
        persons = persons.drop(columns="clip")
    scores = scores_of(4, seed)
    found = scores_of_persons(clips, scores, persons)
    assert (found.probability_RK == scores.probability_RK[owner_R]).all()
    assert (found.similarity_RK == scores.similarity_RK[owner_R]).all()


@pytest.mark.parametrize("tracks", [False, True])
def test_a_person_that_no_clip_holds_is_named(tracks: bool) -> None:
    clips = pd.DataFrame({"video_id": ["a", "b"], "clip": [1, 1] if tracks else [0, 0]})
    persons: Any = pd.DataFrame({"video_id": ["a", "a"], "frame": [3, 4], "box": [0, 7]})
    persons = persons.assign(clip=[1, 2]) if tracks else persons.assign(video_id=["a", "z"])
    who = "a" if tracks else "z"
    with pytest.raises(DataError, match=rf"^{who} frame 4 box 7: belongs to no clip that was judged; score again$"):
        scores_of_persons(clips, scores_of(2), persons)


def test_the_score_of_a_person_is_the_clips_probability_times_its_own_box_score() -> None:
    sides = dict(zip(["x1", "y1", "x2", "y2"], (1.0, 2.0, 11.0, 22.0), strict=True))
    persons = pd.DataFrame(
        {"video_id": ["a", "a", "b"], "frame": [0, 1, 0], "box": 0, "score": [0.5, 0.25, 1.0], **sides}
    )
    clips, scores = pd.DataFrame({"video_id": ["a", "b"], "clip": 0}), scores_of(2)
    found = person_tables(persons, scores_of_persons(clips, scores, persons), ("run", "sit", "wave")).detections
    wanted = scores.probability_RK[[0, 0, 1]] * np.array([[0.5], [0.25], [1.0]])
    assert (found["score"].to_numpy() == wanted.ravel()).all()
    assert (found["probability"].to_numpy() == scores.probability_RK[[0, 0, 1]].ravel()).all()
