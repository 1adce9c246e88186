"""Features of frames: cached tokens of their persons, of objects that touch these, of the frames and their neighbours.

Shapes: F frames, R persons, Q objects, B samples of a batch, N persons of a batch, O object slots, T memory slots
(before + after), D token width.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from zsstad_core.learning.features import Step
from zsstad_core.learning.frame_index import NO_ROW, Ints
from zsstad_core.learning.objects import choose_objects
from zsstad_core.learning.order import SampleOrder
from zsstad_core.learning.person_samples import PersonSamples
from zsstad_core.learning.samples import SampleRows
from zsstad_core.learning.token_store import TokenStore, common_width, to_device
from zsstad_core.methods.common.features import FrameTokens
from zsstad_core.methods.contract import Reads

type Tokens = NDArray[np.generic]


@dataclass(frozen=True)
class CachedTokens:
    """Tokens [rows, D] of frames, persons and objects, in the order of their tables; None where they are not read."""

    frames: Tokens | None = None
    persons: Tokens | None = None
    objects: Tokens | None = None


class FrameFeatures:
    """The tokens that a head reads for frames and their persons; implements `Features`.

    objects: columns video_id, frame, box, x1..y2, score, in any order. seed: for the choice of objects, where
    `reads.slots.object_choice` is "random". Frames without persons are part of the memory, unless
    `reads.memory.occupied`.

    Raises CacheError where tokens and rows do not match, DataError where an object has no frame.
    """

    slow = False
    views = 1

    def __init__(
        self,
        reads: Reads,
        samples: PersonSamples,
        tokens: CachedTokens,
        device: torch.device,
        objects: pd.DataFrame | None = None,
        seed: int = 0,
    ) -> None:
        self.reads, self.samples, self.device = reads, samples, device
        self.objects = objects = samples.table.iloc[:0] if objects is None else objects
        kinds = {kind.rows for kind in reads.kinds if kind.form != "pixel"}
        index, slots, memory = samples.index, reads.slots, reads.memory
        self._frames = self._persons = self._objects = None
        if "frame" in kinds or memory.before + memory.after:
            self._frames = TokenStore(tokens.frames, len(index), "frame", device)
        if "person" in kinds:
            self._persons = TokenStore(tokens.persons, len(samples.table), "person", device)
        if slots.objects:
            self._objects = TokenStore(tokens.objects, len(objects), "object", device)
        self.width = common_width([store for store in (self._frames, self._persons, self._objects) if store])

        self._object_first_F, self._object_row = np.zeros(len(index) + 1, np.int64), np.zeros(0, np.int64)
        if slots.objects:
            self._object_first_F, self._object_row = choose_objects(
                index, samples.table, objects, slots.objects, slots.object_choice, seed
            )
        self._offset_T = np.concatenate([np.arange(-memory.before, 0), np.arange(1, memory.after + 1)])
        self._occupied_F = np.append(samples.occupied(), False)  # the last element is for NO_ROW
        self._visits: tuple[SampleOrder, Ints] | None = None

    def gather(self, rows: SampleRows, step: Step | None = None, view: int = 0) -> FrameTokens:
        """See `Features.gather`.

        In training with `reads.memory.visited`, a neighbouring frame is in the memory only if an earlier iteration has
        visited it, as the published code of iCLIP fills its memory while it trains.
        """
        frame_B = self.samples.frame_S[rows.sample_B]
        object_BO, memory_BT = self.object_rows(rows), self.memory_rows(rows, step)
        frame_BU = np.concatenate([frame_B[:, None], memory_BT], axis=1)  # U = 1 + T: the frame, then its memory
        row_BU, row_N, row_BO = to_device([frame_BU, rows.row_N, object_BO], self.device)

        frame_BUD = self._take(self._frames, row_BU)
        return FrameTokens(
            person_ND=self._take(self._persons, row_N),
            frame_BD=frame_BUD[:, 0],
            object_BOD=self._take(self._objects, row_BO),
            object_BO=row_BO >= 0,
            memory_BTD=frame_BUD[:, 1:],
            memory_BT=row_BU[:, 1:] >= 0,
        )

    def object_rows(self, rows: SampleRows) -> Ints:
        """Rows of `objects` in the object slots of the samples' frames, int64 [B, O]; NO_ROW where a slot is empty."""
        frame_B = self.samples.frame_S[rows.sample_B]
        place_BO = self._object_first_F[frame_B][:, None] + np.arange(self.reads.slots.objects)
        exists_BO = place_BO < self._object_first_F[frame_B + 1][:, None]
        if not len(self._object_row):
            return np.full(exists_BO.shape, NO_ROW)
        found: Ints = np.where(exists_BO, self._object_row[np.where(exists_BO, place_BO, 0)], NO_ROW)
        return found

    def memory_rows(self, rows: SampleRows, step: Step | None = None) -> Ints:
        """Rows of the frames in the memory of the samples' frames, int64 [B, T]; NO_ROW where a slot is empty."""
        memory_BT = self.samples.index.neighbours(self.samples.frame_S[rows.sample_B], self._offset_T)
        if self.reads.memory.occupied:
            memory_BT = np.where(self._occupied_F[memory_BT], memory_BT, NO_ROW)
        if step is None or not self.reads.memory.visited:
            return memory_BT
        visited_BT = self._first_visits(step.order)[memory_BT] < step.iteration
        found: Ints = np.where((memory_BT >= 0) & visited_BT, memory_BT, NO_ROW)
        return found

    def identity(self) -> bytes:
        """The offsets of the memory, which frames it holds, and the choice of objects."""
        memory = f"{self._offset_T.tolist()} {self.reads.memory.visited}"
        memory += " occupied" if self.reads.memory.occupied else ""
        return memory.encode() + self._object_first_F.tobytes() + self._object_row.tobytes()

    def _first_visits(self, order: SampleOrder) -> Ints:
        """`PersonSamples.first_visits` for this order, computed once a training."""
        if self._visits is None or self._visits[0] is not order:
            self._visits = order, self.samples.first_visits(order)
        return self._visits[1]

    def _take(self, store: TokenStore | None, row_N: torch.Tensor) -> torch.Tensor:
        return torch.zeros(*row_N.shape, 0, device=self.device) if store is None else store.take(row_N)
