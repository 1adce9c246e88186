"""The features of a batch: cached tokens of frames and persons or of clips, or views for the frozen encoder.

A feature that a head does not read has zero slots or zero width.

Shapes: B samples of a batch, N rows, O object slots, T neighbouring frames or frames of a window or a clip, V views, S
side of a view, C colours, D token width, W width of the image encoder.
"""

from dataclasses import dataclass

from torch import Tensor

from zsstad_core.methods.common.rows import Rows


@dataclass(frozen=True)
class FrameTokens:
    """Cached tokens of B frames and their persons, float32; a mask is True at a filled slot, empty slots are zeros."""

    person_ND: Tensor  # the persons to classify, who are also each other's keys
    frame_BD: Tensor  # the whole frame
    object_BOD: Tensor  # objects of the frame that touch one of its persons
    object_BO: Tensor  # bool
    memory_BTD: Tensor  # whole frames t-before..t-1, t+1..t+after of the same video, in that order
    memory_BT: Tensor  # bool; False beyond the ends of the video, and where a neighbour is not available


@dataclass(frozen=True)
class FrameViews:
    """Views of B frames, of the frames in their windows, and of their persons.

    A view is stored once, however many windows contain its frame. Where crops and whole frames are read as frozen
    tokens, `person_NW` holds the tokens of the crops before CLIP's projection, and `frame_BD` the projected tokens of
    the frames.
    """

    view_VSSC: Tensor  # uint8
    window_BT: Tensor  # int64 rows of view_VSSC in the order of time; -1 at the end, where a video is shorter than T
    current_B: Tensor  # int64 rows of view_VSSC: the frame whose persons are classified
    crop_NSSC: Tensor  # uint8
    person_NW: Tensor  # float32
    frame_BD: Tensor  # float32


@dataclass(frozen=True)
class ClipTokens:
    """Cached tokens of the sampled frames of N clips, in the order of time; a short clip may repeat a frame."""

    frame_NTD: Tensor  # float32
    real_NT: Tensor  # bool; False where the clip has no further frame, and the token is zeros


@dataclass(frozen=True)
class Batch[F]:
    """The rows of a batch, and the features of these rows that the head reads."""

    rows: Rows
    features: F
