"""Features for heads that run the frozen encoder themselves: views of frames with their windows.

Shapes: B samples of a batch, N persons of a batch, V views, S side of a view, C colours, T frames of a window.
"""

import numpy as np
import torch
from torch import Tensor

from zsstad_core.learning.features import Step
from zsstad_core.learning.frame_features import CachedTokens
from zsstad_core.learning.frame_index import NO_ROW
from zsstad_core.learning.person_samples import PersonSamples
from zsstad_core.learning.pixels import Pixels
from zsstad_core.learning.samples import SampleRows
from zsstad_core.learning.token_store import TokenStore, to_device
from zsstad_core.learning.windows import windows
from zsstad_core.methods.common.features import FrameViews
from zsstad_core.methods.contract import Reads


class ViewFeatures:
    """Views of a frame's window, and of its persons where crops are read; implements `Features`.

    Cached tokens that the head reads besides (whole frames, persons before the projection) come with them. Views are
    not kept in memory: `pixels` reads them batch by batch. Raises CacheError where tokens and rows do not match.
    """

    slow = True
    views = 1

    def __init__(
        self, reads: Reads, samples: PersonSamples, tokens: CachedTokens, pixels: Pixels, device: torch.device
    ) -> None:
        self.reads, self.samples, self.device, self._pixels = reads, samples, device, pixels
        kinds = {kind.rows for kind in reads.kinds if kind.form != "pixel"}
        self._frames = self._persons = None
        if "frame" in kinds:
            self._frames = TokenStore(tokens.frames, len(samples.index), "frame", device)
        if "person" in kinds:
            self._persons = TokenStore(tokens.persons, len(samples.table), "person", device)
        self._crops = reads_crops(reads)
        # Tokens before and after the projection have different widths; the head takes both from its encoder.
        self.width = 0 if self._frames is None else self._frames.width

    def gather(self, rows: SampleRows, step: Step | None = None, view: int = 0) -> FrameViews:
        """See `Features.gather`. Each view is read once, however many windows contain it; `step` makes no
        difference."""
        frame_B = self.samples.frame_S[rows.sample_B]
        window_BT = windows(self.samples.index, frame_B, self.reads.window.before, self.reads.window.after)
        wanted_V = np.unique(np.concatenate([frame_B, window_BT[window_BT != NO_ROW]]))
        place_BT = np.where(window_BT != NO_ROW, np.searchsorted(wanted_V, window_BT), NO_ROW)
        person_N = rows.row_N if self._crops else np.zeros(0, np.int64)
        view_VSSC, crop_NSSC = self._pixels.read(wanted_V, person_N)

        current_B = np.searchsorted(wanted_V, frame_B)
        window, current, row_B, row_N = to_device([place_BT, current_B, frame_B, rows.row_N], self.device)
        return FrameViews(
            view_VSSC=self._there(view_VSSC),
            window_BT=window,
            current_B=current,
            crop_NSSC=self._there(crop_NSSC),
            person_NW=self._take(self._persons, row_N),
            frame_BD=self._take(self._frames, row_B),
        )

    def identity(self) -> bytes:
        """The offsets of the window, and whether crops are read."""
        window = self.reads.window
        return f"{window.before} {window.after} {self._crops}".encode()

    def _take(self, store: TokenStore | None, row_N: Tensor) -> Tensor:
        return torch.zeros(*row_N.shape, 0, device=self.device) if store is None else store.take(row_N)

    def _there(self, array: np.ndarray) -> Tensor:
        """The array as a tensor on the device, copied from pinned memory where that is a GPU."""
        tensor = torch.from_numpy(np.ascontiguousarray(array))
        if self.device.type == "cuda":
            tensor = tensor.pin_memory()
        return tensor.to(self.device, non_blocking=True)


def reads_crops(reads: Reads) -> bool:
    """Whether the method reads views of persons."""
    return any(kind.rows == "person" and kind.form == "pixel" for kind in reads.kinds)
