"""Cached tokens of whole videos in memory, and batches of them.

Shapes: F frames, R persons, Q objects, S samples, B samples of a batch, P person slots, O object slots, T memory slots
(before + after), D token width.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from zsstad_core.errors import CacheError, DataError
from zsstad_core.heads import Reads
from zsstad_core.heads.base import Batch
from zsstad_core.keyframes import Step
from zsstad_core.learning.frame_index import EVERY_FRAME, NO_ROW, FrameIndex, Ints
from zsstad_core.learning.objects import choose_objects, offsets
from zsstad_core.learning.order import FrameOrder

type Tokens = NDArray[np.generic]

NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Extra:
    """What a batch's persons are, and what is around them."""

    row_BP: Ints  # rows of the bank's `persons`; -1 where a slot is empty
    target_BP: Tensor  # int64 on the bank's device; -1 where a slot is empty, and everywhere without targets
    label_BPK: Tensor | None = None  # bool on the bank's device, of a bank with labels; all False where a slot is empty
    object_BO: Ints | None = None  # rows of the bank's `objects`; -1 where a slot is empty. None of a bank of views
    memory_BT: Ints | None = None  # rows of the bank's `index`, as object_BO


class TokenBank:
    """The tokens that a head reads, of all frames, persons and objects of a set of videos.

    frames: columns video_id, frame; with `frame_tokens` [F, D].
    persons: columns video_id, frame, box, x1..y2, score, to train also `target` (class index); with `person_tokens`
    [R, D]. In any order; so are objects (the same columns without target) with `object_tokens` [Q, D].
    label_RK: bool [R, K], instead of the column `target` where a person does several actions: which of K classes.
    seed: of the choice of objects, where `reads.object_choice` is "random". step: what the frames of a window are
    apart; where it is in seconds, `frames` has the column pts.
    Tokens that the head does not read may be None. They are kept on `device` as they are stored.

    A sample is a frame's persons, best score first (equal scores by box number), who are also each other's keys. Of a
    frame with more than `reads.persons` persons the others form further samples of that frame, each with its own keys:
    every person is trained on and scored. (The published code draws a random subset of keys.) Frames without persons
    give no sample; they are memory all the same. (The published code's memory has only frames with a person.)

    Raises CacheError where tokens and rows do not match, DataError where a box has no frame.
    """

    def __init__(
        self,
        reads: Reads,
        device: torch.device | str,
        *,
        frames: pd.DataFrame,
        persons: pd.DataFrame,
        objects: pd.DataFrame | None = None,
        frame_tokens: Tokens | None = None,
        person_tokens: Tokens | None = None,
        object_tokens: Tokens | None = None,
        label_RK: NDArray[np.bool_] | None = None,
        seed: int = 0,
        step: Step = EVERY_FRAME,
    ) -> None:
        self.reads, self.device, self.persons = reads, torch.device(device), persons
        self.index = FrameIndex(frames, step)
        kept = {kind.rows for kind in reads.tokens if kind.form != "pixel"}
        needs_frames = "frame" in kept or reads.memory_before + reads.memory_after > 0
        self._frame_FD = self._tokens(needs_frames, frame_tokens, len(frames), "frame")
        self._person_RD = self._tokens("person" in kept, person_tokens, len(persons), "person")
        self.objects = objects = persons.iloc[:0] if objects is None else objects
        self._object_QD = self._tokens(reads.objects > 0, object_tokens, len(objects), "object")
        self.width = self._common_width()

        self._place_persons()
        self._object_first_F, self._object_row = np.zeros(len(frames) + 1, np.int64), np.zeros(0, np.int64)
        if reads.objects > 0:
            self._object_first_F, self._object_row = choose_objects(
                self.index, persons, objects, reads.objects, reads.object_choice, seed
            )
        before, after = np.arange(-reads.memory_before, 0), np.arange(1, reads.memory_after + 1)
        self._offset_T = np.concatenate([before, after])
        self._target_R = persons["target"].to_numpy(np.int64) if "target" in persons else None
        self.label_RK = None if label_RK is None else torch.from_numpy(label_RK).to(self.device)

    def _tokens(self, needed: bool, tokens: Tokens | None, rows: int, kind: str) -> Tensor | None:
        if not needed:
            return None
        if tokens is None or len(tokens) != rows:
            have = "no" if tokens is None else f"{len(tokens)} rows of"
            raise CacheError(f"{have} {kind} tokens for {rows} rows of its table; run the encode stage again")
        stored = torch.from_numpy(np.require(tokens, requirements="W"))
        kept = stored.new_zeros(rows + 1, stored.shape[1], device=self.device)
        kept[:rows] = stored
        return kept  # the last row, of zeros, is what an empty slot reads

    def _common_width(self) -> int:
        widths = {t.shape[1] for t in (self._frame_FD, self._person_RD, self._object_QD) if t is not None}
        if len(widths) != 1:
            raise CacheError(f"tokens have widths {sorted(widths)}; they must come from one encoder: encode again")
        return int(widths.pop())

    def _place_persons(self) -> None:
        frame_R = self.index.rows(self.persons, "persons")
        score_R, box_R = self.persons["score"].to_numpy(np.float64), self.persons["box"].to_numpy()
        self._person_row = np.lexsort((box_R, -score_R, frame_R))
        first_F = offsets(frame_R, len(self.index))
        samples_F = -(-np.diff(first_F) // self.reads.persons)

        self.sample_frame: Ints = np.repeat(np.arange(len(self.index)), samples_F)
        part_S = np.arange(len(self.sample_frame)) - (np.cumsum(samples_F) - samples_F)[self.sample_frame]
        self._sample_first: Ints = first_F[self.sample_frame] + part_S * self.reads.persons
        self._sample_end: Ints = np.minimum(self._sample_first + self.reads.persons, first_F[self.sample_frame + 1])

    @property
    def samples(self) -> int:
        """How many samples there are: S. They are numbered from 0, in the order of the frames."""
        return len(self.sample_frame)

    def first_visits(self, order: FrameOrder) -> Ints:
        """The batch of `order` (over this bank's samples) that first visits each frame, int64 [F]; NEVER if none."""
        first_F = np.full(len(self.index), NEVER)
        np.minimum.at(first_F, self.sample_frame, order.first_visit())
        return first_F

    def gather(self, sample_B: Ints, first_visit_F: Ints | None = None, iteration: int = 0) -> tuple[Batch, Extra]:
        """The batch of these samples, on the bank's device. P is as many slots as the fullest sample needs.

        first_visit_F: where given, a neighbouring frame is in memory only if an earlier iteration than `iteration` has
        visited it (`first_visits`); the published code fills its memory so while it trains.
        """
        frame_B, person_BP, target_BP = self.rows_of(sample_B)
        object_BO = _slots(
            self._object_first_F[frame_B], self._object_first_F[frame_B + 1], self.reads.objects, self._object_row
        )
        memory_BT = self.index.neighbours(frame_B, self._offset_T)
        if first_visit_F is not None:
            memory_BT = np.where((memory_BT >= 0) & (first_visit_F[memory_BT] < iteration), memory_BT, NO_ROW)

        # One copy to the device for all row numbers.
        parts = [frame_B[:, None], memory_BT, person_BP, object_BO, target_BP]
        packed = torch.from_numpy(np.concatenate(parts, axis=1)).to(self.device, non_blocking=True)
        row_BU, row_BP, row_BO, device_target_BP = torch.split(
            packed, [1 + memory_BT.shape[1], person_BP.shape[1], object_BO.shape[1], person_BP.shape[1]], dim=1
        )  # U = 1 + T: the frame itself, then its memory

        frame_BUD = self._take(self._frame_FD, row_BU)
        batch = Batch(
            person_BPD=self._take(self._person_RD, row_BP),
            person_BP=row_BP >= 0,
            context_BD=frame_BUD[:, 0],
            object_BOD=self._take(self._object_QD, row_BO),
            object_BO=row_BO >= 0,
            memory_BTD=frame_BUD[:, 1:],
            memory_BT=row_BU[:, 1:] >= 0,
        )
        return batch, Extra(person_BP, device_target_BP, self.labels(row_BP), object_BO, memory_BT)

    def rows_of(self, sample_B: Ints) -> tuple[Ints, Ints, Ints]:
        """Rows of the samples' frames [B] and persons [B, P], and the persons' targets [B, P]; -1 where none is."""
        person_BP = _slots(self._sample_first[sample_B], self._sample_end[sample_B], None, self._person_row)
        target_BP = np.full(person_BP.shape, -1)
        if self._target_R is not None:
            target_BP = np.where(person_BP >= 0, self._target_R[person_BP], -1)
        return self.sample_frame[sample_B], person_BP, target_BP

    def labels(self, row_BP: Tensor) -> Tensor | None:
        """Labels [B, P, K] of persons by their rows, of a bank that has labels."""
        return None if self.label_RK is None else self.label_RK[row_BP.clamp(min=0)] & (row_BP >= 0)[..., None]

    def _take(self, tokens: Tensor | None, row_BN: Tensor) -> Tensor:
        if tokens is None:
            return torch.zeros(*row_BN.shape, self.width, device=self.device)
        row_BN = row_BN.masked_fill(row_BN < 0, len(tokens) - 1)
        return tokens.index_select(0, row_BN.flatten()).float().view(*row_BN.shape, tokens.shape[1])

    @property
    def reads_ahead(self) -> bool:
        """Whether a batch takes time to read, and should be read while the one before it is worked on."""
        return False

    def identity(self) -> str:
        """SHA-256 of what samples, memory and targets there are (not of the tokens, whose cache vouches for them)."""
        digest = hashlib.sha256(f"{self.reads} {self.width} {self.index.step} {list(self.index.names)}".encode())
        for array in (self.index.key_F, self._person_row, self._sample_first, self._object_first_F, self._object_row):
            digest.update(np.ascontiguousarray(array).tobytes())
        if self._target_R is not None:
            digest.update(self._target_R.tobytes())
        if self.label_RK is not None:
            digest.update(self.label_RK.cpu().numpy().tobytes())
        return digest.hexdigest()


def _slots(first_B: Ints, end_B: Ints, slots: int | None, row: Ints) -> Ints:
    """`row[first:end]` of each sample, side by side in so many slots (None: as many as needed); -1 fills up."""
    if slots is None:
        slots = int((end_B - first_B).max(initial=0))
    place = first_B[:, None] + np.arange(slots)
    exists = place < end_B[:, None]
    if not len(row):
        return np.full(exists.shape, NO_ROW)
    found: Ints = np.where(exists, row[np.where(exists, place, 0)], NO_ROW)
    return found


def refuse_bad_targets(bank: TokenBank, classes: int) -> None:
    """Raise DataError where a bank cannot be trained on: no sample, no targets, or targets of other classes."""
    if not bank.samples:
        raise DataError("nothing to train on: no training frame has a person; check the dataset's training videos")
    if bank.label_RK is not None:
        rows, places = bank.label_RK.shape
        if (rows, places) != (len(bank.persons), classes):
            raise DataError(
                f"the labels of the persons are {rows} rows of {places} classes; there are {len(bank.persons)} persons "
                f"and {classes} seen classes"
            )
        return
    targets = bank.persons["target"].to_numpy(np.int64) if "target" in bank.persons else None
    if targets is None:
        raise DataError("nothing to train on: the persons have no column target (a class index each)")
    bad = (targets < 0) | (targets >= classes)
    if bad.any():
        row = bank.persons.iloc[int(np.flatnonzero(bad)[0])]
        raise DataError(
            f"table persons: {row.video_id} frame {row.frame}: target is {row.target}; it must be a class index from "
            f"0 to {classes - 1}"
        )
