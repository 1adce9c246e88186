"""The frames of a frame's window: the frame itself and its neighbours.

Shapes: B frames of a batch, T frames of a window.
"""

import numpy as np

from zsstad_core.learning.frame_index import NO_ROW, FrameIndex, Ints


def windows(index: FrameIndex, row_B: Ints, before: int, after: int) -> Ints:
    """Rows of the frames of each window in the order of time, int64 [B, T], T = before + 1 + after.

    A window holds its frame, `before` frames before it and `after` frames after it, one step of the index apart. At the
    ends of a video the window slides, so that it keeps its length. In a shorter video it holds all frames, and NO_ROW
    fills it up at the end. ST-CLIP's published code does the same (with frames one frame apart). A frame that has no
    row ends the video there.
    """
    reach = before + after
    row_BU = index.neighbours(row_B, np.arange(-reach, reach + 1))  # U = 2 reach + 1
    there_BU = row_BU != NO_ROW
    back_B = there_BU[:, :reach][:, ::-1].cumprod(1).sum(1)  # frames before the frame, up to the first gap
    forth_B = there_BU[:, reach + 1 :].cumprod(1).sum(1)
    ahead_B = np.minimum(forth_B, after)
    behind_B = np.minimum(back_B, reach - ahead_B)
    ahead_B = np.minimum(forth_B, reach - behind_B)

    offset_BT = np.arange(reach + 1) - behind_B[:, None]
    row_BT = np.take_along_axis(row_BU, np.minimum(offset_BT + reach, 2 * reach), axis=1)
    found: Ints = np.where(offset_BT <= ahead_B[:, None], row_BT, NO_ROW)
    return found
