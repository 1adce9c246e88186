"""Numbers that look random and are the same with every version of everything: they come from SHAKE-256."""

import hashlib
import math

import numpy as np
from numpy.typing import NDArray


def noise(name: str, *shape: int) -> NDArray[np.float32]:
    """Numbers of that shape between -1 and 1 (multiples of 2^-11, which float16 holds too), by name."""
    count = math.prod(shape)
    drawn = np.frombuffer(hashlib.shake_256(name.encode()).digest(2 * count), "<i2")
    found: NDArray[np.float32] = (drawn // 16 / np.float32(2048)).astype(np.float32).reshape(shape)
    return found


def share(name: str) -> float:
    """A number from 0 to below 1, by name."""
    return (float(noise(name, 1)[0]) + 1) / 2
