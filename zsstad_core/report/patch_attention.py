"""The attention of a frame's persons over the patches of the frame, if the head can show it.

Shapes: R, C rows and columns of patches of a view.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.frozen.encoder_identity import ViewRules
from zsstad_core.frozen.views import Crop, placement
from zsstad_core.methods.explanation import PatchAttention
from zsstad_core.report.shown_persons import Place, ScoredPerson, scored_person


@dataclass(frozen=True)
class Person(ScoredPerson):
    """A person, its attention to each patch, and the tokens that prompt its labels, if the head chooses some.

    persons: numbers of the persons among these tokens.
    """

    chosen_RC: NDArray[np.bool_]
    weight_RC: NDArray[np.float32]
    class_token: bool
    persons: tuple[int, ...]

    @property
    def tokens(self) -> int:
        """The number of tokens that prompt its labels."""
        return int(self.chosen_RC.sum()) + int(self.class_token) + len(self.persons)


@dataclass(frozen=True)
class FramePatches:
    """A frame and its persons.

    picture: uint8 [height, width, 3]. patch_RC4: as `patch_boxes`. block: the encoder's block, counted from 1, whose
    attention is shown, out of `blocks`.
    """

    video_id: str
    frame: int
    picture: NDArray[np.uint8]
    patch_RC4: NDArray[np.float64]
    block: int
    blocks: int
    persons: tuple[Person, ...]


def patch_boxes(
    grid: tuple[int, int], patch: int, size: int, width: int, height: int, crop: Crop
) -> NDArray[np.float64]:
    """The box of each patch of a frame's view in the frame, [R, C, 4] `x1, y1, x2, y2` in pixels of the frame.

    grid: rows and columns of patches, each `patch` pixels wide and high, of a view of `size` pixels. With `clip` the
    patches leave out the ends of the frame's long side; with `pad` the patches that see only grey have no area.
    """
    row_RC, column_RC = np.indices(grid)
    view_RC4 = patch * np.stack([column_RC, row_RC, column_RC + 1, row_RC + 1], -1).astype(np.float64)
    return placement(width, height, size, crop).in_picture(view_RC4.reshape(-1, 4), width, height).reshape(*grid, 4)


def frame_patches(
    place: Place,
    picture: NDArray[np.uint8],
    rows: pd.DataFrame,
    samples: list[tuple[PatchAttention, list[int]]],
    unseen: tuple[str, ...],
    rules: ViewRules,
) -> FramePatches:
    """The attention of a frame's persons over patches.

    rows: the persons of the frame, from `shown_persons.number_persons`. samples: the attention of each sample of the
    frame, and the numbers of the sample's persons. rules: how the encoder's views are cut.
    """
    found: dict[int, Person] = {}
    for attention, numbers in samples:
        for at, number in enumerate(numbers):
            found[number] = Person(
                **vars(scored_person(rows, number, unseen)),
                chosen_RC=attention.chosen_NRC[at].numpy(),
                weight_RC=attention.weight_NRC[at].numpy(),
                class_token=attention.class_token_N[at],
                persons=tuple(numbers[other] for other in attention.persons_N[at]),
            )
    first, _ = samples[0]
    rows_of, columns = first.weight_NRC.shape[1:]
    height, width = picture.shape[:2]
    boxes_RC4 = patch_boxes((rows_of, columns), first.patch, rules.size, width, height, rules.crop)
    persons = tuple(found[number] for number in sorted(found))
    return FramePatches(*place, picture, boxes_RC4, first.block, first.blocks, persons)
