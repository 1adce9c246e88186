"""Every token stands with the frame or box it was made of."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.extraction.fakes import FakeEncoder, computed, grey_clips
from tests.made_videos import STEP, grey, write_folder
from zsstad_core.cache.stages import Stage
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.extraction import encode as module
from zsstad_core.extraction.encode import encode
from zsstad_core.extraction.footage import Wanted
from zsstad_core.settings.frozen import Encoder as EncoderSettings
from zsstad_core.tables import BOX, table
from zsstad_core.video import VideoSource, decode
from zsstad_core.work import Content

CLIPS = {"catch/b": [1, 5, 2], "wave/a": [3], "wave/c": [0, 9, 4, 1, 2]}
KINDS = (TokenKind.frame, TokenKind.person, TokenKind.object)


def boxes_on(clips: Mapping[str, list[int]], each: int, seed: int) -> pd.DataFrame:
    """`each` boxes on every second frame."""
    rng = np.random.default_rng(seed)
    rows = [
        (name, frame, box, *(corner := rng.integers(0, 30, 2)), *(corner + rng.integers(2, 18, 2)))
        for name, numbers in clips.items()
        for frame in range(0, len(numbers), 2)
        for box in range(each)
    ]
    frame = pd.DataFrame(rows, columns=["video_id", "frame", "box", *BOX])
    return table("boxes", frame.assign(score=0.5, what="person"))


BOXES = {TokenKind.person: boxes_on(CLIPS, 3, 0), TokenKind.object: boxes_on(CLIPS, 2, 1)}


def encoded(
    sources: Mapping[str, VideoSource],
    *kinds: TokenKind,
    boxes: Mapping[TokenKind, pd.DataFrame] = BOXES,
    batch: int = 4,
) -> Mapping[TokenKind, Content]:
    compute = encode(sources, FakeEncoder(), EncoderSettings(batch=batch), boxes)  # type: ignore[arg-type]
    found = computed(compute, sources, *(Stage.encoding(kind) for kind in kinds))
    return {kind: found[Stage.encoding(kind)] for kind in kinds}


@pytest.mark.parametrize("batch", [1, 4, 1000])
def test_each_token_is_of_its_row(batch: int, tmp_path: Path):
    found = encoded(grey_clips(tmp_path, CLIPS), *KINDS, batch=batch)
    for kind, name in zip(KINDS, ("frames", "boxes", "boxes"), strict=True):
        rows, tokens = found[kind].tables[name], found[kind].tokens
        assert tokens is not None
        expected = [16 + STEP * CLIPS[row.video_id][row.frame] for row in rows.itertuples()]
        np.testing.assert_array_equal(tokens[:, 0], np.array(expected, np.float16))
        pd.testing.assert_frame_equal(rows, table(name, rows))
    assert len(found[TokenKind.frame].tables["frames"]) == 9
    pd.testing.assert_frame_equal(found[TokenKind.person].tables["boxes"], BOXES[TokenKind.person])


def test_a_token_is_of_what_is_inside_its_box(tmp_path: Path):
    picture = grey(0)
    picture[:, 32:] = grey(8)[:, 32:]  # dark left, bright right
    source = VideoSource("wave/a", write_folder(tmp_path, [picture]))
    rows = [(0, 0, 32, 48), (32, 0, 64, 48), (16, 0, 48, 48)]
    frame = pd.DataFrame(
        [("wave/a", 0, i, *box) for i, box in enumerate(rows)], columns=["video_id", "frame", "box", *BOX]
    )
    boxes = {TokenKind.person: table("boxes", frame.assign(score=0.5, what="person"))}
    tokens = encoded({"wave/a": source}, TokenKind.person, boxes=boxes)[TokenKind.person].tokens
    assert tokens is not None
    assert tokens[:, 0].tolist() == [16, 16 + 8 * STEP, 16 + 4 * STEP]
    assert tokens[2, 1] < tokens[2, 0]  # the left half of the third is the dark one


@pytest.mark.parametrize("batch", [1, 3, 4, 7, 1000])
def test_tokens_do_not_depend_on_what_else_is_made_in_the_same_pass(batch: int, tmp_path: Path):
    """The fake token says how many views came with it; a real one's lowest bits do."""
    sources = grey_clips(tmp_path, CLIPS)
    together = encoded(sources, *KINDS, batch=batch)
    for kind in KINDS:
        alone = encoded(sources, kind, batch=batch)[kind]
        np.testing.assert_array_equal(together[kind].tokens, alone.tokens)


def test_clips_are_decoded_once_for_all_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    seen: list[str] = []

    def noting(source: VideoSource, wanted: Wanted | None):
        seen.append(source.video_id)
        return decode(source)

    monkeypatch.setattr(module, "decode_clip", noting)
    encoded(grey_clips(tmp_path, CLIPS), *KINDS)
    assert seen == list(CLIPS)


@pytest.mark.fault(32)
def test_frames_without_a_box_and_clips_without_any_have_no_token(tmp_path: Path):
    sources = grey_clips(tmp_path, {"wave/a": [1, 2], "wave/b": [3]})
    none = encoded(sources, TokenKind.person, boxes={TokenKind.person: table("boxes")})[TokenKind.person]
    assert none.tokens is not None
    assert (none.tokens.shape, none.tokens.dtype) == ((0, 4), np.float16)
    pd.testing.assert_frame_equal(none.tables["boxes"], table("boxes"))

    one = encoded(sources, TokenKind.person, boxes={TokenKind.person: boxes_on({"wave/b": [3]}, 1, 0)})[
        TokenKind.person
    ]
    assert one.tokens is not None
    assert one.tokens[:, 0].tolist() == [16 + 3 * STEP]


def test_a_unit_takes_the_boxes_of_its_own_clips(tmp_path: Path):
    sources = grey_clips(tmp_path, CLIPS)
    own = encoded({"wave/c": sources["wave/c"]}, TokenKind.person)[TokenKind.person]
    assert own.tokens is not None
    assert set(own.tables["boxes"]["video_id"]) == {"wave/c"}
    assert len(own.tokens) == len(own.tables["boxes"]) == 9


def test_the_unit_says_what_made_it(tmp_path: Path):
    found = encoded(grey_clips(tmp_path, {"wave/a": [1]}), TokenKind.frame)[TokenKind.frame]
    assert found.made_with == {"encoder": "fake", "weights": "none"}
