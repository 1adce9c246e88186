"""mmdet's names and noise: what holds while its code runs in a process that is not its own."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_NOISE = [
    "invalid escape sequence",  # mmdet's docstrings, when Python compiles them
    ".*torch.cuda.amp",
    ".*torch.meshgrid",
    ".*torch.jit",
    ".*pkgutil.find_loader",
    "pkg_resources is deprecated",
    ".*MultiScaleDeformableAttention.* has been moved",
]


@contextmanager
def inside_mmdet() -> Iterator[None]:
    """While the block runs, mmengine finds mmdet's names, and what the libraries always warn of is not said."""
    with quiet(), mmdet_scope():
        yield


@contextmanager
def mmdet_scope() -> Iterator[None]:
    """mmengine looks names up in mmdet's registries inside, and wherever it did before afterwards."""
    from mmengine.registry import DefaultScope

    with DefaultScope.overwrite_default_scope("mmdet"):
        yield


@contextmanager
def quiet() -> Iterator[None]:
    """While the block runs, what the libraries always warn of is not said."""
    with warnings.catch_warnings():
        for message in _NOISE:
            warnings.filterwarnings("ignore", message)
        yield
