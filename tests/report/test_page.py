"""What goes into the page: its file, its clips, and which of them are chosen."""

import base64
import io
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.made_videos import grey, number_of, write_video
from tests.report.made_page import CLOSING, MARKERS, page_without_groundtruth, whole_page
from tests.report.test_shown_persons import ASIDE, SQUARE, detections, truth
from zsstad_core.ask.answer import answer
from zsstad_core.errors import SettingsError
from zsstad_core.report.moments import MarkedBox, Moment
from zsstad_core.report.page.choose import clips_to_show
from zsstad_core.report.page.clips import ClipToShow, FoundPersons, frames_of, make_clip, make_clips
from zsstad_core.report.page.jpeg import jpeg
from zsstad_core.report.page.of_answers import found_persons
from zsstad_core.report.page.write import as_html, write_page
from zsstad_core.report.shown_persons import best_actions
from zsstad_core.settings.results import Ask, Report
from zsstad_core.tables import table
from zsstad_core.tracks import UNTRACKED
from zsstad_core.video import VideoSource

SIZE = 1e6 * 20


# ---- the file


def island(text: str) -> str:
    (found,) = re.findall(r'<script type="application/json" id="page">(.*?)</script>', text, re.S)
    return str(found)


@pytest.mark.parametrize("page", [whole_page(), page_without_groundtruth()], ids=["whole", "without ground truth"])
def test_the_data_comes_out_as_it_went_in(page) -> None:
    text = as_html(page)
    assert json.loads(island(text)) == json.loads(json.dumps(page.to_json()))


def test_nothing_of_the_file_is_somewhere_else() -> None:
    text = as_html(page_without_groundtruth())
    around = text.replace(island(text), "")
    scripts = re.findall(r"<script[^>]*>", around)
    assert scripts == ['<script type="application/json" id="page">', "<script>", '<script type="module">']
    assert not re.search(r"<(?:link|iframe|object|embed|base)\b(?![^>]*href=\"data:,\")", around.split("<script")[0])
    assert re.search(r"http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';", text)
    assert len(text) < SIZE


def test_no_name_ends_a_script_or_a_title() -> None:
    text = as_html(whole_page())
    assert text.count("</script") == 3
    assert CLOSING not in text
    title = text[: text.index("</title>")].partition("<title>")[2]
    assert "<" not in title
    assert MARKERS.split(" </style>")[0] in title  # what looks like a place to fill in is not filled in


def test_a_page_that_cannot_be_written_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        SettingsError, match=r"file/index\.html: cannot be written \(File exists\); choose another OUT="
    ):
        write_page(tmp_path / "file" / "index.html", page_without_groundtruth())


def test_no_score_that_json_cannot_say_is_written() -> None:
    page = page_without_groundtruth()
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_html(page.__class__(**{**vars(page), "clips": (), "numbers": (float("nan"),)}))


# ---- pictures and clips


def decoded(text: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))


def test_a_picture_is_made_small_but_never_large() -> None:
    assert decoded(jpeg(grey(3, 60, 120), 40)).shape == (20, 40, 3)
    assert decoded(jpeg(grey(3, 60, 120), 500)).shape == (60, 120, 3)
    assert number_of(decoded(jpeg(grey(3, 60, 120), 40))) == 3


@pytest.fixture
def source(tmp_path: Path) -> VideoSource:
    return VideoSource("a", write_video(tmp_path / "a.avi", [grey(number) for number in range(10)]))


def of_video(frames: int = 10) -> pd.DataFrame:
    rows = {"video_id": "a", "frame": range(frames), "pts": [number / 30 for number in range(frames)]}
    return table("frames", rows)


def found(groundtruth: pd.DataFrame | None = None, chosen: pd.DataFrame | None = None) -> FoundPersons:
    rows = [("a", frame, 0, SQUARE, name, share) for frame in (2, 3) for name, share in (("run", 0.7), ("sit", 0.3))]
    rows += [("a", 3, 1, ASIDE, "run", 0.2), ("a", 3, 1, ASIDE, "sit", 0.8)]
    tracks = pd.DataFrame(
        [("a", 2, 0, 1), ("a", 3, 0, 1), ("a", 3, 1, UNTRACKED)], columns=["video_id", "frame", "box", "track"]
    )
    return FoundPersons(of_video(), detections(*rows), tracks, groundtruth, chosen)


def test_a_clip_shows_each_frame_with_its_own_boxes(source: VideoSource) -> None:
    annotated = truth(("a", 3, 7, SQUARE, "run"), ("a", 3, 7, SQUARE, "talk"), ("b", 3, 0, SQUARE, "sit"))
    one = make_clip(source, ClipToShow("a", "why"), found(annotated), {"run": "unseen"}, Report())
    assert [number_of(decoded(picture)) for picture in one.jpegs] == list(range(10))
    assert one.frames == tuple(range(10))
    assert (one.width, one.height) == (64, 48)
    assert (one.labels, one.groups) == (("run", "sit"), ("unseen", ""))
    alone, followed = one.persons
    assert (alone.number, [(sight.at, sight.label) for sight in alone.seen]) == (0, [(3, 1)])
    assert (followed.number, [(sight.at, sight.label) for sight in followed.seen]) == (1, [(2, 0), (3, 0)])
    assert followed.seen[0].probability == (0.7, 0.3)
    (person,) = one.truth
    assert [(sight.at, sight.actions) for sight in person.seen] == [(3, ("run", "talk"))]


