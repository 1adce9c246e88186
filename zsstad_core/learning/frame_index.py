"""`FrameIndex`: the rows of frames in their table, and the neighbours of a frame in time.

Shapes: F frames, R boxes, B frames of a batch, T steps in time.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.errors import DataError
from zsstad_core.keyframes import Step, nearest

type Ints = NDArray[np.int64]

NO_ROW = -1

EVERY_FRAME = Step()
_APART_S = 4e6  # seconds between videos on a common time line: farther than any step reaches


class FrameIndex:
    """Rows of a table of frames by (video, frame number).

    frames: columns video_id and frame (from 0); the frames of a video stand together in ascending order. Gaps are
    allowed: a frame without a row has no neighbours and is no frame's neighbour. step: the distance between neighbours;
    for a step in seconds, `frames` has the column pts. Raises DataError where frames are out of order.
    """

    def __init__(self, frames: pd.DataFrame, step: Step = EVERY_FRAME) -> None:
        video_F, names = pd.factorize(frames["video_id"])
        self.names = pd.Index(names)
        self.video_F: Ints = video_F.astype(np.int64)
        self.number_F: Ints = frames["frame"].to_numpy(np.int64)
        self.key_F = _key(self.video_F, self.number_F)
        out_of_order = np.diff(self.key_F) <= 0
        if out_of_order.any():
            row = frames.iloc[int(np.flatnonzero(out_of_order)[0]) + 1]
            raise DataError(
                f"table frames: {row.video_id} frame {row.frame} is out of order; the frames of a video must stand "
                "together and rise, each once"
            )
        self.step = step
        self._time_F = None
        if step.unit == "seconds":
            self._time_F = self.video_F * _APART_S + frames["pts"].to_numpy(np.float64)
            self._by_time: Ints = np.argsort(self._time_F, kind="stable")
            self._rising_F = self._time_F[self._by_time]

    def __len__(self) -> int:
        return len(self.key_F)

    def rows(self, boxes: pd.DataFrame, what: str) -> Ints:
        """Row of each box's frame, int64 [R]. Raises DataError naming the first box (of table `what`) whose frame has
        no row."""
        code_R, names = pd.factorize(boxes["video_id"])
        video_R = self.names.get_indexer(pd.Index(names)).astype(np.int64)[code_R]
        row_R = self._find(_key(video_R, boxes["frame"].to_numpy(np.int64)))
        if (row_R == NO_ROW).any():
            box = boxes.iloc[int(np.flatnonzero(row_R == NO_ROW)[0])]
            raise DataError(
                f"table {what}: {box.video_id} frame {box.frame} has a box, but the video has no such frame "
                f"({int((row_R == NO_ROW).sum())} such boxes); boxes and frames must come from the same videos"
            )
        return row_R

    def neighbours(self, row_B: Ints, offset_T: Ints) -> Ints:
        """Rows of the frames `offset_T` steps away in the same video, int64 [B, T]; NO_ROW where there is none.

        For a step in seconds, the neighbour is the frame nearest to that moment, if it is less than half a step off:
        times are used because films run at 24, 25 or 30 frames a second, and not all of them evenly. For a step in
        frames that are looked at, the neighbours are the next rows.
        """
        if self.step.unit == "looked_at":
            next_BT = row_B[:, None] + offset_T * int(self.step.length)
            inside_BT = (next_BT >= 0) & (next_BT < len(self))
            same_BT = inside_BT & (self.video_F[np.where(inside_BT, next_BT, 0)] == self.video_F[row_B][:, None])
            beside: Ints = np.where(same_BT, next_BT, NO_ROW)
            return beside
        if self._time_F is None:
            return self._find(self.key_F[row_B][:, None] + offset_T * int(self.step.length))
        moment_BT = self._time_F[row_B][:, None] + offset_T * self.step.length
        place_BT = nearest(self._rising_F, moment_BT, self.step.length / 2)
        if not len(self):
            return place_BT
        found: Ints = np.where(place_BT >= 0, self._by_time[place_BT], NO_ROW)
        return found

    def _find(self, key: Ints) -> Ints:
        if not len(self):
            return np.full(key.shape, NO_ROW)
        row = np.minimum(np.searchsorted(self.key_F, key), len(self) - 1)
        found: Ints = np.where(self.key_F[row] == key, row, NO_ROW)
        return found


def _key(video: Ints, number: Ints) -> Ints:
    # One whole number a frame, in the order of the table. Offsets beyond a video's ends give keys that no frame has.
    key: Ints = (video << 32) + number
    return key
