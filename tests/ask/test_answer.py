"""Scores along tracks, spans of time, and the files of an answer."""

import json
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zsstad_core.ask import files, text
from zsstad_core.ask.answer import Answer, answer, threshold_of
from zsstad_core.ask.drawing import marks
from zsstad_core.ask.spans import NOTHING, choose_labels, find_spans, smooth
from zsstad_core.metrics.ava_files import read_boxes, read_labelmap
from zsstad_core.settings.results import Ask
from zsstad_core.tables import BOX, table
from zsstad_core.tracks import link_persons

LABELS = ("wave", "juggle a ball", "clap")
FPS = 10
ONE = np.ones(1, np.int64)


def times(count: int) -> np.ndarray:
    return np.arange(count) / FPS


# ---- smoothing


def test_a_window_counts_time_and_not_boxes() -> None:
    score = np.array([[1.0], [0.0], [0.0], [5.0]])
    time = np.array([0.0, 0.1, 0.2, 3.0])
    track = np.ones(4, np.int64)
    assert smooth(score, track, time, "window", 0.2)[:, 0].tolist() == pytest.approx([0.5, 1 / 3, 0.0, 5.0])
    assert smooth(score, track, time, "none", 0.2) is not score
    assert smooth(score, track, time, "none", 0.2).tolist() == score.tolist()


def test_an_exponential_looks_back_only_and_forgets_by_time() -> None:
    score = np.array([[0.0], [1.0], [0.0]])
    found = smooth(score, np.ones(3, np.int64), np.array([0.0, 1.0, 3.0]), "exponential", 1.0)[:, 0]
    e = np.exp(-1)
    assert found.tolist() == pytest.approx([0.0, 1 / (1 + e), e**2 / (1 + e**2 + e**3)])


@pytest.mark.parametrize("how", ["window", "exponential"])
def test_nobody_gets_a_score_of_somebody_else_and_who_has_no_track_keeps_his(how: str) -> None:
    score = np.array([[1.0], [0.0], [1.0], [0.0], [0.3], [0.7]])
    track = np.array([1, 2, 1, 2, -1, -1])
    found = smooth(score, track, times(6), how, 10.0)  # type: ignore[arg-type]
    assert found[:, 0].tolist() == [1, 0, 1, 0, 0.3, 0.7]


def test_rows_need_not_stand_in_the_order_of_time() -> None:
    score, time, track = np.array([[0.0], [1.0], [0.0], [1.0]]), np.array([0.3, 0.0, 0.2, 0.1]), np.ones(4, np.int64)
    assert smooth(score, track, time, "window", 0.2)[:, 0].tolist() == pytest.approx([0.0, 1.0, 1 / 3, 2 / 3])


def test_smoothed_probabilities_still_sum_to_one() -> None:
    score = np.random.default_rng(0).dirichlet(np.ones(4), 50)
    for how in ("window", "exponential"):
        found = smooth(score, np.repeat([1, 2], 25), times(50), how, 0.7)  # type: ignore[arg-type]
        assert found.sum(1) == pytest.approx(1)


# ---- labels and spans


def test_below_a_threshold_a_person_is_labelled_nothing() -> None:
    probability = np.array([[0.6, 0.4], [0.4, 0.6], [0.51, 0.49]])
    similarity = np.array([[0.30, 0.1], [0.1, 0.15], [0.30, 0.2]])
    assert choose_labels(probability, similarity, 0.55, None).tolist() == [0, 1, NOTHING]
    assert choose_labels(probability, similarity, 0.55, 0.2).tolist() == [0, NOTHING, NOTHING]
    assert choose_labels(probability, similarity, 0.6, None).tolist() == [0, 1, NOTHING]  # just there is enough


def test_without_a_threshold_of_ones_own_it_is_a_quarter_more_than_chance() -> None:
    assert threshold_of(Ask(), 5) == pytest.approx(0.25)
    assert threshold_of(Ask(threshold=0.9), 5) == 0.9


def test_a_span_goes_from_the_first_frame_to_where_the_frame_after_the_last_begins() -> None:
    label = np.array([0, 0, 1, 1, NOTHING, 1])
    found = find_spans(label, np.ones(6, np.int64), times(6), times(6) + 0.1)
    assert [(span.label, span.start, pytest.approx(span.end)) for span in found] == [
        (0, 0.0, 0.2),
        (1, 0.2, 0.4),
        (1, 0.5, 0.6),
    ]
    assert found[1].rows.tolist() == [2, 3]


def test_a_person_missed_for_a_moment_goes_on_with_the_same_span() -> None:
    time = np.array([0.0, 0.1, 0.8, 0.9])
    (span,) = find_spans(np.zeros(4, np.int64), np.ones(4, np.int64), time, time + 0.1)
    assert (span.start, span.end) == (0.0, 1.0)


