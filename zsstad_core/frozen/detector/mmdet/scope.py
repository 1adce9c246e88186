"""Contexts in which mmdet's code runs inside another program: its registry scope, and without its usual warnings."""

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
    """In the block, mmengine looks names up in mmdet's registries, and the libraries' usual warnings are suppressed."""
    with quiet(), mmdet_scope():
        yield


@contextmanager
def mmdet_scope() -> Iterator[None]:
    """In the block, mmengine looks names up in mmdet's registries; afterwards, where it did before."""
    from mmengine.registry import DefaultScope

    with DefaultScope.overwrite_default_scope("mmdet"):
        yield


@contextmanager
def quiet() -> Iterator[None]:
    """In the block, the libraries' usual warnings are suppressed."""
    with warnings.catch_warnings():
        for message in _NOISE:
            warnings.filterwarnings("ignore", message)
        yield
