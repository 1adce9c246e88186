"""Read ahead in a thread, so that decoding and cropping go on while a model computes."""

import queue
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class _Failure:
    error: BaseException


def prefetch[T](items: Iterable[T], depth: int = 4) -> Iterator[T]:
    """The same items (none of them None) in order, produced up to `depth` ahead; an error surfaces in its place."""
    ahead: queue.Queue[T | _Failure | None] = queue.Queue(depth)  # None ends it
    stopped = threading.Event()

    def put(entry: T | _Failure | None) -> bool:
        while not stopped.is_set():
            try:
                ahead.put(entry, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def produce() -> None:
        try:
            for item in items:
                if not put(item):
                    return
        except BaseException as error:
            put(_Failure(error))
        put(None)

    thread = threading.Thread(target=produce, name="prefetch", daemon=True)
    thread.start()
    try:
        while (entry := ahead.get()) is not None:
            if isinstance(entry, _Failure):
                raise entry.error
            yield entry
    finally:
        stopped.set()
        thread.join()
