"""Persons as samples: a sample holds the persons of one frame.

Shapes: F frames, R persons, S samples.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.learning.frame_index import FrameIndex, Ints
from zsstad_core.learning.objects import offsets
from zsstad_core.learning.order import SampleOrder
from zsstad_core.learning.samples import SampleRows, rows_between

NEVER = np.iinfo(np.int64).max


class PersonSamples:
    """The persons of a set of frames; implements `Samples`.

    table: columns video_id, frame, box, x1..y2, score, in any order. A sample is a frame's persons, best score first
    (equal scores by box number), who are also each other's keys. Where a frame has more than `slots` persons, the
    others form further samples of the frame, each with its own keys, so that every person is trained on and scored.
    (The published code of iCLIP draws a random subset; docs/methods.md.) Frames without persons have no sample.

    Raises DataError where a person has no frame.
    """

    def __init__(self, table: pd.DataFrame, index: FrameIndex, slots: int) -> None:
        self.table, self.index = table, index
        frame_R = index.rows(table, "persons")
        score_R, box_R = table["score"].to_numpy(np.float64), table["box"].to_numpy()
        self._row = np.lexsort((box_R, -score_R, frame_R))
        first_F = offsets(frame_R, len(index))
        samples_F = -(-np.diff(first_F) // slots)

        self.frame_S: Ints = np.repeat(np.arange(len(index)), samples_F)
        part_S = np.arange(len(self.frame_S)) - (np.cumsum(samples_F) - samples_F)[self.frame_S]
        self._first_S: Ints = first_F[self.frame_S] + part_S * slots
        self._end_S: Ints = np.minimum(self._first_S + slots, first_F[self.frame_S + 1])

    def __len__(self) -> int:
        return len(self.frame_S)

    def take(self, sample_B: Ints) -> SampleRows:
        """The rows of the persons of these samples."""
        return rows_between(sample_B, self._first_S[sample_B], self._end_S[sample_B], self._row)

    def first_visits(self, order: SampleOrder) -> Ints:
        """The iteration in which `order` first visits each frame, int64 [F]; NEVER if it does not."""
        first_F = np.full(len(self.index), NEVER)
        np.minimum.at(first_F, self.frame_S, order.first_visit())
        return first_F

    def occupied(self) -> NDArray[np.bool_]:
        """Whether each frame has a person, bool [F]."""
        occupied_F = np.zeros(len(self.index), np.bool_)
        occupied_F[self.frame_S] = True
        return occupied_F

    def identity(self) -> bytes:
        """What identifies the frames, the persons and their division into samples."""
        names = f"{self.index.step} {list(self.index.names)}".encode()
        return names + b"".join(array.tobytes() for array in (self.index.key_F, self._row, self._first_S))
