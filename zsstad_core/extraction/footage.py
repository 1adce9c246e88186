"""Decode the frames of a group's clips; the error for a clip that does not decode names the clip."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext

import pandas as pd

from zsstad_core.errors import UserError, VideosFailedError
from zsstad_core.video import Frame, VideoSource, decode

type Wanted = Mapping[str, Collection[int]]
"""Numbers of the frames that are wanted, by video_id."""


type Reading = Callable[[str], AbstractContextManager[None]]
"""A block that reads the video of this id; raises DataError if the video is not, or does not stay, what its digest says
(`plan.basis.Basis.reading`)."""


def unchecked(video_id: str) -> AbstractContextManager[None]:
    """A `Reading` that accepts any content."""
    return nullcontext()


def wanted_frames(rows: pd.DataFrame) -> Wanted:
    """The frames that the rows of a table (columns video_id, frame) name."""
    return {str(video_id): frozenset(numbers) for video_id, numbers in rows.groupby("video_id")["frame"]}


def decode_clip(source: VideoSource, wanted: Wanted | None = None) -> Iterator[Frame]:
    """`video.decode` for a clip: all its frames, or its frames in `wanted`.

    Raises VideosFailedError if the clip is missing or damaged.
    """
    try:
        yield from decode(source, None if wanted is None else wanted.get(source.video_id, frozenset()))
    except UserError as error:
        raise VideosFailedError({source.video_id: str(error)}) from error
