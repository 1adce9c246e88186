"""Tokens that no head could use are refused with the video and the frame, before a unit is published."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.extraction.fakes import FakeEncoder, grey_clips
from tests.made_videos import STEP
from zsstad_core.cache.artifact import Artifact
from zsstad_core.cache.stages import Stage
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.errors import DataError, ModelError
from zsstad_core.extraction.encode import encode
from zsstad_core.settings.frozen import Encoder as EncoderSettings
from zsstad_core.tables import BOX, table
from zsstad_core.work import Work, run

CLIPS = {"wave/a": [1, 2], "wave/b": [3, 9, 5], "wave/c": [4]}


class Overflowing(FakeEncoder):
    """Has no token for a view brighter than 9 greys; says so as the real one does, or hands out what it has."""

    def __init__(self, *, says_so: bool) -> None:
        self._says_so = says_so

    def encode_views(self, views: np.ndarray) -> np.ndarray:
        tokens = super().encode_views(views)
        bad = tokens[:, 0] >= 16 + 9 * STEP
        if bad.any() and self._says_so:
            raise ModelError(f"view {int(np.flatnonzero(bad)[0])} of {len(views)}: its token is not finite in float16")
        tokens[bad, 2] = np.inf
        return tokens


def boxes(numbers: dict[str, list[int]]) -> pd.DataFrame:
    """Two persons on every frame."""
    rows = [
        (clip, frame, box, 0, 0, 60, 40) for clip, all_of in numbers.items() for frame in range(len(all_of))
        for box in (0, 1)
    ]  # fmt: skip
    return table(
        "boxes", pd.DataFrame(rows, columns=["video_id", "frame", "box", *BOX]).assign(score=0.5, what="person")
    )


def extract(folder: Path, encoder: FakeEncoder, batch: int, persons: pd.DataFrame) -> list[Artifact]:
    sources = grey_clips(folder / "clips", CLIPS)
    members = {name: f"digest of {name}" for name in CLIPS}
    both = [
        Artifact(folder / "cache", stage, {}, members, 2)
        for stage in map(Stage.encoding, (TokenKind.frame, TokenKind.person))
    ]
    compute = encode(sources, encoder, EncoderSettings(batch=batch), {TokenKind.person: persons})  # type: ignore[arg-type]
    try:
        run(Work("encode", both, lambda: compute))
    finally:
        for artifact in both:
            assert not list(artifact.path.glob(".*.tmp"))
    return both


@pytest.mark.fault(38)
@pytest.mark.parametrize("batch", [1, 2, 3, 100])
def test_a_token_that_is_not_finite_is_told_with_its_video_and_frame(batch: int, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"^wave/b frame 1( box 0)?: view 0 of 1: its token is not finite"):
        extract(tmp_path, Overflowing(says_so=True), batch, boxes(CLIPS))
    held = [path.parent.name for path in (tmp_path / "cache").glob("*/unit-*")]
    assert held == []  # wave/a is in the same unit, wave/c comes after it


@pytest.mark.fault(38)
def test_a_token_that_the_encoder_lets_pass_is_not_cached_either(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"token row 3 of .* is NaN or infinite"):
        extract(tmp_path, Overflowing(says_so=False), 4, boxes(CLIPS))
    assert not list((tmp_path / "cache").glob("*/unit-*/tokens.zarr"))


@pytest.mark.fault(40)
def test_boxes_that_got_no_token_are_not_cached_as_if_they_had(tmp_path: Path) -> None:
    """Else every token after the first of them would be another one's."""
    beyond = boxes({**CLIPS, "wave/a": [1, 2, 3]})  # wave/a has two frames
    with pytest.raises(DataError, match=r"^12 boxes have 10 tokens: some stand on frames that the clips do not have"):
        extract(tmp_path, FakeEncoder(), 4, beyond)
    assert not list((tmp_path / "cache").glob("tokens-person-*/unit-*"))
