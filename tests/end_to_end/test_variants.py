"""Every head, kind of box, set of labels and crop goes the whole way; and each does what its name says."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.end_to_end import runs
from tests.end_to_end.caches import artifacts, ledger, made, metrics
from tests.end_to_end.conftest import ByMake, Work
from tests.end_to_end.made import LOST, TEST, frames_of, tube_of
from zsstad_core.tables import BOX, read_table

FRAMES = sum(map(frames_of, TEST)) - LOST  # that the test clips have


@pytest.fixture(scope="module")
def work(by_make: ByMake, new_work: Callable[[Path | None], Work]) -> Work:
    return new_work(by_make.cache)


def detections(work: Work) -> pd.DataFrame:
    """The table that was scored last."""
    line = next(line for line in reversed(ledger(work.cache)) if line["stage"] == "score")
    folder = work.cache / "jhmdb" / f"score-{line['key']}" / line["unit"]
    return read_table(folder / "detections.parquet", "detections")


def test_a_frame_gives_all_its_persons_the_same_probabilities(work: Work):
    lines = len(ledger(work.cache))
    assert metrics(work.run("eval", head="clip_frame").ok().out)["head"] == "clip_frame"
    assert made(work.cache, lines) == {"score", "evaluate"}  # its tokens are iCLIP's
    persons = detections(work).groupby(["video_id", "frame", "class_name"])["probability"]
    assert persons.count().max() > 1
    assert (persons.nunique() == 1).all()


def test_a_crop_gives_each_person_its_own(work: Work):
    assert metrics(work.run("eval", head="clip_crop").ok().out)["head"] == "clip_crop"
    persons = detections(work).groupby(["video_id", "frame", "class_name"])["probability"]
    assert persons.nunique().mean() > 0.9 * persons.count().mean()


def test_the_oracle_names_every_true_class_and_needs_no_encoder(work: Work, empty: Work):
    plan = runs.plan("eval", empty.settings, head="oracle")
    assert runs.stages(plan) == ("index", "groundtruth", "detect", "score", "evaluate", "metrics")
    ended = work.run("eval", head="oracle").ok()
    assert "encoder: none; boxes: detected" in ended.out
    found = detections(work)
    assert (found["class_name"] == found["video_id"].str.split("/").str[0]).all()
    assert (found["score"] == found["box_score"]).all()
    assert metrics(ended.out)["harmonic"] > metrics(work.run("eval").ok().out)["harmonic"]


def test_annotated_boxes_miss_no_frame_that_the_clips_have(work: Work):
    ended = work.run("eval", scoring__boxes="groundtruth").ok()
    assert "boxes: ground truth; scored against own labels" in ended.out
    found = metrics(ended.out)["classes"]
    assert {name: round(found[name]["recall"], 3) for name in ("run", "golf", "stand")} == {
        "run": 1,
        "golf": 1,
        "stand": round(1 - LOST / frames_of("stand/clip_b"), 3),
    }
    assert found["run"]["ap"] > 0
    assert len(detections(work).drop_duplicates(["video_id", "frame", "box"])) == FRAMES
    assert (detections(work)["box_score"] == 1).all()


@pytest.mark.parametrize("head", ["clip_frame", "clip_crop", "oracle"])
def test_annotated_boxes_do_with_any_head_and_no_detector(head: str, new_work: Callable[[Path | None], Work]):
    work = new_work(None)
    ended = work.run("eval", head=head, scoring__boxes="groundtruth").ok()
    assert "detect" not in ended.stages
    found = metrics(ended.out)
    assert found["classes"]["run"]["recall"] == 1
    if head == "oracle":
        assert found["classes"]["run"]["ap"] == 1


def test_a_softmax_over_all_labels_shares_one_among_them(work: Work):
    ended = work.run("eval", scoring__labels="all").ok()
    assert "scored against all labels" in ended.out
    found = detections(work)
    assert found["class_name"].nunique() == 21
    sums = found.groupby(["video_id", "frame", "box"])["probability"].agg(["sum", "count"])
    assert sums["sum"].round(9).eq(1).all()
    assert sums["count"].eq(21).all()


@pytest.mark.parametrize("crop", ["pad", "squash"])
def test_another_crop_makes_other_tokens(crop: str, work: Work, by_make: ByMake):
    lines, before = len(ledger(work.cache)), artifacts(work.cache)
    work.run("eval", head="clip_frame", encoder__crop=crop).ok()
    assert made(work.cache, lines) == {"tokens-frame", "score", "evaluate"}
    new = [content for name, content in artifacts(work.cache).items() if name not in before and name.endswith("c/0/0")]
    assert len(new) == 6
    assert not set(new) & set(before.values())


def test_the_other_splits_have_other_unseen_classes(work: Work):
    found = metrics(work.run("eval", head="clip_frame", split=1).ok().out)
    assert found["classes"]["catch"]["group"] == found["classes"]["wave"]["group"] == "unseen"
    assert metrics(work.run("eval", head="clip_frame", split=3).ok().out)["unseen"] is None  # no clip of any


def test_boxes_come_from_a_file(work: Work, tmp_path: Path):
    tubes = pd.concat(
        [pd.DataFrame(tube_of(name), columns=["frame", *BOX]).assign(video_id=name) for name in TEST], ignore_index=True
    )
    boxes = tubes.assign(frame=tubes["frame"].astype(int) - 1, score=0.9, what="person")
    balls = boxes.assign(what="sports ball", x1=0, x2=50)
    strangers = boxes[:3].assign(video_id="wave/of_somebody_else")
    pd.concat([boxes, balls, strangers]).to_csv(tmp_path / "boxes.csv", index=False)

    lines = len(ledger(work.cache))
    ended = work.run("eval", detector__boxes_from=tmp_path / "boxes.csv").ok()
    assert ended.stages == ("detect", "encode", "train", "score", "evaluate", "metrics")
    assert made(work.cache, lines) >= {"detect", "tokens-person", "tokens-object"}
    assert f"boxes.csv: {2 * len(boxes)} boxes; 0 without area and 3 of other clips left out" in ended.out
    found = metrics(ended.out)["classes"]
    assert found["run"]["recall"] == found["golf"]["recall"] == 1

    # The file's boxes on frames that the clip lacks have no token, but they were somebody's detections.
    oracle = metrics(work.run("eval", head="oracle", detector__boxes_from=tmp_path / "boxes.csv").ok().out)
    assert oracle["classes"]["stand"]["recall"] == 1
    assert found["stand"]["recall"] < 1
    for head in ("clip_frame", "stclip"):  # which read no token of a person
        more = {"training__iterations": 2, "training__warmup": 1, "training__batch": 4}
        ended = work.run("eval", head=head, detector__boxes_from=tmp_path / "boxes.csv", **more).ok()
        assert metrics(ended.out)["classes"]["stand"]["recall"] == found["stand"]["recall"]
