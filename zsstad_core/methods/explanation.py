"""What a head can show of why it judged the persons of a frame as it did: attention to patches, or block by block.

Shapes: N persons of a frame, R, C rows and columns of patches, K keys.
"""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

type KeyKind = Literal["persons", "objects", "context", "memory"]


@dataclass(frozen=True)
class PatchAttention:
    """What the persons of a frame attend to in one block of the image encoder.

    block: from 1, of `blocks`. patch: its side in pixels of the view. A patch holds its place of the view in all frames
    of a window. weight_NRC: float32, the attention averaged over heads. chosen_NRC: bool, the patches among the tokens
    that prompt a person's labels; where the head chooses none, all are False. class_token_N: whether the class token is
    among them; persons_N: which persons are, by their places in the frame's sample.
    """

    block: int
    blocks: int
    patch: int
    weight_NRC: Tensor
    chosen_NRC: Tensor
    class_token_N: tuple[bool, ...]
    persons_N: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class BlockAttention:
    """What the persons of a frame attend to in one block of the head: shares of 1.

    keys: what the K keys are: the persons of the frame's sample, its object slots, the frame itself (K = 1), or the
    neighbouring frames of its memory. A frame without a real key and without an empty slot has only zeros: the block
    leaves its persons as they are.
    """

    keys: KeyKind
    weight_NK: Tensor  # float32; 0 where a key is not real
    empty_N: Tensor  # float32; of all empty slots together
    empties: int  # how many empty slots the frame has


type Explanation = PatchAttention | tuple[BlockAttention, ...]
