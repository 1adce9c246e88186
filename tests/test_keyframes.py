"""Which decoded frame is second 902: by time, never by counting."""

import numpy as np
import pandas as pd
import pytest

from zsstad_core.keyframes import NOWHERE, Keyframes, Step, nearest
from zsstad_core.tables import BOX, table
from zsstad_core.unplaced import UNPLACED, frame_text, place_on_frames, second_of

AVA = Keyframes(902, 1798, start=900.0)


def chosen(keyframes: Keyframes, pts: list[float] | np.ndarray) -> tuple[list[int], list[int], list[int]]:
    found = keyframes.choose(pts)
    return found.frames.tolist(), found.keyframes.tolist(), found.seconds.tolist()


@pytest.mark.fault(28)
@pytest.mark.parametrize("rate", [23.976, 24.0, 25.0, 29.97, 30.0, 50.0])
def test_a_film_of_any_rate_has_its_keyframe_within_half_a_frame(rate: float):
    pts = np.arange(0, 901, 1 / rate)
    found = AVA.choose(pts)
    assert found.seconds.tolist() == list(range(902, 1799))
    assert np.abs(pts[found.keyframes] - (found.seconds - 900)).max() <= 0.5 / rate + 1e-9
    assert (found.frames == found.keyframes).all()


@pytest.mark.fault(28)
def test_uneven_times_and_dropped_frames_do_not_shift_what_follows():
    pts = np.delete(np.arange(0, 12, 1 / 30), slice(70, 95))  # from 2.3 s to 3.17 s nothing
    frames, _, seconds = chosen(AVA, pts)
    assert seconds == list(range(902, 913))
    assert [round(pts[frame], 3) for frame in frames][:3] == [2.0, 3.167, 4.0]


def test_a_second_without_a_frame_within_half_a_second_has_no_keyframe():
    assert chosen(AVA, [2.0, 2.5, 4.0])[2] == [902, 904]  # 2.5 is half a second from both of its neighbours
    assert chosen(AVA, [2.0, 2.51, 4.0])[2] == [902, 903, 904]


def test_of_two_frames_as_near_the_earlier_is_the_keyframe():
    assert chosen(AVA, [1.75, 2.25])[1] == [0]


def test_the_video_starts_where_the_settings_say():
    pts = np.arange(0, 910, 0.5)
    assert chosen(Keyframes(902, 1798, start=0.0), pts)[1][0] == 1804
    assert chosen(Keyframes(902, 1798, start=901.5), pts)[1][0] == 1
    # A clip cut out with its times kept, which begin at 900: the film's own.
    assert chosen(Keyframes(902, 1798), np.arange(900, 904, 0.25))[2] == [902, 903, 904]


def test_times_of_neighbours_that_stand_swapped_do_not_mislead():
    assert chosen(AVA, [0.0, 1.5, 1.0, 2.5, 2.0, 3.0])[1] == [4, 5]


def test_a_video_that_is_cut_elsewhere_has_no_keyframe():
    assert chosen(AVA, [0.0, 0.5, 1.0]) == ([], [], [])
    assert chosen(AVA, []) == ([], [], [])


def test_neighbours_in_frames_are_those_that_decode_beside_the_keyframe():
    pts = np.arange(0, 3.2, 1 / 10)
    frames, keyframes, _ = chosen(Keyframes(902, 1798, 900.0, 2, Step(2, "frames")), pts)
    assert keyframes == [20, 30]
    assert frames == [16, 18, 20, 22, 24, 26, 28, 30]  # 32 and 34 are beyond the end


def test_neighbours_in_seconds_are_those_nearest_to_the_moment():
    pts = np.array([0.0, 1.1, 1.49, 2.0, 2.4, 2.9])
    frames, keyframes, _ = chosen(Keyframes(902, 1798, 900.0, 2, Step(0.5, "seconds")), pts)
    assert keyframes == [3, 5]  # 2.0 and 2.9
    assert frames == [1, 2, 3, 4, 5]