def test_the_label_that_was_given_is_shown_not_the_most_probable(source: VideoSource) -> None:
    rows = [("a", 2, 0, ""), ("a", 3, 0, "sit"), ("a", 3, 1, "run")]
    chosen = pd.DataFrame(rows, columns=["video_id", "frame", "box", "class_name"])
    one = make_clip(source, ClipToShow("a", "why"), found(chosen=chosen), {}, Report())
    assert [[sight.label for sight in person.seen] for person in one.persons] == [[0], [None, 1]]


def test_a_part_of_a_long_video_keeps_its_frame_numbers_and_boxes(source: VideoSource) -> None:
    one = make_clip(source, ClipToShow("a", "why", frame=3), found(), {}, Report(frames=4))
    assert one.frames == (1, 2, 3, 4)
    assert one.every == 10
    assert [number_of(decoded(picture)) for picture in one.jpegs] == [1, 2, 3, 4]
    assert [sight.at for sight in one.persons[1].seen] == [1, 2]


def test_of_a_long_video_a_stretch_around_what_is_wanted_or_all_with_holes() -> None:
    numbers = list(range(100, 200))
    assert frames_of(numbers, 150, 10) == list(range(145, 155))
    assert frames_of(numbers, 101, 10) == list(range(100, 110))
    assert frames_of(numbers, 199, 10) == list(range(190, 200))
    assert frames_of(numbers, None, 30) == list(range(100, 200, 4))
    assert frames_of(numbers, 150, 100) == numbers


def test_clips_that_do_not_fit_are_left_out_and_counted(source: VideoSource) -> None:
    shown = [ClipToShow("a", "why")] * 3
    one = sum(map(len, make_clip(source, shown[0], found(), {}, Report()).jpegs)) / 1e6
    clips, note = make_clips({"a": source}, shown, found(), {}, Report(megabytes=2.5 * one))
    assert len(clips) == 2
    assert note == "2 clips; 1 more would not fit (report.megabytes)."
    clips, _ = make_clips({"a": source}, shown, found(), {}, Report(megabytes=0.1 * one))
    assert len(clips) == 1  # one that is too large is better than none


def test_an_answer_to_a_question_is_shown_as_it_was_given(source: VideoSource) -> None:
    """The label of each person is the answer's, smoothed and with a threshold, not the best of the page's own."""
    labels = ("wave", "clap")
    rows = [
        ("a", frame, 0, SQUARE, name, share)
        for frame, wave in ((2, 0.9), (3, 0.55), (4, 0.1))
        for name, share in (("wave", wave), ("clap", 1 - wave))
    ]
    scored = detections(*rows)
    similar = scored[["video_id", "frame", "box", "class_name"]].assign(similarity=scored["probability"] / 4)
    tracks = pd.DataFrame([("a", frame, 0, 1) for frame in (2, 3, 4)], columns=["video_id", "frame", "box", "track"])
    ask = Ask(threshold=0.6, smoothing="none")
    one = answer("a", pd.Series({"video_id": "a"}), of_video(), scored, similar, tracks, labels=labels, ask=ask)
    shown = make_clip(source, ClipToShow("a", ""), found_persons([one], labels), {}, Report())
    assert shown.labels == labels
    (person,) = shown.persons
    assert [(sight.at, sight.label) for sight in person.seen] == [(2, 0), (3, None), (4, 1)]
    assert person.seen[0].probability == (0.9, 0.1)
    assert person.seen[0].similarity == (0.225, 0.025)
    nobody = answer(
        "a", pd.Series({"video_id": "a"}), of_video(), scored[:0], similar[:0], tracks[:0], labels=labels, ask=ask
    )
    assert make_clip(source, ClipToShow("a", ""), found_persons([nobody], labels), {}, Report()).persons == ()


# ---- which clips


def moment(video_id: str, frame: int, kind: str, name: str) -> Moment:
    reason = MarkedBox(kind, (0, 0, 1, 1), 0, name, 0.5, 0.5, (name,))
    return Moment(video_id, frame, kind, 0.1, (reason,), (((0, 0, 1, 1), (name,)),))


def test_best_worst_and_unseen_classes_take_turns_and_no_clip_comes_twice() -> None:
    rows, real = [], []
    for video, name, right in (("a", "run", True), ("b", "run", False), ("c", "sit", True), ("d", "wave", True)):
        rows.append((video, 4, 0, SQUARE, name if right else "other", 0.9))
        real.append((video, 4, 0, SQUARE, name))
    best = best_actions(detections(*rows), truth(*real))
    asked = (
        ("run", "sit"),
        [moment("d", 4, "hit", "wave")],
        [moment("a", 4, "missed", "run"), moment("b", 4, "both", "run")],
    )
    shown = clips_to_show(best, *asked, 4)
    assert [one.video_id for one in shown] == ["a", "d", "b", "c"]
    assert [one.group for one in shown] == ["unseen", "seen", "unseen", "unseen"]
    assert shown[0].why == "run: 100 % of the found persons are named right, the best of 2 clips"
    assert shown[2].why == "a worst moment, both: run in frame 4"
    assert [one.video_id for one in clips_to_show(best.sample(frac=1, random_state=0), *asked, 2)] == ["a", "d"]
    assert clips_to_show(best, *asked, 0) == []


def test_videos_that_nobody_annotated_are_shown_by_their_best_score() -> None:
    best = best_actions(
        detections(("a", 0, 0, SQUARE, "run", 0.5), ("b", 1, 0, SQUARE, "sit", 0.8)), table("groundtruth")
    )
    shown = clips_to_show(best, (), (), (), 5)
    assert [(one.video_id, one.frame) for one in shown] == [("b", 1), ("a", 0)]
