"""The batch of heads that run the frozen encoder themselves: what they read are views, not tokens.

Shapes: B frames, P person slots, R persons without the padded ones, V views, S side of a view, T frames of a window,
W width of the image encoder, D token width.
"""

from dataclasses import dataclass

from torch import Tensor

from zsstad_core.heads.base import Batch


@dataclass(frozen=True)
class PixelBatch(Batch):
    """Views of B frames with their windows, each view once however many windows hold it.

    Of `Batch`'s own fields `person_BP` says who is there, objects and memory have no slots. Where a head takes crops
    and whole frames as frozen tokens, `person_BPD` holds the crops' tokens before CLIP's projection [B, P, W] and
    `context_BD` the frames' projected ones; elsewhere their last axis may be empty.
    """

    view_VSSC: Tensor  # uint8
    window_BT: (
        Tensor  # int64 rows of view_VSSC in the order of time; -1 after the last, where a video is shorter than T
    )
    current_B: Tensor  # int64 rows of view_VSSC: the frame whose persons are scored
    crop_RSSC: Tensor  # uint8; the persons' crops in the order of person_BP; none where they are taken as tokens
