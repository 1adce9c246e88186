"""What a head can show to explain its scores for the persons of a frame: attention to patches, or in each block.

Shapes: N persons of a frame, R, C rows and columns of patches, K keys.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor

type KeyKind = Literal["persons", "objects", "context", "memory"]


@dataclass(frozen=True)
class PatchAttention:
    """The attention of the persons of a frame to the image patches, in one block of the image encoder.

    block: number of the block, from 1, out of `blocks`. patch: side of a patch in pixels of the view. A patch stands at
    the same place in the views of all frames of a window. weight_NRC: float32, the attention averaged over heads.
    chosen_NRC: bool, the patches among the tokens that prompt a person's labels; all are False where the head chooses
    no tokens. class_token_N: whether the class token is among these tokens. persons_N: the persons among these tokens,
    by their places in the frame's sample.
    """

    block: int
    blocks: int
    patch: int
    weight_NRC: "Tensor"
    chosen_NRC: "Tensor"
    class_token_N: tuple[bool, ...]
    persons_N: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class BlockAttention:
    """The attention of the persons of a frame in one block of the head, as shares of 1.

    keys: what the K keys are: the persons of the frame's sample, its object slots, the frame itself (K = 1), or the
    neighbouring frames of its memory. For a frame without a real key and without an empty slot all weights are zero:
    the block leaves its persons unchanged.
    """

    keys: KeyKind
    weight_NK: "Tensor"  # float32; 0 where a key is not real
    empty_N: "Tensor"  # float32; the weight of all empty slots together
    empties: int  # how many empty slots the frame has


type Explanation = PatchAttention | tuple[BlockAttention, ...]
