"""UCF101-24 through extract, train and eval: a made-up one everywhere, and the real clips where they are."""

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import TINY_CLIP
from tests.end_to_end import runs
from tests.end_to_end.caches import metrics
from tests.end_to_end.made import Settings
from tests.end_to_end.made_ucf101_24 import CLIPS, DARK, FRAMES, HEIGHT, LIGHT, TEST, WIDTH, of_ucf, tubes_of, write_all
from zsstad_core.datasets.pickles import load_pickle
from zsstad_core.tables import BOX, read_table
from zsstad_core.video import VideoSource, decode

UCF = {"dataset": "ucf101_24", "split": 1}


def table_of(cache: Path, stage: str, name: str) -> pd.DataFrame:
    files = sorted((cache / "ucf101_24").glob(f"{stage}-*/unit-*/{name}.parquet"))
    return pd.concat([read_table(file, name) for file in files], ignore_index=True)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("ucf101_24")
    write_all(root)
    return root


@pytest.fixture(scope="module")
def mine(settings: Settings, root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return of_ucf(settings, root, tmp_path_factory.mktemp("ucf") / "cache")


@pytest.fixture(scope="module")
def done(mine: Mapping[str, object], tmp_path_factory: pytest.TempPathFactory) -> dict[str, runs.Ended]:
    logs = tmp_path_factory.mktemp("logs")
    return {target: runs.run(target, mine, logs / target, **UCF).ok() for target in ("extract", "train", "eval")}


def test_all_of_it_runs_and_a_second_time_only_reports(done, mine: Mapping[str, object], tmp_path: Path):
    assert "train: iclip, split 1: " in done["train"].out
    found = metrics(done["eval"].out)
    assert (found["dataset"], found["groundtruth"]["clips"]) == ("ucf101_24", len(TEST))
    assert found["groundtruth"]["frames counted"] == sum(
        len({start + i for start, boxes in tubes_of(name) for i in range(len(boxes))}) for name in TEST
    )
    assert [name for name, row in found["classes"].items() if row["groundtruth"] and row["group"] == "unseen"] == [
        "IceDancing",
        "SalsaSpin",
    ]
    assert all(found["classes"][name]["ap"] is None for name in ("Biking", "FloorGymnastics"))  # no clip of them
    assert runs.run("eval", mine, tmp_path / "again", **UCF).ok().stages == ("metrics",)


def test_boxes_of_the_annotation_stand_on_the_persons_of_a_transcode(done, mine: Mapping[str, object], root: Path):
    rows = table_of(Path(str(mine["cache.root"])), "groundtruth", "groundtruth")
    clip = "Basketball/v_Basketball_g01_c01"
    pictures = {number: rgb for number, _, rgb in decode(VideoSource(clip, root / f"videos/{clip}.mp4"))}
    assert pictures[0].shape == (HEIGHT, WIDTH, 3)
    of_clip = rows[rows.video_id == clip]
    assert len(of_clip) == 6
    for row in of_clip.itertuples():
        x1, y1, x2, y2 = (round(value) for value in (row.x1, row.y1, row.x2, row.y2))
        inside, middle = pictures[row.frame][y1:y2, x1:x2].astype(float).mean(2), (y2 - y1) // 2
        assert inside[2 : middle - 2, 2:-2].mean() == pytest.approx(LIGHT, abs=12)
        assert inside[middle + 2 : -2, 2:-2].mean() == pytest.approx(DARK, abs=12)


def test_a_tube_keeps_its_number_and_its_gaps(done, mine: Mapping[str, object]):
    rows = table_of(Path(str(mine["cache.root"])), "groundtruth", "groundtruth")
    assert set(rows.video_id) == set(CLIPS)
    assert rows.decoded.all()
    clip = rows[rows.video_id == "Fencing/v_Fencing_g01_c01"]
    assert {box: list(tube.frame) for box, tube in clip.groupby("box")} == {
        0: [0, 1, 2, 3],
        1: [6, 7],
        2: list(range(1, 9)),
    }


def test_untrimmed_frames_have_frame_tokens_and_persons_are_sought_in_them(done, mine: Mapping[str, object]):
    cache = Path(str(mine["cache.root"]))
    frames = table_of(cache, "tokens-frame", "frames")
    assert len(frames) == FRAMES * len(CLIPS)
    annotated = table_of(cache, "tokens-groundtruth", "boxes")
    assert len(annotated) == sum(len(boxes) for name in CLIPS if name not in TEST for _, boxes in tubes_of(name))


def test_the_oracle_finds_every_annotated_box_where_these_are_scored(done, mine: Mapping[str, object], tmp_path: Path):
    by_truth = {**mine, "scoring.boxes": "groundtruth"}
    found = metrics(runs.run("eval", by_truth, tmp_path / "oracle", **UCF, head="oracle").ok().out)
    assert (found["unseen"], found["seen"]) == (1.0, 1.0)


# ---- the real clips

SPLIT_2 = {"dataset": "ucf101_24", "split": 2}  # both training clips here are of SoccerJuggling, which is seen in it


@pytest.fixture(scope="module")
def real(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """The eleven clips in UCF101-24's layout, with YOLOX-nano's detections on them as boxes from a file."""
    runs.warm_up()
    folder = tmp_path_factory.mktemp("real_ucf")
    annotation = realdata / "annotations" / "ucf101_24"
    names = {name.split("/")[1]: name for name in load_pickle(annotation / "pyannot.pkl")}
    for place in ("ucf101_24", "torchvision_assets"):
        for file in sorted((realdata / "videos" / place).iterdir()):
            if file.stem in names:
                link = folder / "videos" / f"{names[file.stem]}{file.suffix}"
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(file)
    with np.load(annotation / "yolox_nano_dets.npz") as found, (folder / "boxes.csv").open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["video_id", "frame", *BOX, "score", "what"])
        for stem in sorted(set(found.files) & names.keys()):
            persons = found[stem][(found[stem][:, 1] == 0) & (found[stem][:, 6] >= 0.3)]
            rows.writerows([names[stem], int(row[0]), *row[2:7].tolist(), "person"] for row in persons)
    return {
        "device": "cpu",
        "datasets.ucf101_24.root": annotation,
        "datasets.ucf101_24.videos": folder / "videos",
        "datasets.ucf101_24.clips_per_class": 10,
        "detector.boxes_from": folder / "boxes.csv",
        "scoring.select": "all",
        "encoder.model": TINY_CLIP,
        "encoder.pretrained": "random",
        "training.iterations": 40,
        "training.warmup": 4,
        "cache.root": folder / "cache",
    }


def test_real_clips_have_the_frames_of_their_annotation_and_boxes_on_persons(
    realdata: Path, real: dict[str, object], tmp_path: Path
):
    ended = runs.run("eval", real, tmp_path / "oracle", **SPLIT_2, head="oracle").ok()
    assert "are not on disk" not in ended.out
    content = load_pickle(realdata / "annotations/ucf101_24/pyannot.pkl")
    videos = table_of(Path(str(real["cache.root"])), "index", "videos").set_index("video_id")
    assert len(videos) == 11
    assert videos.frames.to_dict() == {name: content[name]["numf"] for name in videos.index}
    assert set(zip(videos.width, videos.height, strict=True)) == {(320, 240), (340, 256)}

    truth = table_of(Path(str(real["cache.root"])), "groundtruth", "groundtruth")
    assert len(truth) == sum(len(tube["boxes"]) for name in videos.index for tube in content[name]["annotations"])
    assert truth.decoded.all()
    found = metrics(ended.out)
    assert found["groundtruth"]["clips"] == 9
    # Annotated tightly: on boxes that were not scaled from 320x240 to 340x256, 0.48 of them are found.
    assert found["classes"]["Basketball"]["recall"] > 0.6
    assert found["classes"]["SalsaSpin"]["recall"] > 0.85


@pytest.mark.slow
def test_real_clips_through_extract_train_and_eval(real: dict[str, object], tmp_path: Path):
    said = {
        target: runs.run(target, real, tmp_path / target, **SPLIT_2).ok() for target in ("extract", "train", "eval")
    }
    assert "train: iclip, split 2: 491 frames of 18 seen classes" in said["train"].out  # 240 and 251, all annotated
    found = metrics(said["eval"].out)
    counts = {name: row["groundtruth"] for name, row in found["classes"].items() if row["groundtruth"]}
    assert counts["Fencing"] == 2 * 174
    assert counts["Basketball"] == 48 + 50
    assert 0 < found["harmonic"] < 1
    assert runs.run("eval", real, tmp_path / "again", **SPLIT_2).ok().stages == ("metrics",)
