"""`make ask`: own videos, own words, an answer; and a second question that redoes texts and scores alone."""

import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.ask.made import write_film
from tests.end_to_end import runs
from tests.end_to_end.caches import stamps
from tests.end_to_end.conftest import ByMake, Work
from tests.end_to_end.made import Settings, frames_of, pictures
from tests.report.test_page import island
from zsstad_core.metrics.ava_files import read_boxes, read_labelmap
from zsstad_core.video import VideoSource, times

pytestmark = pytest.mark.slow

SHOWN = "run/clip_b"
FRAMES = frames_of(SHOWN)
WORDS = "juggle a ball, opening a door, clap"
OTHER_WORDS = "dig a hole, sing"


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("my videos")
    uneven = [40 * number + 15 * (number % 3) for number in range(FRAMES)]
    write_film(folder / "match.mp4", pictures(SHOWN), uneven)
    write_film(
        folder / "a day" / "match.mkv", pictures("wave/clip_b"), [40 * n for n in range(frames_of("wave/clip_b"))]
    )
    return folder


@pytest.fixture(scope="module")
def mine(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Everybody who is detected is scored and followed."""
    own = {"scoring.select": "all", "tracks.high_score": 0.0, "ask.threshold": 0.0, "head": "clip_crop"}
    return {**settings, **own, "cache.root": tmp_path_factory.mktemp("ask") / "cache"}


def ask(settings: Mapping[str, object], log: Path, **choices: object) -> runs.Ended:
    plain = {name: value for name, value in settings.items() if name != "head"}
    return runs.run("ask", plain, log, split="", **choices)


def answer(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "answer.json").read_text())
    return content


def test_a_second_question_redoes_texts_and_scores_alone(mine: dict[str, object], videos: Path, tmp_path: Path) -> None:
    video, cache = videos / "match.mp4", Path(str(mine["cache.root"]))
    first = ask(mine, tmp_path / "first", video=video, labels=WORDS, out=tmp_path / "one").ok()
    assert set(first.stages) == {"text", "index", "groundtruth", "detect", "encode", "score", "ask"}
    assert first.stages[0] == "text"  # a label that is too long is told before the work begins
    assert "asked anew: index, detect, encode, text, score; kept: nothing" in first.out
    kept = {
        name: stamp
        for name, stamp in stamps(cache).items()
        if name.startswith(("folder/index", "folder/detect", "folder/tokens"))
    }
    second = ask(mine, tmp_path / "second", video=video, labels=OTHER_WORDS, out=tmp_path / "two").ok()
    assert second.stages == ("text", "score", "ask")
    assert "asked anew: text, score; kept: index, detect, encode" in second.out
    assert kept.items() <= stamps(cache).items()
    again = ask(mine, tmp_path / "again", video=video, labels=OTHER_WORDS, out=tmp_path / "two").ok()
    assert again.stages == ("ask",)
    assert "asked anew: nothing; kept: index, detect, encode, text, score" in again.out

    one, two = answer(tmp_path / "one"), answer(tmp_path / "two")
    assert [label["name"] for label in one["asked"]["labels"]] == ["juggle a ball", "opening a door", "clap"]
    assert [label["name"] for label in two["asked"]["labels"]] == ["dig a hole", "sing"]
    persons = [
        [(track["track"], [box["box"] for box in track["boxes"]]) for track in of["videos"][0]["tracks"]]
        for of in (one, two)
    ]
    assert persons[0] == persons[1] != []  # who is who does not depend on the words


def test_the_files_of_an_answer_agree_with_each_other(mine: dict[str, object], videos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ended = ask(mine, tmp_path / "log", video=videos / "match.mp4", labels=WORDS, out=out).ok()
    written = [line.removeprefix("ask: ") for line in ended.out.splitlines() if line.startswith(f"ask: {out}")]
    assert sorted(written) == sorted(map(str, out.iterdir()))

    (video,) = answer(out)["videos"]
    assert (video["video"], video["frames"], video["frames looked at"]) == ("match.mp4", FRAMES, FRAMES)
    clock = [seconds for seconds, _, _ in times(VideoSource("", out / video["annotated"]))]
    assert clock == pytest.approx([s for s, _, _ in times(VideoSource("", videos / "match.mp4"))], abs=1e-6)
    for track in video["tracks"]:
        assert track["start"] == track["boxes"][0]["time"]
        for span in track["spans"]:
            shown = [box for box in track["boxes"] if span["start"] <= box["time"] < span["end"]]
            assert {box["label"] for box in shown} == {span["label"]}
            assert len(shown) == span["boxes"]
        for box in track["boxes"]:
            assert sum(box["probability"]) == pytest.approx(1, abs=1e-5)
            assert max(abs(value) for value in box["similarity"]) <= 1

    page = json.loads(island((out / "index.html").read_text()))
    assert page["lead"] == "Asked: juggle a ball, opening a door, clap."
    assert [len(clip["jpegs"]) for clip in page["clips"]] == [FRAMES]
    command = dict(page["made"][0]["entries"])["command"]
    assert command.startswith("make ask VIDEO=")
    assert f"LABELS='{WORDS}'" in command

    names = read_labelmap(out / "labels.pbtxt")
    assert list(names.values()) == [label["name"] for label in answer(out)["asked"]["labels"]]
    rows = read_boxes(out / "detections.csv", scores=True)
    first = [
        box
        for track in [*video["tracks"], {"boxes": video["without track"]}]
        for box in track["boxes"]
        if box["frame"] == 0
    ]
    assert len(rows[rows["second"] == 0]) == len(names) * len(first) > 0
    expected = sorted(p * box["detection"] for box in first for p in box["probability"])
    assert sorted(rows[rows["second"] == 0]["score"]) == pytest.approx(expected, abs=1e-4)


def test_a_folder_at_a_rate_of_its_own_with_texts_of_which_the_best_counts(
    mine: dict[str, object], videos: Path, tmp_path: Path
) -> None:
    (tmp_path / "words.yaml").write_text(
        "juggle: [a person juggles, a ball on a foot, ball]\nclap: [hands meet, applause]\n"
    )
    chosen = {**mine, "datasets.folder.every": 3}
    scores = {}
    for how in ("mean", "max"):
        out = tmp_path / how
        asked = {**chosen, "encoder.phrasings": how, "ask.smoothing": "none"}
        ended = ask(asked, tmp_path / f"log-{how}", video=videos, labels=tmp_path / "words.yaml", out=out).ok()
        of_all = answer(out)
        assert [one["video"] for one in of_all["videos"]] == ["a day/match.mkv", "match.mp4"]
        assert of_all["asked"]["frames looked at"] == {"every": 3}
        looked = {box["frame"] for one in of_all["videos"] for track in one["tracks"] for box in track["boxes"]}
        assert looked
        assert {frame % 3 for frame in looked} == {0}
        for one in of_all["videos"]:
            assert len([*times(VideoSource("", out / one["annotated"]))]) == one["frames"]
        scores[how] = [
            box["similarity"] for one in of_all["videos"] for track in one["tracks"] for box in track["boxes"]
        ]
    assert ended.stages == ("text", "score", "ask")
    assert scores["mean"] != scores["max"]


def test_a_head_that_was_trained_on_another_dataset_answers_and_one_of_another_encoder_does_not(
    by_make: ByMake, new_work: Callable[[Path | None], Work], mine: dict[str, object], videos: Path, tmp_path: Path
) -> None:
    work = new_work(by_make.cache)
    settings = {**mine, "cache.root": work.cache}
    choices = {"video": videos / "match.mp4", "labels": "wave, dig a hole", "trained_on": "jhmdb", "head": "iclip"}
    plain = {name: value for name, value in settings.items() if name not in ("head", "scoring.select")}
    ended = runs.run("ask", plain, tmp_path / "log", split=2, out=tmp_path / "out", **choices).ok()
    assert "train" not in ended.stages
    assert "learned in training, so no zero-shot: wave" in ended.out
    assert answer(tmp_path / "out")["asked"]["trained on"]["dataset"] == "jhmdb"
    other = runs.make("ask", {**plain, "encoder.seed": 1}, split=2, **choices)
    assert other.code != 0
    assert "was trained with another encoder (encoder." in other.err
    assert "nothing was started" in other.err


def test_st_clip_answers_from_windows_of_the_frames_that_are_looked_at(
    by_make: ByMake, new_work: Callable[[Path | None], Work], mine: dict[str, object], videos: Path, tmp_path: Path
) -> None:
    short = {"training.iterations": 2, "training.warmup": 1, "training.batch": 4, "encoder.pixels": "decoded"}
    own = {**short, "datasets.folder.every": 2, "heads.stclip.frames_before": 2, "heads.stclip.frames_after": 2}
    plain = {name: value for name, value in {**mine, **own}.items() if name not in ("head", "scoring.select")}
    plain["cache.root"] = new_work(by_make.cache).cache
    choices = {"video": videos / "match.mp4", "labels": "sing, dig a hole", "trained_on": "jhmdb", "head": "stclip"}
    ended = runs.run("ask", plain, tmp_path / "log", split=2, out=tmp_path / "out", **choices).ok()
    assert "train" in ended.stages  # what is not there is made first, as everywhere
    (video,) = answer(tmp_path / "out")["videos"]
    boxes = [box for part in (*video["tracks"], {"boxes": video["without track"]}) for box in part["boxes"]]
    assert boxes
    assert all(max(map(abs, box["similarity"])) <= 1.001 for box in boxes)


@pytest.mark.parametrize(
    ("choices", "changed", "message"),
    [
        ({"video": "gone.mp4"}, {}, "gone.mp4: no such file or folder"),
        ({"labels": ""}, {}, "LABELS= names no action"),
        ({"labels": "wave, Wave"}, {}, "names the same action twice: wave and Wave"),
        ({"labels": f"wave, {'very ' * 90}slow"}, {}, "has more than the 77 tokens that the text encoder reads"),
        ({}, {"detector.person_score": 1.0}, "no person in any of the"),
        ({"video": "{videos}/song.m4a"}, {}, "song.m4a: has no video stream"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    mine: dict[str, object],
    videos: Path,
    tmp_path: Path,
    choices: dict[str, str],
    changed: dict[str, object],
    message: str,
) -> None:
    import av

    with av.open(str(videos / "match.mp4")) as read, av.open(str(videos / "song.m4a"), "w") as written:
        stream = written.add_stream_from_template(read.streams.audio[0])
        for packet in read.demux(read.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                written.mux(packet)
    chosen = {
        "video": videos / "match.mp4",
        "labels": WORDS,
        **{k: v.replace("{videos}", str(videos)) for k, v in choices.items()},
    }
    plain = {name: value for name, value in {**mine, **changed}.items() if name != "head"}
    ended = runs.make("ask", plain, split="", out=tmp_path / "out", **chosen)
    assert ended.code != 0
    (line,) = [line for line in ended.err.splitlines() if line.startswith("error: ")]
    assert message in line
    assert "Traceback" not in ended.err
    assert not (tmp_path / "out").exists()
    if "77" in message:
        assert "detect:" not in ended.out


def test_several_videos_have_one_csv(mine: dict[str, object], videos: Path, tmp_path: Path) -> None:
    both = f"{videos}/match.mp4, {videos}/a day/match.mkv"
    ask(mine, tmp_path / "log", video=both, labels=WORDS, out=tmp_path / "out").ok()
    with (tmp_path / "out/detections.csv").open() as stream:
        assert {row[0] for row in csv.reader(stream)} == {"match.mp4", "match.mkv"}
    assert {path.name for path in (tmp_path / "out").glob("*.mp4")} == {
        "match.mp4.annotated.mp4",
        "match.mkv.annotated.mp4",
    }
