"""What reaches a head of its rows: cached tokens of frames and persons, of clips, or views for the frozen encoder.

What a head does not read of its features has no slots or no width.

Shapes: B samples of a batch, N rows, O object slots, T neighbouring frames or frames of a window or a clip, V views, S
side of a view, C colours, D token width, W width of the image encoder.
"""

from dataclasses import dataclass

from torch import Tensor

from zsstad_core.methods.common.rows import Rows


@dataclass(frozen=True)
class FrameTokens:
    """Cached tokens of B frames and their persons, float32; a mask is True where a slot is filled, padding is zeros."""

    person_ND: Tensor  # the persons to be judged, who are also each other's keys
    frame_BD: Tensor  # the whole frame
    object_BOD: Tensor  # objects of the frame that touch one of its persons
    object_BO: Tensor  # bool
    memory_BTD: Tensor  # whole frames t-before..t-1, t+1..t+after of the same video, in that order
    memory_BT: Tensor  # bool; False beyond the ends of the video, and where a neighbour is not available


@dataclass(frozen=True)
class FrameViews:
    """Views of B frames with their windows, each view once however many windows hold it, and views of their persons.

    Where crops and whole frames are read as frozen tokens, `person_NW` holds the crops' tokens before CLIP's projection
    and `frame_BD` the frames' projected ones.
    """

    view_VSSC: Tensor  # uint8
    window_BT: Tensor  # int64 rows of view_VSSC in the order of time; -1 at the end, where a video is shorter than T
    current_B: Tensor  # int64 rows of view_VSSC: the frame whose persons are judged
    crop_NSSC: Tensor  # uint8
    person_NW: Tensor  # float32
    frame_BD: Tensor  # float32


@dataclass(frozen=True)
class ClipTokens:
    """Cached tokens of some frames of N clips, in the order of time; a frame of a short clip may come several times."""

    frame_NTD: Tensor  # float32
    real_NT: Tensor  # bool; False where the clip has no further frame, and the token is zeros


@dataclass(frozen=True)
class Batch[F]:
    """Rows, and features of them of the kind that the head reads."""

    rows: Rows
    features: F
