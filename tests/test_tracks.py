"""Who is who: persons keep their numbers while they walk, cross, are missed for a moment, or are looked at rarely."""

import numpy as np
import pandas as pd
import pytest

from zsstad_core.errors import DataError
from zsstad_core.tables import BOX, table
from zsstad_core.tracks import UNTRACKED, link_persons

FPS = 25


def frames(pts: list[float], video_id: str = "a.mp4") -> pd.DataFrame:
    return table("frames", {"video_id": [video_id] * len(pts), "frame": range(len(pts)), "pts": pts})


def evenly(count: int, fps: float = FPS) -> pd.DataFrame:
    return frames([number / fps for number in range(count)])


def person(x: float, y: float = 50.0) -> tuple[float, float, float, float]:
    return x, y, x + 40, y + 100


def detected(
    boxes: dict[int, list[tuple[float, float, float, float]]], video_id: str = "a.mp4", score: float = 0.9
) -> pd.DataFrame:
    """Table detections with two classes a box, from the boxes of each frame."""
    rows = [
        (video_id, frame, number, *box, name, score / 2, 0.5, score)
        for frame, here in boxes.items()
        for number, box in enumerate(here)
        for name in ("run", "wave")
    ]
    columns = ["video_id", "frame", "box", *BOX, "class_name", "score", "probability", "box_score"]
    return table("detections", pd.DataFrame(rows, columns=columns))


def of_frame(tracks: pd.DataFrame, frame: int) -> list[int]:
    return tracks.loc[tracks["frame"] == frame, "track"].tolist()


def test_two_who_cross_keep_their_numbers_although_the_detector_swaps_theirs() -> None:
    left = {f: person(10 + 6 * f, 50) for f in range(40)}
    right = {f: person(250 - 6 * f, 90) for f in range(40)}
    boxes = {f: [left[f], right[f]] if f % 2 else [right[f], left[f]] for f in range(40)}
    tracks = link_persons(detected(boxes), evenly(40))
    one = [of_frame(tracks, f)[0 if f % 2 else 1] for f in range(40)]
    other = [of_frame(tracks, f)[1 if f % 2 else 0] for f in range(40)]
    assert set(one) == {2}  # from the very first box, which the tracker itself leaves without a number
    assert set(other) == {1}


def test_a_table_has_one_row_a_box_whatever_the_number_of_classes() -> None:
    tracks = link_persons(detected({f: [person(10 + f), person(200)] for f in range(3)}), evenly(3))
    assert list(tracks.columns) == ["video_id", "frame", "box", "track"]
    assert tracks["track"].tolist() == [1, 2, 1, 2, 1, 2]


def test_a_person_missed_for_half_a_second_comes_back_under_the_same_number() -> None:
    boxes = {f: [person(10 + 2 * f)] for f in range(60) if not 20 <= f < 32}
    assert set(link_persons(detected(boxes), evenly(60))["track"]) == {1}


def test_a_person_who_is_away_for_longer_than_lost_after_is_somebody_else() -> None:
    boxes = {f: [person(100)] for f in range(100) if not 20 <= f < 80}
    tracks = link_persons(detected(boxes), evenly(100), lost_after=1.0)
    assert of_frame(tracks, 19) == [1]
    assert of_frame(tracks, 81) == [2]
    assert set(link_persons(detected(boxes), evenly(100), lost_after=3.0)["track"]) == {1}


def test_a_hole_in_the_times_counts_as_long_as_it_lasts() -> None:
    """The numbers of the frames go on evenly; five seconds pass between two of them."""
    pts = [f / FPS + (5.0 if f >= 30 else 0.0) for f in range(60)]
    tracks = link_persons(detected({f: [person(100)] for f in range(60)}), frames(pts))
    assert of_frame(tracks, 29) == [1]
    assert of_frame(tracks, 30) == [2]


@pytest.mark.parametrize("every", [5, 25])
def test_every_nth_frame_is_enough_where_boxes_still_overlap(every: int) -> None:
    """A second between frames: longer than `lost_after` would allow, were it not for the distance of the frames."""
    every_frame = evenly(200)
    kept = every_frame[every_frame["frame"] % every == 0]
    boxes = {f: [person(10 + 0.5 * f), person(300 - 0.5 * f, 200)] for f in kept["frame"]}
    assert link_persons(detected(boxes), kept, lost_after=0.5)["track"].tolist() == [1, 2] * len(kept)


def test_a_variable_frame_rate_moves_persons_by_time() -> None:
    pts = np.cumsum([0.0] + [0.02, 0.1] * 30).tolist()
    boxes = {f: [person(10 + 100 * pts[f])] for f in range(len(pts))}
    assert set(link_persons(detected(boxes), frames(pts))["track"]) == {1}


def test_frames_whose_times_stand_swapped_or_are_equal_lose_nobody() -> None:
    pts = [0.0, 0.08, 0.04, 0.12, 0.12, 0.16, 0.20]
    boxes = {f: [person(10 + 100 * pts[f])] for f in range(len(pts))}
    assert set(link_persons(detected(boxes), frames(pts))["track"]) == {1}


def test_a_box_of_a_single_frame_and_one_that_is_always_weak_have_no_number() -> None:
    lonely = {f: [person(10)] + ([person(300, 200)] if f == 7 else []) for f in range(15)}
    tracks = link_persons(detected(lonely), evenly(15))
    assert tracks.loc[tracks["box"] == 1, "track"].tolist() == [UNTRACKED]
    weak = link_persons(detected({f: [person(10)] for f in range(15)}, score=0.3), evenly(15), high_score=0.4)
    assert set(weak["track"]) == {UNTRACKED}


def test_numbers_begin_at_1_in_each_video_and_are_the_same_again() -> None:
    boxes = {f: [person(10 + f), person(200)] for f in range(10)}
    both = pd.concat([detected(boxes, "b.mp4"), detected(boxes, "a.mp4")])
    where = pd.concat([evenly(10), evenly(10).assign(video_id="b.mp4")])
    first = link_persons(both, where)
    assert first.groupby("video_id")["track"].max().to_dict() == {"a.mp4": 2, "b.mp4": 2}
    pd.testing.assert_frame_equal(first, link_persons(both.sample(frac=1, random_state=0), where))


def test_the_classes_that_are_asked_for_do_not_move_the_tracks() -> None:
    found = detected({f: [person(10 + 3 * f), person(200 - 3 * f, 80)] for f in range(30)})
    one_class = found[found["class_name"] == "run"]
    pd.testing.assert_frame_equal(link_persons(found, evenly(30)), link_persons(one_class, evenly(30)))


def test_a_person_on_a_frame_that_nobody_searched_is_refused() -> None:
    with pytest.raises(DataError, match=r"a\.mp4 frame 5: has a detected person, and is not among the frames"):
        link_persons(detected({5: [person(10)]}), evenly(3))


def test_no_detections_are_no_tracks() -> None:
    tracks = link_persons(table("detections"), evenly(3))
    assert len(tracks) == 0
    assert list(tracks.columns) == ["video_id", "frame", "box", "track"]