def test_tracks_do_not_share_spans_and_without_a_track_there_is_none() -> None:
    found = find_spans(np.zeros(6, np.int64), np.array([1, 2, 1, 2, -1, -1]), times(6), times(6) + 0.1)
    assert [(span.track, span.rows.tolist()) for span in found] == [(1, [0, 2]), (2, [1, 3])]


# ---- a whole answer, and its files


def made(ask: Ask, every: int = 1, count: int = 31, start: float = 0.0) -> Answer:
    """A person on the left who waves for 1.5 s and then claps, one on the right who is unsure; one seen once."""
    rows, similar = [], []
    numbers = range(0, count, every)
    for frame in numbers:
        people = [((10, 20, 50, 90), 0 if frame < 15 else 2, 0.9), ((80, 20, 120, 90), None, 0.8)]
        people += [((60, 0, 70, 12), 1, 0.7)] if frame == 10 else []
        for box, (xyxy, label, sure) in enumerate(people):
            for place, name in enumerate(LABELS):
                p = 1 / 3 if label is None else 0.8 if place == label else 0.1
                rows.append(("a b.mp4", frame, box, *xyxy, name, p * sure, p, sure))
                similar.append(("a b.mp4", frame, box, name, 0.2 + p / 10))
    columns = ["video_id", "frame", "box", *BOX, "class_name", "score", "probability", "box_score"]
    detections = table("detections", pd.DataFrame(rows, columns=columns))
    similarities = table("similarities", pd.DataFrame(similar, columns=[*columns[:3], "class_name", "similarity"]))
    pts = [start + frame / FPS for frame in numbers]
    frames = table("frames", {"video_id": ["a b.mp4"] * len(pts), "frame": list(numbers), "pts": pts})
    video = pd.Series({"video_id": "a b.mp4", "digest": "d", "width": 128, "height": 96, "frames": count, "fps": FPS})
    tracks = link_persons(detections, frames)
    return answer("a b.mp4", video, frames, detections, similarities, tracks, labels=LABELS, ask=ask)


@pytest.mark.fault(54)
def test_a_video_whose_clock_begins_below_zero_loses_no_second() -> None:
    """AVA's format has no second below zero: times are counted from the first frame, as in the annotated video."""
    below, usual = made(Ask(), start=-10.0), made(Ask())
    assert below.frames["time"].tolist() == pytest.approx(usual.frames["time"].tolist())
    assert [(span.start, span.end) for span in below.spans] == [
        pytest.approx((span.start, span.end)) for span in usual.spans
    ]
    assert {line.split(",")[1] for line in files.as_csv([below]).splitlines()} == {"0", "1", "2", "3"}
    assert files.as_csv([below]) == files.as_csv([usual])
    late = made(Ask(), start=10.0)
    assert late.frames["time"].tolist() == late.frames["pts"].tolist()


def test_a_video_without_anybody_has_an_answer_too(tmp_path: Path) -> None:
    somebody = made(Ask())
    rows = [table(name) for name in ("detections", "similarities")]
    tracks = link_persons(rows[0], somebody.frames[["video_id", "frame", "pts"]])
    frames = somebody.frames[["video_id", "frame", "pts"]]
    nobody = answer("empty.mp4", somebody.video, frames, *rows, tracks, labels=LABELS, ask=Ask())
    assert (len(nobody.boxes), nobody.spans, nobody.tracks) == (0, [], [])
    assert marks(nobody, LABELS) == {}
    assert text.answer_lines(nobody, LABELS)[1].strip() == "nobody was found in any frame"
    assert files.as_csv([nobody, somebody]) == files.as_csv([somebody])


def test_who_does_what_from_when_to_when() -> None:
    one = made(Ask(smoothing="none"))
    found = [(span.track, LABELS[span.label], round(span.start, 3), round(span.end, 3)) for span in one.spans]
    assert found == [(1, "wave", 0.0, 1.5), (1, "clap", 1.5, 3.1)]
    assert one.tracks == [1, 2]


def test_smoothing_leaves_out_what_lasts_for_a_moment_only() -> None:
    rough = made(Ask(smoothing="none"), count=16)  # claps on the last frame
    smooth = made(Ask(smoothing="window", seconds=1.0), count=16)
    assert [LABELS[span.label] for span in rough.spans] == ["wave", "clap"]
    assert [LABELS[span.label] for span in smooth.spans] == ["wave"]


def test_labels_keep_the_order_in_which_they_were_named() -> None:
    """Table detections has them by the alphabet."""
    one = made(Ask(smoothing="none"))
    first = one.boxes.index[(one.boxes["frame"] == 0) & (one.boxes["box"] == 0)][0]
    assert one.probability_NK[first].tolist() == [0.8, 0.1, 0.1]
    assert one.similarity_NK[first].tolist() == pytest.approx([0.28, 0.21, 0.21])


