"""The order in which training visits its samples."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


class SampleOrder:
    """Batch i of `batch` out of `n` samples: a pure function of (seed, i), so there is no state to save.

    Epochs are permutations, each drawn from (seed, epoch), one after the other; a batch may span two or more epochs.
    """

    def __init__(self, n: int, batch: int, seed: int) -> None:
        self.n, self.size, self.seed = n, batch, seed
        self._epoch = lru_cache(maxsize=2)(self._draw)

    def batch(self, i: int) -> NDArray[np.int64]:
        """Samples of batch i, int64 [batch]."""
        places = np.arange(i * self.size, (i + 1) * self.size)
        epochs = places // self.n
        samples: NDArray[np.int64] = np.concatenate(
            [self._epoch(int(epoch))[places[epochs == epoch] % self.n] for epoch in np.unique(epochs)]
        )
        return samples

    def first_visit(self) -> NDArray[np.int64]:
        """The batch in which each sample appears for the first time, int64 [n]."""
        first_N = np.empty(self.n, np.int64)
        first_N[self._epoch(0)] = np.arange(self.n) // self.size
        return first_N

    def _draw(self, epoch: int) -> NDArray[np.int64]:
        return np.random.Generator(np.random.PCG64([self.seed, epoch])).permutation(self.n)
