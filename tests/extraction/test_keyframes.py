"""Index, detection and tokens of videos with keyframes: the frames that are wanted, and no others."""

from pathlib import Path
from typing import Any

import pytest

from tests.extraction.fakes import FakeDetector, FakeEncoder, computed
from tests.made_videos import grey, write_folder, write_video
from zsstad_core.cache.stages import DETECT, GROUNDTRUTH, INDEX, Stage
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.errors import VideosFailedError
from zsstad_core.extraction.detect import detect
from zsstad_core.extraction.encode import encode
from zsstad_core.extraction.footage import wanted_frames
from zsstad_core.extraction.scan import annotate, scan
from zsstad_core.extraction.token_boxes import boxes_of
from zsstad_core.keyframes import Keyframes, Step
from zsstad_core.settings.frozen import Detector, Encoder
from zsstad_core.tables import table
from zsstad_core.unplaced import UNPLACED
from zsstad_core.video import VideoSource

PTS = [0, 700, 1400, 2100, 2800, 3500, 4100]  # milliseconds; keyframes of 902, 903, 904 are frames 3, 4, 6
FRAME_TOKENS = Stage.encoding(TokenKind.frame)
KEYFRAMES = Keyframes(902, 1798, start=900.0)


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, VideoSource]:
    film = write_video(tmp_path / "film.mkv", [grey(n) for n in range(7)], codec="ffv1", pix_fmt="bgr0", pts=PTS)
    frames = write_folder(tmp_path / "frames", [grey(n) for n in range(4)])
    return {"film": VideoSource("film", film), "frames": VideoSource("frames", frames, fps=1.0)}


def index(sources: dict[str, VideoSource], keyframes: Keyframes = KEYFRAMES) -> dict[str, Any]:
    return dict(computed(scan(sources, keyframes), sources, INDEX)[INDEX].tables)


def test_the_index_holds_keyframes_under_the_numbers_of_their_frames(sources: dict[str, VideoSource]):
    found = index(sources)
    assert found["keyframes"].values.tolist() == [
        ["film", 3, 902],
        ["film", 4, 903],
        ["film", 6, 904],
        ["frames", 2, 902],
        ["frames", 3, 903],
    ]
    assert found["frames"][["video_id", "frame"]].equals(found["keyframes"][["video_id", "frame"]])
    assert list(found["frames"]["pts"]) == pytest.approx([2.1, 2.8, 4.1, 2.0, 3.0])
    assert list(found["videos"]["frames"]) == [7, 4]


def test_neighbours_are_frames_and_no_keyframes(sources: dict[str, VideoSource]):
    found = index(sources, Keyframes(902, 1798, 900.0, 1, Step(1, "frames")))
    assert list(found["frames"].query("video_id == 'film'")["frame"]) == [2, 3, 4, 5, 6]
    assert list(found["keyframes"].query("video_id == 'film'")["frame"]) == [3, 4, 6]


def test_a_wanted_picture_that_does_not_decode_sets_its_video_aside_at_once(sources: dict[str, VideoSource]):
    (sources["frames"].path / "00003.png").write_bytes(b"damaged")
    with pytest.raises(VideosFailedError, match=r"00003\.png: frame 2 does not decode") as caught:
        index(sources)
    assert set(caught.value.reasons) == {"frames"}


def test_a_video_that_starts_elsewhere_says_so_instead_of_scoring_nothing(sources: dict[str, VideoSource]):
    with pytest.raises(
        VideosFailedError, match=r"film\.mkv: lasts from 0 to 4\.1 s, with second 0 at 0, and so shows none"
    ):
        index({"film": sources["film"]}, Keyframes(902, 1798, start=0.0))


def test_a_whole_film_that_is_said_to_be_cut_is_refused(tmp_path: Path):
    path = write_video(tmp_path / "film.mkv", [grey(0)] * 4, "ffv1", pix_fmt="bgr0", pts=[0, 2000, 900_000, 958_500])
    with pytest.raises(VideosFailedError, match=r"film\.mkv: goes on for more than a minute after second 1798"):
        index({"film": VideoSource("film", path)})


def test_persons_are_looked_for_on_keyframes_only(sources: dict[str, VideoSource]):
    found, detector = index(sources), FakeDetector()
    wanted = wanted_frames(found["keyframes"])
    content = computed(detect(sources, detector, Detector(batch=4), wanted), sources, DETECT)[DETECT]
    boxes = content.tables["boxes"]
    assert sum(detector.batches) == 5
    # A frame of grey n has n persons, by the fake: so a frame's number is that of its picture.
    persons = boxes[boxes["what"] == "person"].groupby(["video_id", "frame"]).size()
    assert persons.to_dict() == {
        (video, frame): frame for video, frame in found["frames"][["video_id", "frame"]].values
    }


def test_tokens_are_of_wanted_frames_and_of_their_own_pictures(sources: dict[str, VideoSource]):
    found = index(sources, Keyframes(902, 1798, 900.0, 1, Step(1, "frames")))
    encoder: Any = FakeEncoder()
    compute = encode(sources, encoder, Encoder(), {}, wanted_frames(found["frames"]))
    content = computed(compute, sources, FRAME_TOKENS)[FRAME_TOKENS]
    assert content.tables["frames"].equals(found["frames"])
    assert content.tokens is not None
    assert [round((float(mean) - 16) / 16) for mean in content.tokens[:, 0]] == list(found["frames"]["frame"])


def test_annotated_persons_become_tokens_where_their_second_has_a_frame(sources: dict[str, VideoSource]):
    found = index(sources)
    box = {"box": 0, "x1": 0.25, "y1": 0.25, "x2": 0.75, "y2": 1.0}
    seconds = [UNPLACED + 902, UNPLACED + 904, UNPLACED + 1000]
    rows = table(
        "groundtruth", {"video_id": ["film"] * 3, "frame": seconds, **box, "class_name": "sit", "decoded": True}
    )
    content = computed(annotate(rows, found["videos"], found["keyframes"]), sources, GROUNDTRUTH)[GROUNDTRUTH]
    boxes = boxes_of([TokenKind.groundtruth], None, content.tables["groundtruth"])[TokenKind.groundtruth]
    assert boxes[["frame", "x1", "y1", "x2", "y2"]].values.tolist() == [[3, 16, 12, 48, 48], [6, 16, 12, 48, 48]]


@pytest.mark.fault(28)
def test_keyframes_of_real_clips_with_uneven_times(realdata: Path):
    """These leave out about every sixth tick of a 30 fps clock: second 1 is not their frame 30."""
    paths = sorted((realdata / "videos" / "jhmdb" / "golf").glob("*.avi"))[:6]
    clips = {path.stem: VideoSource(path.stem, path) for path in paths}
    found = index(clips, Keyframes(902, 1798, start=901.0))
    keyframes = found["keyframes"].merge(found["frames"]).query("second == 902")
    assert len(keyframes) == 6
    assert (keyframes["pts"] - 1.0).abs().max() <= 1 / 30
    assert (keyframes["frame"] < 30).all()
