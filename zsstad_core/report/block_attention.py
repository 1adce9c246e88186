"""The attention of a frame's persons in each block of a head, if the head can show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.methods.explanation import BlockAttention, KeyKind
from zsstad_core.report.shown_persons import Place, ScoredPerson, scored_person
from zsstad_core.tables import BOX

if TYPE_CHECKING:
    from zsstad_core.learning.bank import Bank

type Object = tuple[NDArray[np.float64], str]
"""An object's corners, and its class by the detector."""

type Sample = tuple[NDArray[np.int64], list[int], tuple[BlockAttention, ...]]
"""A sample of a frame as an array of its number, the numbers of its persons, and the attention of these persons."""


@dataclass(frozen=True)
class BlockOfPerson:
    """The attention of a person in one block: shares that sum to 1, or all 0 if the frame has no keys for it.

    keys: for persons their numbers, for objects indices in the frame's objects, for context 0 for the frame itself, for
    memory how many frames later the neighbours are (before: negative). weight: of each key. empty: of the `empties`
    empty slots together.
    """

    kind: KeyKind
    keys: tuple[int, ...]
    weight: tuple[float, ...]
    empty: float
    empties: int


@dataclass(frozen=True)
class FrameBlocks:
    """A frame, its persons with their blocks in the head's order, and the objects that the head reads.

    picture: uint8 [height, width, 3]. objects: in the order of their slots.
    """

    video_id: str
    frame: int
    picture: NDArray[np.uint8]
    objects: tuple[Object, ...]
    persons: tuple[tuple[ScoredPerson, tuple[BlockOfPerson, ...]], ...]


def frame_blocks(
    place: Place,
    picture: NDArray[np.uint8],
    rows: pd.DataFrame,
    samples: Sequence[Sample],
    unseen: tuple[str, ...],
    bank: "Bank[Any]",
) -> FrameBlocks:
    """The attention of a frame's persons.

    rows: from `shown_persons.number_persons`. bank: the bank that the samples belong to.
    """
    found: dict[int, tuple[BlockOfPerson, ...]] = {}
    objects: tuple[Object, ...] = ()
    for sample, numbers, blocks in samples:
        keys = _Keys(bank, sample, numbers, int(rows["frame"].iloc[0]))
        objects = keys.objects()  # the same for all samples of a frame
        for at, number in enumerate(numbers):
            found[number] = tuple(
                BlockOfPerson(
                    block.keys,
                    *_real(keys.of(block.keys), block.weight_NK[at].tolist()),
                    empty=float(block.empty_N[at]),
                    empties=block.empties,
                )
                for block in blocks
            )
    persons = tuple((scored_person(rows, number, unseen), found[number]) for number in sorted(found))
    return FrameBlocks(*place, picture, objects, persons)


class _Keys:
    """Names the keys that the blocks of a sample attend to."""

    def __init__(self, bank: "Bank[Any]", sample: NDArray[np.int64], numbers: list[int], frame: int) -> None:
        from zsstad_core.learning.frame_features import FrameFeatures

        assert isinstance(bank.features, FrameFeatures)
        self._features, self._numbers, self._frame = bank.features, numbers, frame
        self._rows = bank.samples.take(sample)

    def objects(self) -> tuple[Object, ...]:
        """The objects in the frame's slots."""
        rows = [self._features.objects.iloc[row] for row in self._features.object_rows(self._rows)[0] if row >= 0]
        return tuple((row[BOX].to_numpy(np.float64), str(row["what"])) for row in rows)

    def of(self, kind: KeyKind) -> list[int | None]:
        """The meaning of each key of a block, as in `BlockOfPerson`; None for an empty slot."""
        match kind:
            case "persons":
                return [*self._numbers]
            case "objects":
                slots = self._features.object_rows(self._rows)[0]
                return [slot if row >= 0 else None for slot, row in enumerate(slots)]
            case "memory":
                number_F = self._features.samples.index.number_F
                memory_T = self._features.memory_rows(self._rows)[0]
                return [int(number_F[row]) - self._frame if row >= 0 else None for row in memory_T]
            case _:
                return [0]


def _real(keys: Sequence[int | None], weight: Sequence[float]) -> tuple[tuple[int, ...], tuple[float, ...]]:
    real = [(key, share) for key, share in zip(keys, weight, strict=True) if key is not None]
    return tuple(key for key, _ in real), tuple(share for _, share in real)