def test_no_more_of_a_film_is_read_than_can_matter():
    film = Keyframes(902, 1798, start=0.0)
    times = ((float(second), 4, 4) for second in range(100_000))
    assert max(seconds for seconds, _, _ in film.until_last_needed(times)) < 1900


def test_a_whole_film_that_is_said_to_be_cut_is_noticed_and_a_cut_one_is_not():
    assert AVA.lasts_too_long(np.arange(0, 1000.0))
    assert not AVA.lasts_too_long(np.arange(0, 901.0))
    assert not Keyframes(902, 1798, start=0.0).lasts_too_long(np.arange(0, 7200.0))


def test_nearest_is_what_a_search_through_all_of_them_finds():
    rng = np.random.default_rng(3)
    for _ in range(300):
        times = np.sort(rng.integers(0, 30, rng.integers(0, 9)) / 2)
        moment, reach = rng.integers(-4, 36) / 4, rng.integers(1, 8) / 4
        near = [place for place, time in enumerate(times) if abs(time - moment) < reach]
        best = min(near, key=lambda place: (abs(times[place] - moment), times[place]), default=None)
        (found,) = nearest(times, [moment], reach)
        assert (found == NOWHERE) if best is None else times[found] == times[best]


# ---- ground truth on frames


SIZE = {"digest": "", "frames": 60, "fps": 25.0}
VIDEOS = table("videos", pd.DataFrame([{"video_id": "a", "width": 200, "height": 100, **SIZE}]))
KEYFRAMES = table("keyframes", pd.DataFrame({"video_id": "a", "frame": [50, 75], "second": [902, 903]}))


def annotated(*rows: tuple[str, int, int, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["video_id", "frame", "box", "class_name"])
    box = dict(zip(BOX, (0.1, 0.2, 0.3, 0.4), strict=True))
    return table("groundtruth", frame.assign(frame=frame["frame"] + UNPLACED, decoded=True, **box))


def test_fractions_become_pixels_of_the_decoded_frame_of_their_second():
    (row,) = place_on_frames(annotated(("a", 903, 0, "sit")), VIDEOS, KEYFRAMES).itertuples(index=False)
    assert (row.frame, row.decoded) == (75, True)
    assert (row.x1, row.y1, row.x2, row.y2) == pytest.approx((20, 20, 60, 40))


def test_a_second_that_the_video_lacks_is_kept_and_marked():
    found = place_on_frames(
        annotated(("a", 902, 0, "sit"), ("a", 904, 0, "sit"), ("a", 905, 0, "sit")), VIDEOS, KEYFRAMES
    )
    assert found[["frame", "decoded"]].values.tolist() == [[50, True], [UNPLACED + 904, False], [UNPLACED + 905, False]]
    assert frame_text(UNPLACED + 904) == "second 904"
    assert frame_text(50) == "frame 50"


def test_a_video_that_is_not_there_keeps_fractions_since_its_size_is_unknown():
    found = place_on_frames(annotated(("gone", 902, 0, "sit")), VIDEOS, KEYFRAMES)
    assert found[["frame", "x2", "decoded"]].values.tolist() == [[UNPLACED + 902, pytest.approx(0.3), False]]


def test_all_actions_of_a_person_move_together():
    found = place_on_frames(
        annotated(("a", 902, 0, "sit"), ("a", 902, 0, "talk"), ("a", 902, 1, "sit")), VIDEOS, KEYFRAMES
    )
    assert found[["frame", "box", "class_name"]].values.tolist() == [[50, 0, "sit"], [50, 0, "talk"], [50, 1, "sit"]]


def test_every_box_tells_its_second_again():
    rows = pd.DataFrame({"video_id": ["a", "a", "a", "b"], "frame": [75, 50, UNPLACED + 1000, 50]}, index=[7, 3, 9, 1])
    found = second_of(rows, KEYFRAMES)
    assert found.to_dict() == {7: 903, 3: 902, 9: 1000, 1: NOWHERE}
