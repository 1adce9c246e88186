"""Detections: every person against every label of its group, and the score at full precision."""

import math
from typing import Literal

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn
from zsstad_core.heads import Reads, build
from zsstad_core.heads.base import Batch, Head

from tests.learning.made_tokens import CLASSES, WIDTH, iclip_reads, made, small_settings
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.errors import ModelError
from zsstad_core.methods.clip_frame.model import ClipCrop
from zsstad_core.scoring import groups, score
from zsstad_core.splits import LabelSplit
from zsstad_core.tables import table

NAMES = ("run", "jump", "brush_hair")
TEXT = torch.randn(CLASSES, WIDTH, generator=torch.Generator().manual_seed(0))
KEY = ["video_id", "frame", "box", "class_name"]


def trained_iclip() -> Head:
    """Random weights everywhere, so that every block has a say."""
    head = build(small_settings(), WIDTH)
    generator = torch.Generator().manual_seed(1)
    for weight in head.parameters():
        nn.init.normal_(weight, std=0.3, generator=generator)
    return head


@pytest.mark.fault(51)
def test_a_score_is_softmax_times_box_score_in_double_precision() -> None:
    data = made(1)
    detections = score(ClipCrop(small_settings(), WIDTH), data.bank(Reads((TokenKind.person,))), TEXT, NAMES, batch=5)

    crops, labels = data.person_tokens.astype(np.float64), TEXT.numpy().astype(np.float64)
    cosines = crops @ labels.T / np.linalg.norm(crops, axis=1)[:, None] / np.linalg.norm(labels, axis=1)
    exp = np.exp(cosines / 0.07)
    persons = data.persons.drop(columns=["target", "score"])
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


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_scores_do_not_depend_on_the_company(batch: int) -> None:
    data, settings = made(2, videos=6), small_settings()
    bank, head = data.bank(iclip_reads(settings)), trained_iclip()
    together, other = score(head, bank, TEXT, NAMES, 64), score(head, bank, TEXT, NAMES, batch)
    pd.testing.assert_frame_equal(together, other, rtol=1e-5, atol=0)


def test_a_video_alone_scores_as_among_others() -> None:
    data, settings = made(2, videos=6), small_settings()
    head = trained_iclip()
    everything = score(head, data.bank(iclip_reads(settings)), TEXT, NAMES, 64)
    video = data.frames.video_id.iloc[-1]
    rows = {name: (getattr(data, name).video_id == video).to_numpy() for name in ("frames", "persons", "objects")}
    alone = data.bank(
        iclip_reads(settings),
        **{name: getattr(data, name)[chosen] for name, chosen in rows.items()},
        **{f"{name[:-1]}_tokens": getattr(data, f"{name[:-1]}_tokens")[chosen] for name, chosen in rows.items()},
    )
    expected = everything[everything.video_id == video].reset_index(drop=True)
    pd.testing.assert_frame_equal(score(head, alone, TEXT, NAMES, 64), expected, rtol=1e-5)


def test_no_person_is_lost_in_a_crowd_beyond_the_slots() -> None:
    data, settings = made(3, persons=9), small_settings(persons=2)
    detections = score(trained_iclip(), data.bank(iclip_reads(settings)), TEXT, NAMES, 4)
    persons = data.persons[["video_id", "frame", "box"]].merge(pd.Series(NAMES, name="class_name"), how="cross")
    expected = persons.sort_values(KEY, ignore_index=True)
    pd.testing.assert_frame_equal(detections[KEY], expected, check_dtype=False)


def test_scoring_has_no_dropout_and_leaves_the_head_in_its_mode() -> None:
    data, settings, head = made(1), small_settings(), trained_iclip()
    bank = data.bank(iclip_reads(settings))
    head.train()
    pd.testing.assert_frame_equal(score(head, bank, TEXT, NAMES, 8), score(head, bank, TEXT, NAMES, 8))
    assert head.training


@pytest.mark.fault(32)
def test_no_persons_no_detections() -> None:
    data = made(1)
    bank = data.bank(Reads((TokenKind.person,)), persons=data.persons.iloc[:0], person_tokens=data.person_tokens[:0])
    assert len(score(ClipCrop(small_settings(), WIDTH), bank, TEXT, NAMES, 8)) == 0


def test_a_head_that_gives_nan_is_an_error_not_a_detection() -> None:
    class Broken(Head):
        def forward(self, batch: Batch, text_KD: Tensor) -> Tensor:
            return batch.person_BPD @ text_KD.T * math.nan

    with pytest.raises(ModelError, match=r"frame \d+ box \d+: the head's probabilities are not finite"):
        score(Broken(), made(1).bank(Reads((TokenKind.person,))), TEXT, NAMES, 8)


def annotated(*rows: tuple[str, str]) -> pd.DataFrame:
    """Ground truth of one box a video and class."""
    videos, names = zip(*rows, strict=True)
    boxes = {"x1": 0.0, "y1": 0.0, "x2": 9.0, "y2": 9.0}
    columns = {"video_id": videos, "frame": 0, "box": 0, **boxes, "class_name": names, "decoded": True}
    return table("groundtruth", pd.DataFrame(columns))


TRUTH = annotated(("a", "run"), ("b", "jump"), ("c", "brush_hair"), ("d", "jump"), ("e", "run"), ("e", "jump"))
SPLIT = LabelSplit("made-1", seen=("run", "brush_hair"), unseen=("jump",))
OFFICIAL = {"a": "test", "b": "test", "c": "test", "d": "train", "e": "test"}


def test_groups_are_test_videos_against_their_own_labels() -> None:
    unseen, seen = groups(SPLIT, OFFICIAL, TRUTH, "own")
    assert (unseen.name, unseen.videos, unseen.classes) == ("unseen", ("b", "e"), ("jump",))
    assert (seen.name, seen.videos, seen.classes) == ("seen", ("a", "c", "e"), ("run", "brush_hair"))


def test_groups_can_be_scored_against_all_labels() -> None:
    (everything,) = groups(SPLIT, OFFICIAL, TRUTH, "all")
    assert (everything.name, everything.videos) == ("all", ("a", "b", "c", "e"))
    assert everything.classes == ("run", "brush_hair", "jump")


@pytest.mark.parametrize("name", ["unseen", "seen"])
def test_one_group_can_be_scored_alone(name: Literal["unseen", "seen"]) -> None:
    own = {group.name: group for group in groups(SPLIT, OFFICIAL, TRUTH, "own")}
    assert groups(SPLIT, OFFICIAL, TRUTH, name) == [own[name]]


def test_a_video_that_does_nothing_of_the_split_is_in_no_group() -> None:
    split = LabelSplit("made-2", seen=("brush_hair",), unseen=())
    assert [group.videos for group in groups(split, OFFICIAL, TRUTH, "own")] == [(), ("c",)]
    assert [group.videos for group in groups(split, OFFICIAL, TRUTH, "all")] == [("c",)]
