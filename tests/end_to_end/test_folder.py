"""Somebody's own videos through extract, score and eval: without a label, with some, and trained on."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from tests.end_to_end import runs
from tests.end_to_end.caches import metrics
from tests.end_to_end.made import Settings
from tests.end_to_end.made_ucf101_24 import HEIGHT, WIDTH, pictures, tubes_of
from tests.made_videos import write_video
from zsstad_core.tables import read_table

VIDEOS = {  # whose pictures each shows
    "a day/one.mkv": "Fencing/v_Fencing_g01_c01",
    "a day/two.AVI": "Basketball/v_Basketball_g01_c01",
    "three.mp4": "SalsaSpin/v_SalsaSpin_g01_c01",
}
FOLDER = {"dataset": "folder", "split": "all-unseen", "head": "clip_crop"}


def detections(cache: object) -> pd.DataFrame:
    (file,) = Path(str(cache)).glob("folder/score-*/unit-*/detections.parquet")
    return read_table(file, "detections")


def annotated_rows(video: str, part: str, label: str) -> list[str]:
    rows = []
    for person, (start, boxes) in enumerate(tubes_of(VIDEOS[video])):
        for i, (x, y, w, h) in enumerate(boxes.astype(int)):
            box = [x * WIDTH / 320, y * HEIGHT / 240, (x + w) * WIDTH / 320, (y + h) * HEIGHT / 240]
            rows.append(",".join([video, str(start + i), *map(str, box), str(person), label, part]))
    return rows


@pytest.fixture(scope="module")
def mine(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    root = tmp_path_factory.mktemp("videos")
    for name, shows in VIDEOS.items():
        write_video(root / name, pictures(shows))
    cache = tmp_path_factory.mktemp("folder") / "cache"
    labels = "playing ball, crossing swords, dancing"
    return {**settings, "datasets.folder.root": root, "datasets.folder.labels": labels, "cache.root": cache}


@pytest.fixture(scope="module")
def annotated(mine: Mapping[str, object]) -> dict[str, object]:
    rows = [
        *annotated_rows("a day/one.mkv", "train", "crossing swords"),
        *annotated_rows("a day/two.AVI", "test", "playing ball"),
    ]
    file = Path(str(mine["datasets.folder.root"])) / "boxes.csv"
    file.write_text("\n".join(["video,frame,x1,y1,x2,y2,person,label,part", *rows]))
    return {**mine, "datasets.folder.annotation": "boxes.csv"}


def test_without_a_label_persons_are_scored_and_one_line_says_that_nothing_is_evaluated(mine, tmp_path: Path):
    ended = runs.run("eval", mine, tmp_path / "bare", **FOLDER).ok()
    assert "no action is annotated in any of the 3 test videos" in ended.out
    assert "nothing to evaluate against" in ended.out.splitlines()[-2]
    assert metrics(ended.out)["detections"] == len(detections(mine["cache.root"])) > 0
    scores = detections(mine["cache.root"])
    assert set(scores.video_id) == set(VIDEOS)
    assert set(scores.class_name) == {"playing ball", "crossing swords", "dancing"}
    person = scores.groupby(["video_id", "frame", "box"]).probability.sum()
    assert person.to_numpy() == pytest.approx(1)


def test_what_is_annotated_is_evaluated_and_what_is_not_is_scored_all_the_same(annotated, tmp_path: Path):
    cache = tmp_path / "cache"
    mine = {**annotated, "cache.root": cache, "scoring.select": "all"}
    found = metrics(runs.run("eval", mine, tmp_path / "some", **FOLDER).ok().out)
    assert found["groundtruth"]["clips"] == 1
    assert set(detections(cache).video_id) == {"a day/two.AVI", "three.mp4"}  # the third has no annotation
    of_two = detections(cache).query("video_id == 'a day/two.AVI' and class_name == 'playing ball'")
    assert found["classes"]["playing ball"]["detections"] == len(of_two)  # nothing of the third counts as wrong
    assert found["classes"]["playing ball"]["groundtruth"] == 6
    assert found["classes"]["dancing"]["ap"] is None


def test_a_head_learns_from_the_training_videos_of_the_folder(annotated, tmp_path: Path):
    (tmp_path / "mine.yaml").write_text("{seen: [crossing swords, dancing], unseen: [playing ball]}")
    (tmp_path / "seen.yaml").write_text("mine: [playing ball, dancing]")
    chosen = {**FOLDER, "head": "iclip", "split": f"{tmp_path}/seen.yaml"}
    mine = {**annotated, "cache.root": tmp_path / "cache", "training.iterations": 4, "training.warmup": 0}
    assert "frames of 1 seen classes" in runs.run("train", mine, tmp_path / "train", **chosen).ok().out
    empty = runs.run("train", mine, tmp_path / "empty", **{**chosen, "split": f"{tmp_path}/mine.yaml"})
    assert empty.code == 2
    assert "dancing: seen, but without ground truth in the train part" in empty.err


def test_frames_that_a_video_does_not_have_are_refused_with_file_and_line(annotated, tmp_path: Path):
    root = Path(str(annotated["datasets.folder.root"]))
    (root / "from_one.csv").write_text("video,frame,x1,y1,x2,y2,label\nthree.mp4,10,1,1,30,60,dancing\n")
    mine = {**annotated, "datasets.folder.annotation": "from_one.csv", "cache.root": tmp_path / "cache"}
    ended = runs.run("groundtruth", mine, tmp_path / "from_one", **FOLDER)
    assert ended.code == 2
    assert (
        f"error: {root}/from_one.csv:2: frame is 10; three.mp4 has frames 0 to 9; are yours numbered from 1?"
        in ended.err
    )
