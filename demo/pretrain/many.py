"""Compute something from each of many stills, on all cores."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from zsstad_core.progress import Progress


def of_stills[T](make: Callable[[int], T], stills: range, what: str) -> Iterator[T]:
    """`make(seed)` for the seed of every still, in order, with a line of progress."""
    progress = Progress(what, len(stills), "stills")
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), get_context("spawn"), _one_thread) as pool:
        for made in pool.map(make, stills, chunksize=64):
            progress.advance(1)
            yield made


def _one_thread() -> None:
    import cv2

    cv2.setNumThreads(1)
