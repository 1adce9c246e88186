"""What cannot be asked or answered is said in one line."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from tests.ask.made import pictures, write_film
from tests.ask.test_answer import made
from tests.made_plans import settings, write_dataset
from tests.made_videos import write_video
from zsstad_core.ask.refusals import (
    refuse_nobody,
    refuse_other_encoder,
    refuse_other_frames,
    refuse_overwriting,
    refuse_without_pictures,
)
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.cache.units import write_whole
from zsstad_core.errors import DataError, SettingsError
from zsstad_core.plan.plan import Plan
from zsstad_core.settings.results import Ask
from zsstad_core.video import VideoSource


def test_a_file_without_pictures_and_one_that_is_no_video_are_named(tmp_path: Path) -> None:
    import av

    film = write_film(tmp_path / "film.mp4", pictures(25), [40 * n for n in range(25)])
    with av.open(str(film)) as read, av.open(str(tmp_path / "song.m4a"), "w") as written:
        stream = written.add_stream_from_template(read.streams.audio[0])
        for packet in read.demux(read.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                written.mux(packet)
    (tmp_path / "notes.mp4").write_text("no video")
    refuse_without_pictures([VideoSource("film", film)])
    with pytest.raises(DataError, match=r"song\.m4a: has no video stream"):
        refuse_without_pictures([VideoSource("song", tmp_path / "song.m4a")])
    with pytest.raises(DataError, match=r"notes\.mp4: is no video that opens"):
        refuse_without_pictures([VideoSource("notes", tmp_path / "notes.mp4")])
    bad = [VideoSource(name, tmp_path / name) for name in ("notes.mp4", "song.m4a")]
    with pytest.raises(DataError, match=r"notes\.mp4: is no video .* \(and 1 more files, of which none opens either\)"):
        refuse_without_pictures(bad)
    refuse_without_pictures([*bad, VideoSource("film", film)])


def test_nobody_in_the_whole_video_is_refused_and_nobody_in_one_of_two_is_not(tmp_path: Path) -> None:
    somebody = made(Ask())
    nobody = SimpleNamespace(video_id="empty.mp4", boxes=pd.DataFrame(), frames=somebody.frames)
    plan: Any = SimpleNamespace(settings=settings(tmp_path))
    refuse_nobody(plan, [somebody, nobody])  # type: ignore[list-item]
    with pytest.raises(DataError, match=r"empty\.mp4: no person in any of the 31 frames .*person_score 0\.05"):
        refuse_nobody(plan, [nobody])  # type: ignore[list-item]
    plan.settings = settings(tmp_path, **{"detector.kind": "mine:KIND"})
    with pytest.raises(DataError, match=r"looked at \(mine:KIND, detector\.person_score 0\.05, "):
        refuse_nobody(plan, [nobody])  # type: ignore[list-item]


def test_a_video_that_is_asked_about_is_never_written_over(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.annotated.mp4", pictures(2), "libx264")
    plan: Any = SimpleNamespace(videos={"a": VideoSource("a", video)})
    refuse_overwriting(plan, tmp_path / "elsewhere", {"a": "a.annotated.mp4"})
    with pytest.raises(SettingsError, match=r"a\.annotated\.mp4: is a video that you ask about; choose another OUT="):
        refuse_overwriting(plan, tmp_path, {"a": "a.annotated.mp4"})


def test_a_video_that_has_changed_since_is_told(tmp_path: Path) -> None:
    refuse_other_frames(made(Ask()), 31)
    with pytest.raises(DataError, match=r"a b\.mp4: has 30 frames now, and had 31"):
        refuse_other_frames(made(Ask()), 30)


# ---- a head that was trained with another encoder


def asked(folder: Path, **changed: Any) -> Plan:
    """Of the training dataset itself, whose files are at hand."""
    elsewhere = {"trained_on.dataset": "jhmdb", "trained_on.split": "2", "split": "without-wave"}
    return Plan(settings(folder, **{"encoder.pretrained": "random", **elsewhere, **changed}))


def train(plan: Plan) -> None:
    """What a training leaves, as far as it says what was trained."""
    for artifact in (plan.train, plan.training_plan.text, plan.training_plan.tokens(TokenKind.frame)):  # type: ignore[union-attr]
        artifact.begin()  # type: ignore[union-attr]
    plan.train.done.parent.mkdir(parents=True, exist_ok=True)  # type: ignore[union-attr]
    write_whole(plan.train.path / "trained", "")  # type: ignore[union-attr]


def test_a_head_that_was_trained_with_another_encoder_is_refused_and_what_differs_is_said(tmp_path: Path) -> None:
    write_dataset(tmp_path / "jhmdb")
    train(asked(tmp_path))
    with pytest.raises(
        SettingsError, match=r"the head iclip of jhmdb, label split 2, was trained with another encoder .enc"
    ):
        refuse_other_encoder(asked(tmp_path, **{"encoder.seed": 1}))


def test_a_head_that_is_not_trained_yet_or_otherwise_is_trained(tmp_path: Path) -> None:
    write_dataset(tmp_path / "jhmdb")
    refuse_other_encoder(asked(tmp_path))
    train(asked(tmp_path))
    refuse_other_encoder(asked(tmp_path, **{"training.lr": 1e-3}))
    refuse_other_encoder(asked(tmp_path, **{"encoder.seed": 1, "trained_on.split": "1"}))  # another split: none yet
