"""Random whole numbers as a pure function of what they are drawn for, independent of state, order and batch.

Shapes: N items that numbers are drawn for, J draws for each.
"""

import numpy as np
from numpy.typing import NDArray

from zsstad_core.learning.frame_index import Ints

type Bits = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_ALL_BITS = (1 << 64) - 1


def whole_numbers(seed: int, iteration: int, identity_N: Ints, below_NJ: Ints) -> Ints:
    """Draw from 0 to `below_NJ` - 1, uniformly, int64 [N, J]; each bound is 1 or more.

    The draws for an item depend on (seed, iteration, identity) and on their bounds alone. They are the numbers of
    SplitMix64 (Steele et al. 2014), started at a hash of these three; they are the same on every machine.
    """
    key_N = mix(mix(mix(_word(seed)) ^ _word(iteration)) ^ identity_N.astype(np.uint64))
    place_J = np.arange(below_NJ.shape[1], dtype=np.uint64)
    word_NJ = mix(key_N[:, None] + place_J * _GOLDEN)
    # The upper half of a word scales the bound, in whole numbers only; each probability is within 2^-32 of uniform.
    drawn_NJ: Ints = ((word_NJ >> np.uint64(32)) * below_NJ.astype(np.uint64) >> np.uint64(32)).astype(np.int64)
    return drawn_NJ


def mix(x: Bits) -> Bits:
    """SplitMix64's next number after the state `x`; unsigned sums and products wrap around, as they must."""
    x = x + _GOLDEN
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _word(number: int) -> Bits:
    # An array, not a scalar: numpy warns where a scalar wraps around.
    return np.array([number & _ALL_BITS], np.uint64)
