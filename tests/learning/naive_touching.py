"""iCLIP's test of whether two boxes touch, written out."""

from collections.abc import Sequence


def touch(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether two boxes share a point once their coordinates are rounded to whole pixels (halves to even)."""
    left, top = max(round(one[0]), round(other[0])), max(round(one[1]), round(other[1]))
    right, bottom = min(round(one[2]), round(other[2])), min(round(one[3]), round(other[3]))
    return not (right < left or bottom < top)
