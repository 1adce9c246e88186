"""Batches of views, for heads that run the encoder themselves.

Shapes: B samples of a batch, P person slots, R persons without empty slots, V views, S side of a view, C colours, T
frames of a window, F frames of the bank.
"""

from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from zsstad_core.heads import Reads
from zsstad_core.heads.pixel_batch import PixelBatch
from zsstad_core.learning.frame_index import NO_ROW, Ints
from zsstad_core.learning.pixels import Pixels
from zsstad_core.learning.token_bank import Extra, TokenBank
from zsstad_core.learning.windows import windows


class PixelBank(TokenBank):
    """A token bank whose batches hold views besides: of a frame's window, and of its persons where crops are read.

    Samples, persons, targets and labels are as in `TokenBank`, and so are the tokens that are read (whole frames,
    persons before the projection). Views stay where `pixels` has them and are read batch by batch.
    """

    def __init__(
        self, reads: Reads, device: torch.device | str, pixels: Pixels, *, frames: pd.DataFrame, **more: Any
    ) -> None:
        self._pixels = pixels
        super().__init__(reads, device, frames=frames, **more)
        self._crops = reads_crops(reads)

    def _common_width(self) -> int:
        # Tokens before and after the projection are of two widths; where frames have none, nobody asks.
        return 0 if self._frame_FD is None else self._frame_FD.shape[1]

    @property
    def reads_ahead(self) -> bool:
        """Views come from the disk or a decoder."""
        return True

    def gather(self, sample_B: Ints, first_visit_F: Ints | None = None, iteration: int = 0) -> tuple[PixelBatch, Extra]:
        """The batch of these samples, on the bank's device; each view once, however many windows hold it.

        Heads with views have no memory: `first_visit_F` and `iteration` change nothing.
        """
        frame_B, person_BP, target_BP = self.rows_of(sample_B)
        window_BT = windows(self.index, frame_B, self.reads.window_before, self.reads.window_after)
        wanted_V = np.unique(np.concatenate([frame_B, window_BT[window_BT != NO_ROW]]))
        place_BT = np.where(window_BT != NO_ROW, np.searchsorted(wanted_V, window_BT), NO_ROW)
        person_R = person_BP[person_BP != NO_ROW] if self._crops else np.zeros(0, np.int64)
        view_VSSC, crop_RSSC = self._pixels.read(wanted_V, person_R)

        row_B, row_BP = self._there(frame_B), self._there(person_BP)
        none = torch.zeros(len(frame_B), 0, device=self.device)
        batch = PixelBatch(
            person_BPD=self._take(self._person_RD, row_BP)
            if self._person_RD is not None
            else none[:, None].expand(-1, person_BP.shape[1], -1),
            person_BP=row_BP >= 0,
            context_BD=self._take(self._frame_FD, row_B) if self._frame_FD is not None else none,
            object_BOD=none[:, :, None],
            object_BO=none.bool(),
            memory_BTD=none[:, :, None],
            memory_BT=none.bool(),
            view_VSSC=self._there(view_VSSC),
            window_BT=self._there(place_BT),
            current_B=self._there(np.searchsorted(wanted_V, frame_B)),
            crop_RSSC=self._there(crop_RSSC),
        )
        return batch, Extra(person_BP, self._there(target_BP), self.labels(row_BP))

    def _there(self, array: np.ndarray) -> Tensor:
        """On the bank's device; from memory that a GPU fetches by itself."""
        tensor = torch.from_numpy(np.ascontiguousarray(array))
        if self.device.type == "cuda":
            tensor = tensor.pin_memory()
        return tensor.to(self.device, non_blocking=True)


def reads_crops(reads: Reads) -> bool:
    """Whether views of persons are read."""
    return any(kind.rows == "person" and kind.form == "pixel" for kind in reads.tokens)
