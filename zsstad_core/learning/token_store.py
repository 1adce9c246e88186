"""Cached tokens in memory, looked up by row.

Shapes: R stored rows, N wanted rows, D token width.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zsstad_core.errors import CacheError
from zsstad_core.learning.frame_index import Ints


class TokenStore:
    """Tokens [R, D] of one kind, kept on a device in the dtype that they are stored in.

    Raises CacheError where the number of tokens is not `rows`.
    """

    def __init__(self, tokens: NDArray[np.generic] | None, rows: int, kind: str, device: torch.device) -> None:
        if tokens is None or len(tokens) != rows:
            have = "no" if tokens is None else f"{len(tokens)} rows of"
            raise CacheError(f"{have} {kind} tokens for {rows} rows of its table; run the encode stage again")
        stored = torch.from_numpy(np.require(tokens, requirements="W"))
        self._kept = stored.new_zeros(rows + 1, stored.shape[1], device=device)
        self._kept[:rows] = stored  # the last row is zeros, for empty slots

    @property
    def width(self) -> int:
        """The token width D."""
        return self._kept.shape[1]

    def take(self, row_N: Tensor) -> Tensor:
        """Tokens float32 [..., D] of the rows `row_N` [...], int64; zeros where a row is negative."""
        row_N = row_N.masked_fill(row_N < 0, len(self._kept) - 1)
        return self._kept.index_select(0, row_N.flatten()).float().view(*row_N.shape, self.width)


def common_width(stores: list[TokenStore]) -> int:
    """The token width of all stores. Raises CacheError where it differs between them."""
    widths = {store.width for store in stores}
    if len(widths) != 1:
        raise CacheError(f"tokens have widths {sorted(widths)}; they must come from one encoder: encode again")
    return widths.pop()


def to_device(arrays: list[Ints], device: torch.device) -> list[Tensor]:
    """Arrays of whole numbers as tensors of the same shapes on a device, in one copy."""
    packed = torch.from_numpy(np.concatenate([array.ravel() for array in arrays]))
    if device.type == "cuda":
        packed = packed.pin_memory()  # so that the GPU copies without the CPU's waiting
    parts = torch.split(packed.to(device, non_blocking=True), [array.size for array in arrays])
    return [part.view(array.shape) for part, array in zip(parts, arrays, strict=True)]
