"""What iCLIP's persons attend to in each interaction block, on frames of the test clips."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.plan.plan import Plan
from zsstad_core.report.interest import Place, ScoredPerson, numbered, pictures, samples_of, scored_person
from zsstad_core.tables import BOX

if TYPE_CHECKING:
    from zsstad_core.heads.base import Head
    from zsstad_core.heads.iclip import Iclip
    from zsstad_core.learning.token_bank import Extra, TokenBank


type Object = tuple[NDArray[np.float64], str]
"""Its corners, and what the detector calls it."""


@dataclass(frozen=True)
class BlockOfPerson:
    """What a person attends to in one block: shares that sum to 1, or nothing, where the frame has nothing for it.

    letter: P, O, C or M. keys: of P the numbers of persons, of O places in the frame's objects, of C 0 for the frame
    itself, of M how many frames later the neighbours are (before: negative). weight: of each key. empty: of the
    `empties` empty slots together.
    """

    letter: str
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


def blocks_of(
    plan: Plan, head: "Head", bank: "TokenBank", best: pd.DataFrame, places: Sequence[Place]
) -> Iterator[FrameBlocks]:
    """What the persons of some frames attend to.

    head: iCLIP. bank: `scoring_bank` of the videos. best: as `best_actions`. Raises as `video.decode`, DataError where
    nobody is scored on a frame.
    """
    from zsstad_core.heads.iclip import Iclip

    assert isinstance(head, Iclip)
    for (video_id, frame), picture in pictures(plan, places):
        rows = numbered(best, video_id, frame)
        objects, found = of_frame(head, bank, rows)
        persons = tuple((scored_person(rows, each, plan.split.unseen), found[each]) for each in sorted(found))
        yield FrameBlocks(video_id, frame, picture, objects, persons)


def of_frame(
    head: "Iclip", bank: "TokenBank", rows: pd.DataFrame
) -> tuple[tuple[Object, ...], dict[int, tuple[BlockOfPerson, ...]]]:
    """The objects of a frame, and the blocks of each person by its number.

    bank: of the videos, as it scores. rows: of the frame's persons, as `numbered`.
    """
    from zsstad_core.heads.iclip_attention import attended

    found: dict[int, tuple[BlockOfPerson, ...]] = {}
    objects: tuple[Object, ...] = ()
    for batch, extra, numbers in samples_of(bank, rows):
        objects = _objects(bank, extra)  # the same for all samples of a frame
        blocks = [(block, _keys(block.letter, bank, extra, numbers, rows)) for block in attended(head, batch)]
        for slot, number in enumerate(numbers):
            found[number] = tuple(
                BlockOfPerson(
                    block.letter,
                    *_real(keys, block.weight_BPK[0, slot].tolist()),
                    empty=float(block.empty_BP[0, slot]),
                    empties=int(block.empties_B[0]),
                )
                for block, keys in blocks
            )
    return objects, found


def _objects(bank: "TokenBank", extra: "Extra") -> tuple[Object, ...]:
    assert extra.object_BO is not None
    rows = [bank.objects.iloc[row] for row in extra.object_BO[0] if row >= 0]
    return tuple((row[BOX].to_numpy(np.float64), str(row["what"])) for row in rows)


def _keys(
    letter: str, bank: "TokenBank", extra: "Extra", numbers: Sequence[int], rows: pd.DataFrame
) -> list[int | None]:
    """What each key of a block is, as in `BlockOfPerson`; None where it is not real."""
    match letter:
        case "P":
            return [*numbers]
        case "O":
            assert extra.object_BO is not None
            return [slot if row >= 0 else None for slot, row in enumerate(extra.object_BO[0])]
        case "M":
            assert extra.memory_BT is not None
            frame = int(rows["frame"].iloc[0])
            return [int(bank.index.number_F[row]) - frame if row >= 0 else None for row in extra.memory_BT[0]]
        case _:
            return [0]


def _real(keys: Sequence[int | None], weight: Sequence[float]) -> tuple[tuple[int, ...], tuple[float, ...]]:
    real = [(key, share) for key, share in zip(keys, weight, strict=True) if key is not None]
    return tuple(key for key, _ in real), tuple(share for _, share in real)
