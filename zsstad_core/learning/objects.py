"""Which objects of a frame a head reads: a limited number of those that touch a person.

Shapes: F frames, R persons, Q objects.
"""

import hashlib

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.learning import draws
from zsstad_core.learning.frame_index import FrameIndex, Ints
from zsstad_core.tables import BOX


def choose_objects(
    index: FrameIndex,
    persons: pd.DataFrame,
    objects: pd.DataFrame,
    slots: int,
    choice: str,
    seed: int,
) -> tuple[Ints, Ints]:
    """Rows of the chosen objects, frame by frame: (first [F + 1], rows); frame f has rows[first[f]:first[f + 1]].

    An object is a candidate if it touches any person of its frame (`touching`). Where there are more candidates than
    `slots`, `choice` "score" takes the best (equal scores by box number); "random" draws them by a hash of the seed,
    the video, the frame and the box, so that the choice is the same in every batch, order and process.
    """
    frame_Q = index.rows(objects, "objects")
    touching_Q = touching(index.rows(persons, "persons"), persons, frame_Q, objects, len(index))
    row_Q = np.flatnonzero(touching_Q)

    chosen, frame_Q = objects.iloc[row_Q], frame_Q[row_Q]
    worse_Q = -chosen["score"].to_numpy(np.float64) if choice == "score" else _draw(index, frame_Q, chosen, seed)
    best_Q = np.lexsort((chosen["box"].to_numpy(), worse_Q, frame_Q))
    row_Q, frame_Q = row_Q[best_Q], frame_Q[best_Q]

    first_F = offsets(frame_Q, len(index))
    within_Q = np.arange(len(frame_Q)) - first_F[frame_Q] < slots
    return offsets(frame_Q[within_Q], len(index)), row_Q[within_Q]


def touching(
    frame_R: Ints, persons: pd.DataFrame, frame_Q: Ints, objects: pd.DataFrame, frames: int
) -> NDArray[np.bool_]:
    """Whether each object touches a person of its frame, bool [Q]: iCLIP's test of which objects belong to a person.

    As in the released code, coordinates are first rounded to whole pixels (halves to even), and boxes that share only
    an edge or a corner touch. The paper says IoU > 0, which is stricter.

    The loop takes the first person of all frames, then the second, and so on: it has as many steps as the fullest frame
    has persons.
    """
    order_R = np.argsort(frame_R, kind="stable")
    person_R4 = np.rint(persons[BOX].to_numpy(np.float64)[order_R])
    object_Q4 = np.rint(objects[BOX].to_numpy(np.float64))
    first_F = offsets(frame_R, frames)

    touching_Q = np.zeros(len(frame_Q), bool)
    left_Q, person_Q = np.arange(len(frame_Q)), first_F[frame_Q]
    while len(left_Q):
        exists = person_Q < first_F[frame_Q[left_Q] + 1]
        left_Q, person_Q = left_Q[exists], person_Q[exists]
        a_Q4, b_Q4 = object_Q4[left_Q], person_R4[person_Q]
        low_Q2, high_Q2 = np.maximum(a_Q4[:, :2], b_Q4[:, :2]), np.minimum(a_Q4[:, 2:], b_Q4[:, 2:])
        touches = (high_Q2 >= low_Q2).all(1)
        touching_Q[left_Q[touches]] = True
        left_Q, person_Q = left_Q[~touches], person_Q[~touches] + 1
    return touching_Q


def offsets(frame_R: Ints, frames: int) -> Ints:
    """Where each frame's rows start among rows sorted by frame, int64 [F + 1]."""
    counts_F = np.bincount(frame_R, minlength=frames)
    return np.concatenate([[0], np.cumsum(counts_F)]).astype(np.int64)


def _draw(index: FrameIndex, frame_Q: Ints, objects: pd.DataFrame, seed: int) -> NDArray[np.uint64]:
    salt_V = np.array([_digest(f"{seed}/{name}") for name in index.names], np.uint64)
    box_Q = objects["box"].to_numpy(np.uint64)
    x = salt_V[index.video_F[frame_Q]] ^ ((index.number_F[frame_Q].astype(np.uint64) << np.uint64(32)) | box_Q)
    return draws.mix(x)


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
