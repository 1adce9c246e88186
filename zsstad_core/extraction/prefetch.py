"""Read ahead in a thread, so that decoding and cropping go on while a model computes."""

import queue
import threading
from collections.abc import Iterable, Iterator

_END = object()


def prefetch[T](items: Iterable[T], depth: int = 4) -> Iterator[T]:
    """The same items in the same order, produced up to `depth` ahead. An error surfaces where its item would."""
    ahead: queue.Queue[object] = queue.Queue(depth)
    stopped = threading.Event()

    def put(item: object) -> bool:
        while not stopped.is_set():
            try:
                ahead.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def produce() -> None:
        try:
            for item in items:
                if not put((item, None)):
                    return
        except BaseException as error:
            put((None, error))
        put(_END)

    thread = threading.Thread(target=produce, name="prefetch", daemon=True)
    thread.start()
    try:
        while (entry := ahead.get()) is not _END:
            item, error = entry  # type: ignore[misc]
            if error is not None:
                raise error
            yield item
    finally:
        stopped.set()
        thread.join()
