"""Videos named one by one, and some of their frames: none is taken for another; windows are of what is looked at."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.datasets.made_folder import open_folder, write_csv, write_videos
from tests.made_plans import changed, keys, plan
from zsstad_core.datasets.folder import Folder
from zsstad_core.errors import MissingFileError
from zsstad_core.keyframes import Sampled
from zsstad_core.learning.frame_index import NO_ROW, FrameIndex
from zsstad_core.learning.windows import windows
from zsstad_core.settings import datasets as settings


def named(*videos: Path | str, **more: Any) -> Folder:
    return Folder(settings.Folder(videos=[str(video) for video in videos], labels=["a", "b"], **more))


# ---- videos by name


def test_videos_may_be_named_wherever_they_are(tmp_path: Path) -> None:
    write_videos(tmp_path, ["one/a.mp4", "two/b.odd"])
    sources = named(tmp_path / "two/b.odd", tmp_path / "one/a.mp4", root="nowhere").videos()
    assert [(source.video_id, source.path) for source in sources] == [
        ("a.mp4", tmp_path / "one/a.mp4"),
        ("b.odd", tmp_path / "two/b.odd"),
    ]


def test_two_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    files = ["x/day/match.mp4", "y/day/match.mp4", "z/match.mp4", "z/other.mp4"]
    write_videos(tmp_path, files)
    folder = named(*(tmp_path / file for file in files))
    assert [source.video_id for source in folder.videos()] == [
        "other.mp4",
        "x/day/match.mp4",
        "y/day/match.mp4",
        "z/match.mp4",
    ]


def test_a_file_that_is_named_twice_is_one_video(tmp_path: Path) -> None:
    write_videos(tmp_path, ["a/match.mp4"])
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert len(named(tmp_path / "a/match.mp4", tmp_path / "b/match.mp4").videos()) == 1


def test_a_video_that_is_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"gone\.mp4: no such video"):
        named(tmp_path / "gone.mp4")


def test_the_same_file_is_the_same_work_by_name_and_in_its_folder(tmp_path: Path) -> None:
    write_videos(tmp_path, ["match.mp4"])
    by_folder, by_name = open_folder(tmp_path, labels=["a", "b"]), named(tmp_path / "match.mp4")
    assert by_folder.videos() == by_name.videos()


# ---- some frames of them


@pytest.mark.parametrize(
    ("sampled", "chosen"),
    [
        (Sampled(every=3), [0, 3, 6, 9]),
        (Sampled(every=100), [0]),
        (Sampled(per_second=10.0), [0, 3, 5, 8]),  # of 25 a second: the first at or after 0.0, 0.1, 0.2, 0.3
        (Sampled(per_second=25.0), list(range(10))),
        (Sampled(per_second=60.0), list(range(10))),  # the video is slower: every frame
        (Sampled(per_second=0.5), [0]),
    ],
)
def test_so_many_frames_are_looked_at(sampled: Sampled, chosen: list[int]) -> None:
    found = sampled.choose(np.arange(10) / 25)
    assert found.frames.tolist() == found.keyframes.tolist() == chosen
    assert sampled.choose(np.arange(10) / 25 + 3600.04).frames.tolist() == chosen  # counted from the first frame


def test_a_rate_counts_time_where_frames_come_unevenly() -> None:
    pts = np.array([0.0, 0.01, 0.02, 0.55, 0.9, 1.6, 1.7])
    assert Sampled(per_second=2.0).choose(pts).frames.tolist() == [0, 3, 5]
    assert Sampled(per_second=2.0).choose(np.array([])).frames.tolist() == []


def test_times_that_stand_swapped_change_nothing_but_the_order() -> None:
    found = Sampled(per_second=10.0).choose(np.array([0.0, 0.08, 0.04, 0.12, 0.2, 0.16]))
    assert found.frames.tolist() == [0, 3, 4]


def test_windows_are_of_the_frames_that_are_looked_at_and_end_with_the_video() -> None:
    step = Sampled(every=5).step
    frames = pd.DataFrame({"video_id": ["a"] * 4 + ["b"] * 2, "frame": [0, 5, 10, 15, 0, 5], "pts": 0.0})
    index = FrameIndex(frames, step)
    assert index.neighbours(np.array([0, 3, 4]), np.array([-1, 1, 2])).tolist() == [
        [NO_ROW, 1, 2],
        [2, NO_ROW, NO_ROW],
        [NO_ROW, 5, NO_ROW],
    ]
    assert windows(index, np.array([0, 2, 5]), 1, 1).tolist() == [[0, 1, 2], [1, 2, 3], [4, 5, NO_ROW]]


def test_a_head_with_a_window_needs_no_frames_beside_those(tmp_path: Path) -> None:
    write_videos(tmp_path, ["v/a.mp4"])
    made = folder_plan(tmp_path, **{"datasets.folder.every": 5, "head": "iclip", "trained_on.dataset": "folder"})
    assert made.reads.memory.before == 30


def test_another_rate_redoes_all_that_looks_at_frames_and_none_is_as_before(tmp_path: Path) -> None:
    write_videos(tmp_path, ["v/a.mp4"])
    whole = keys(folder_plan(tmp_path))
    for rate in ({"datasets.folder.every": 5}, {"datasets.folder.per_second": 5.0}):
        assert changed(whole, keys(folder_plan(tmp_path, **rate))) == set(whole) - {"text"}
    assert changed(whole, keys(folder_plan(tmp_path, **{"datasets.folder.every": 1}))) == set()


def folder_plan(folder: Path, **more: Any) -> Any:
    chosen = {"dataset": "folder", "split": "all-unseen", "head": "clip_crop", "datasets.folder.root": folder / "v"}
    chosen |= {"datasets.folder.labels": ["a", "b"], "detector.checkpoint": "https://example.org/x.pth", **more}
    return plan(folder, **{name: str(value) if isinstance(value, Path) else value for name, value in chosen.items()})


def test_what_is_annotated_is_looked_at_whole(tmp_path: Path) -> None:
    write_csv(tmp_path)
    with pytest.raises(ValueError, match="every leaves frames out, and annotation may name any of them"):
        settings.Folder(root=str(tmp_path), annotation="boxes.csv", every=2)
    with pytest.raises(ValueError, match="every is 2 and per_second 5; set one of them"):
        settings.Folder(every=2, per_second=5.0)


# ---- texts of this dataset alone


def test_texts_of_the_folder_are_read_for_its_labels_and_stand_before_those_of_the_encoder(tmp_path: Path) -> None:
    write_videos(tmp_path, ["v/a.mp4"])
    (tmp_path / "mine.yaml").write_text("a: [a person does a, somebody is at a]\n")
    texts = {"datasets.folder.texts": tmp_path / "mine.yaml"}
    assert folder_plan(tmp_path, **texts).class_texts == [["a person does a", "somebody is at a"], "b"]
    assert changed(keys(folder_plan(tmp_path)), keys(folder_plan(tmp_path, **texts))) == {"text", "score", "evaluate"}


def test_the_best_of_several_texts_is_one_artifact_more_and_other_scores(tmp_path: Path) -> None:
    write_videos(tmp_path, ["v/a.mp4"])
    (tmp_path / "mine.yaml").write_text("a: [a person does a, somebody is at a]\n")
    texts = {"datasets.folder.texts": tmp_path / "mine.yaml"}
    mean, best = folder_plan(tmp_path, **texts), folder_plan(tmp_path, **texts, **{"encoder.phrasings": "max"})
    assert changed(keys(mean), keys(best)) == {"texts", "score", "evaluate"}
    one_each = folder_plan(tmp_path, **{"encoder.phrasings": "max"})
    assert keys(one_each) == keys(folder_plan(tmp_path))