def test_the_csv_reads_back_as_avas_files_do(tmp_path: Path) -> None:
    one = made(Ask(smoothing="none"))
    (tmp_path / "d.csv").write_text(files.as_csv([one]))
    (tmp_path / "l.pbtxt").write_text(files.as_labelmap(LABELS))
    read = read_boxes(tmp_path / "d.csv", scores=True)
    assert dict(enumerate(LABELS, 1)) == read_labelmap(tmp_path / "l.pbtxt")
    assert sorted(read["second"].unique()) == [0, 1, 2, 3]
    assert set(read["video"]) == {"a b.mp4"}
    assert len(read) == (2 + 3 + 2 + 2) * len(LABELS)  # in second 1 a third person
    second_2 = read[(read["second"] == 2) & (read["x1"] < 0.1)].set_index("action_id")
    assert second_2["score"].tolist() == pytest.approx([0.09, 0.09, 0.72])
    assert second_2.loc[1, BOX].tolist() == pytest.approx([10 / 128, 20 / 96, 50 / 128, 90 / 96], abs=1e-6)


def test_a_second_is_the_nearest_frame_that_was_looked_at_and_none_if_that_is_half_a_second_off() -> None:
    one = made(Ask(smoothing="none"), every=7)  # 0.0, 0.7, 1.4, 2.1, 2.8
    seconds = dict(files._seconds(one))
    assert seconds == {0: 0, 1: 7, 2: 21, 3: 28}
    sparse = made(Ask(smoothing="none"), every=15)  # 0.0, 1.5, 3.0
    assert dict(files._seconds(sparse)) == {0: 0, 3: 30}


def test_labels_with_quotes_and_braces_come_back_from_the_label_map(tmp_path: Path) -> None:
    names = ['says "hi"', "back\\slash", "it's"]
    (tmp_path / "l.pbtxt").write_text(files.as_labelmap(names))
    assert list(read_labelmap(tmp_path / "l.pbtxt").values()) == names


def test_json_holds_numbers_a_line_and_reads_back() -> None:
    content = {"boxes": [{"box": [1.5, 2.0], "label": None}], "name": "[1, 2]\n"}
    written = files.as_text(content)
    assert json.loads(written) == content
    assert '"box": [ 1.5, 2.0 ]' in written


def test_videos_whose_names_differ_in_the_ending_alone_get_files_of_their_own() -> None:
    one = made(Ask())
    named = [Answer(name, *list(vars(one).values())[1:]) for name in ("a/x.mp4", "x.avi", "b/y.mp4", "x.mov")]
    shown = files.names_of_videos(named)
    assert len(set(shown.values())) == 4
    assert shown["b/y.mp4"] == "b_y.annotated.mp4"


@pytest.mark.fault(69)
@pytest.mark.parametrize(
    "ids",
    [
        ("a/b.mp4", "a_b.mp4"),
        ("a/b.mp4", "a_b.mp4", "a/b.mov", "a_b.mov"),
        ("a/b.mp4", "a_b.avi", "a/b.mp4.avi", "a_b.mp4.avi"),
        ("Match.mp4", "match.mp4"),
        ("cafe\u0301.mp4", "caf\u00e9.mp4"),
        ("a\nb.mp4", "a\tb.mp4"),
        (f"{'x' * 246}.mp4", f"{'x' * 246}.mov"),
    ],
)
def test_no_two_videos_share_a_file(ids: tuple[str, ...]) -> None:
    one = made(Ask())
    shown = files.names_of_videos([Answer(name, *list(vars(one).values())[1:]) for name in ids])
    assert len({unicodedata.normalize("NFC", name).casefold() for name in shown.values()}) == len(ids)
    assert all(name.endswith(".annotated.mp4") and len(name) < 160 and name.isprintable() for name in shown.values())


def test_on_frames_in_between_a_box_moves_from_one_to_the_next_and_nothing_is_drawn_of_who_is_unsure() -> None:
    drawn = marks(made(Ask(smoothing="none"), every=5), LABELS)
    assert all(mark.track == 1 for frame, here in drawn.items() for mark in here if frame != 10)
    assert [mark.text for mark in drawn[10]] == ["1 wave 0.80", "juggle a ball 0.80"]  # who is seen once has no number
    assert [mark.interpolated for frame in range(6) for mark in drawn[frame]] == [False, True, True, True, True, False]
    assert drawn[0][0].text == "1 wave 0.80"
    assert drawn[30][0].text == "1 clap 0.80"
    assert max(drawn) == 30


def test_a_few_lines_say_what_was_found() -> None:
    lines = text.answer_lines(made(Ask(smoothing="none")), LABELS)
    assert lines[0] == "a b.mp4: 31 frames, 3.1 s; 2 persons followed"
    assert lines[1].split() == ["1", "0.00", "-", "1.50", "s", "wave", "0.80", "(similarity", "0.280)"]
    assert "nobody is sure enough" in text.answer_lines(made(Ask(threshold=1.0)), LABELS)[1]
