"""Detections: every person against every label of its group, and the score at full precision."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn

from tests.learning.made_tokens import CLASSES, WIDTH, iclip_reads, made, small_settings
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.errors import ModelError
from zsstad_core.learning.bank import Bank
from zsstad_core.methods.clip_crop.model import ClipCrop
from zsstad_core.methods.common.features import Batch, FrameTokens
from zsstad_core.methods.common.head import Head
from zsstad_core.methods.common.labels import Labels, one_text_labels
from zsstad_core.methods.contract import Reads
from zsstad_core.methods.registry import build
from zsstad_core.scoring.detections import PersonTables, person_tables
from zsstad_core.scoring.rows import score_rows
from zsstad_core.tables import table

NAMES = ("run", "jump", "brush_hair")
TEXT = torch.randn(CLASSES, WIDTH, generator=torch.Generator().manual_seed(0))
LABELS = one_text_labels(NAMES, TEXT)
KEY = ["video_id", "frame", "box", "class_name"]


def tables_of(head: Head[FrameTokens], bank: Bank[FrameTokens], batch: int) -> PersonTables:
    return person_tables(bank.samples.table, score_rows(head, bank, LABELS, batch), NAMES)


def score(head: Head[FrameTokens], bank: Bank[FrameTokens], batch: int) -> pd.DataFrame:
    return tables_of(head, bank, batch).detections


def trained_iclip() -> Head[Any]:
    """Random weights everywhere, so that every block has a say."""
    head = build(small_settings(), WIDTH)
    generator = torch.Generator().manual_seed(1)
    for weight in head.parameters():
        nn.init.normal_(weight, std=0.3, generator=generator)
    return head


@pytest.mark.fault(51)
def test_a_score_is_softmax_times_box_score_in_double_precision() -> None:
    data = made(1)
    detections = score(ClipCrop(small_settings(), WIDTH), data.bank(Reads((TokenKind.person,))), batch=5)

    crops, labels = data.person_tokens.astype(np.float64), TEXT.numpy().astype(np.float64)
    cosines = crops @ labels.T / np.linalg.norm(crops, axis=1)[:, None] / np.linalg.norm(labels, axis=1)
    exp = np.exp(cosines / 0.07)
    persons = data.persons.drop(columns="score")
    expected = [
        persons.assign(class_name=name, probability=p, box_score=data.persons.score.astype("float64"))
        for name, p in zip(NAMES, (exp / exp.sum(1, keepdims=True)).T, strict=True)
    ]
    merged = pd.concat(expected)
    merged = table("detections", merged.assign(score=merged.probability * merged.box_score))
    pd.testing.assert_frame_equal(detections, merged, rtol=1e-4)
    assert (detections.score == detections.probability * detections.box_score).all()
    sums = detections.groupby(["video_id", "frame", "box"]).probability.sum()
    np.testing.assert_allclose(sums, 1, rtol=1e-14)


def test_a_similarity_is_the_cosine_of_the_same_row_whatever_the_temperature() -> None:
    data = made(1)
    found = tables_of(ClipCrop(small_settings(), WIDTH), data.bank(Reads((TokenKind.person,))), batch=5)
    crops, labels = data.person_tokens.astype(np.float64), TEXT.numpy().astype(np.float64)
    cosine_RK = crops @ labels.T / np.linalg.norm(crops, axis=1)[:, None] / np.linalg.norm(labels, axis=1)
    persons = data.persons[KEY[:3]]
    expected = [persons.assign(class_name=name, similarity=c) for name, c in zip(NAMES, cosine_RK.T, strict=True)]
    pd.testing.assert_frame_equal(found.similarities, table("similarities", pd.concat(expected)), rtol=1e-4, atol=1e-6)
    pd.testing.assert_frame_equal(found.similarities[KEY], found.detections[KEY])


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_scores_do_not_depend_on_the_company(batch: int) -> None:
    data, settings = made(2, videos=6), small_settings()
    bank, head = data.bank(iclip_reads(settings)), trained_iclip()
    together, other = score(head, bank, 64), score(head, bank, batch)
    pd.testing.assert_frame_equal(together, other, rtol=1e-5, atol=0)


def test_a_video_alone_scores_as_among_others() -> None:
    data, settings = made(2, videos=6), small_settings()
    head = trained_iclip()
    everything = score(head, data.bank(iclip_reads(settings)), 64)
    video = data.frames.video_id.iloc[-1]
    rows = {name: (getattr(data, name).video_id == video).to_numpy() for name in ("frames", "persons", "objects")}
    alone = data.bank(
        iclip_reads(settings),
        target_R=None,
        **{name: getattr(data, name)[chosen] for name, chosen in rows.items()},
        **{f"{name[:-1]}_tokens": getattr(data, f"{name[:-1]}_tokens")[chosen] for name, chosen in rows.items()},
    )
    expected = everything[everything.video_id == video].reset_index(drop=True)
    pd.testing.assert_frame_equal(score(head, alone, 64), expected, rtol=1e-5)


def test_no_person_is_lost_in_a_crowd_beyond_the_slots() -> None:
    data, settings = made(3, persons=9), small_settings(persons=2)
    detections = score(trained_iclip(), data.bank(iclip_reads(settings)), 4)
    persons = data.persons[["video_id", "frame", "box"]].merge(pd.Series(NAMES, name="class_name"), how="cross")
    expected = persons.sort_values(KEY, ignore_index=True)
    pd.testing.assert_frame_equal(detections[KEY], expected, check_dtype=False)


def test_scoring_has_no_dropout_and_leaves_the_head_in_its_mode() -> None:
    data, settings, head = made(1), small_settings(), trained_iclip()
    bank = data.bank(iclip_reads(settings))
    head.train()
    pd.testing.assert_frame_equal(score(head, bank, 8), score(head, bank, 8))
    assert head.training


@pytest.mark.fault(32)
def test_no_persons_no_detections() -> None:
    data = made(1)
    bank = data.bank(Reads((TokenKind.person,)), persons=data.persons.iloc[:0], person_tokens=data.person_tokens[:0])
    assert len(score(ClipCrop(small_settings(), WIDTH), bank, 8)) == 0


def test_a_head_that_gives_nan_is_an_error_not_a_detection() -> None:
    class Broken(Head[FrameTokens]):
        def forward(self, batch: Batch[FrameTokens], labels: Labels) -> Tensor:
            return batch.features.person_ND @ labels.text_MD.T * math.nan

    with pytest.raises(ModelError, match=r"frame \d+ box \d+: the head's probabilities are not finite"):
        score(Broken(), made(1).bank(Reads((TokenKind.person,))), 8)
