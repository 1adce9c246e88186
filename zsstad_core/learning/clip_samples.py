"""Clips as samples: each clip, a video or the track of one person, is one row.

Shapes: C clips, R token rows, B samples of a batch.
"""

import hashlib

import numpy as np
import pandas as pd

from zsstad_core.learning.frame_index import Ints
from zsstad_core.learning.samples import SampleRows


class ClipSamples:
    """The clips of a set of videos; implements `Samples`.

    table: columns video_id and clip, one row a clip. `clip` is 0 for a whole video, else the number of a track; it is
    negative for a person whom the tracker follows nowhere and who is a clip alone. row_C: for each clip the rows of its
    tokens in the order of time, int64.

    hash_C: int64, a hash of each clip's video and number. Random draws for a clip depend on it, so they stay the same
    whatever other clips there are.
    """

    def __init__(self, table: pd.DataFrame, row_C: list[Ints]) -> None:
        self.table = table
        self.frames_C: Ints = np.array([len(rows) for rows in row_C], np.int64)
        self.first_C: Ints = np.cumsum(self.frames_C) - self.frames_C
        self.row_R: Ints = np.concatenate(row_C) if row_C else np.zeros(0, np.int64)
        self.hash_C: Ints = np.array([_hash(*clip) for clip in self._clips()], np.int64)

    def __len__(self) -> int:
        return len(self.table)

    @property
    def names(self) -> list[str]:
        """Names of the clips, for messages."""
        return [_name(*clip) for clip in self._clips()]

    def take(self, sample_B: Ints) -> SampleRows:
        """The rows of the clips `sample_B`: one row a clip."""
        number_B = np.arange(len(sample_B))
        return SampleRows(sample_B, sample_B, number_B, np.zeros_like(number_B), min(len(sample_B), 1))

    def identity(self) -> bytes:
        """What identifies the clips and the rows of their tokens."""
        names = [_hashed_name(*clip) for clip in self._clips()]
        return f"{names}".encode() + self.first_C.tobytes() + self.row_R.tobytes()

    def _clips(self) -> list[tuple[str, int]]:
        return list(zip(self.table["video_id"], self.table["clip"], strict=True))


def videos_as_clips(frames: pd.DataFrame) -> ClipSamples:
    """Each video of table frames as a clip of all its frames, in the order of their numbers."""
    videos = frames["video_id"].to_numpy(object)
    starts = np.flatnonzero(np.r_[True, videos[1:] != videos[:-1]]) if len(videos) else np.zeros(0, np.int64)
    table = pd.DataFrame({"video_id": videos[starts], "clip": np.zeros(len(starts), np.int64)})
    return ClipSamples(table, np.split(np.arange(len(videos)), starts[1:]) if len(starts) else [])


def tracklets_as_clips(tracklets: pd.DataFrame, row_R: Ints) -> ClipSamples:
    """Each track as a clip of its boxes, in the order of their frames.

    tracklets: columns video_id, frame, track; row_R: the row of each box's tokens.
    """
    order = tracklets.assign(row=row_R).sort_values(["video_id", "track", "frame"], kind="stable")
    table = order[["video_id", "track"]].drop_duplicates().rename(columns={"track": "clip"})
    starts = np.flatnonzero(~order.duplicated(["video_id", "track"]))
    rows = np.split(order["row"].to_numpy(np.int64), starts[1:]) if len(starts) else []
    return ClipSamples(table.reset_index(drop=True), rows)


def _name(video_id: str, clip: int) -> str:
    return f"{video_id}, a person alone ({clip})" if clip < 0 else _hashed_name(video_id, clip)


def _hashed_name(video_id: str, clip: int) -> str:
    """The name that random draws and checkpoints depend on: it must never change, whatever messages call the clip."""
    return f"{video_id} person {clip}" if clip else video_id


def _hash(video_id: str, clip: int) -> int:
    name = _hashed_name(video_id, clip)
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little", signed=True)
