"""Libraries imported without what nobody uses here: torch's compiler, timm, plotting, sharded optimisers.

Some packages import a large library for one function that is seldom called, or for classes that few models have. Once
`install` has been called, importing such a package leaves that out:

- a deferred function imports its library when it is first called
- a blocked library is missing to the package, which can do without (`import_timm` gives open_clip its own back)
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

_DEFERRED = {
    # asked by one operator on a GPU; the compiler takes longer to import than all of torch
    "torchvision": ("torch._dynamo.utils", ["is_compile_supported"]),
    # trains models that are spread over GPUs
    "mmengine._strategy": ("mmengine._strategy.fsdp", ["FSDPStrategy"]),
    "mmengine.model.wrappers": ("mmengine.model.wrappers.fully_sharded_distributed", ["MMFullyShardedDataParallel"]),
    # draws tracks with matplotlib
    "mmdet.utils": ("mmdet.utils.mot_error_visualize", ["imshow_mot_errors"]),
    # matches boxes when a DETR is trained
    "mmdet.models": ("scipy.optimize", ["linear_sum_assignment"]),
    # draws smooth lines
    "supervision.annotators.core": ("scipy.interpolate", ["splev", "splprep"]),
}
"""Modules, and the functions that each imports from a module that is left out."""

_BLOCKED = {
    "open_clip": "timm",  # image encoders that are not open_clip's own
    "mmengine.optim": "torch.distributed.optim",  # an optimiser that is sharded over processes
}
"""Packages, and the library that is missing while each is imported."""


def install() -> None:
    """Have these packages imported so in this process. Calling it again does nothing."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def import_timm() -> None:
    """Give open_clip the timm that it was imported without. Raises ImportError where timm is not installed."""
    module, timm, layers = map(import_module, ("open_clip.timm_model", "timm", "timm.layers"))
    names = {name: getattr(layers, name) for name in ("Mlp", "to_2tuple", "RotAttentionPool2d")}
    vars(module).update(names, timm=timm, AbsAttentionPool2d=layers.AttentionPool2d)


class _Finder(MetaPathFinder):
    """Finds the packages that are imported without something, and leaves all others to Python."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in _DEFERRED and name not in _BLOCKED:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _LightLoader(name, spec.loader)
        return spec


class _LightLoader(Loader):
    """Executes a package while what it shall not import is left out."""

    def __init__(self, name: str, loader: Any) -> None:
        self._name, self._loader = name, loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__loader__ = module.__spec__.loader = self._loader
        try:
            with _in_place_of_modules(_stand_ins(self._name)):
                self._loader.exec_module(module)
        except ImportError:  # another version of the package needs it after all
            for name in [name for name in sys.modules if name.startswith(f"{self._name}.")]:
                del sys.modules[name]
            self._loader.exec_module(module)


def _stand_ins(package: str) -> dict[str, ModuleType | None]:
    """What stands in place of modules while `package` is imported; None makes a module one that cannot be imported."""
    if package in _BLOCKED:
        return {_BLOCKED[package]: None}
    module, functions = _DEFERRED[package]
    stand_in = ModuleType(module)
    for function in functions:
        setattr(stand_in, function, _deferred(module, function))
    return {module: stand_in}


def _deferred(module: str, function: str) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(import_module(module), function)(*args, **kwargs)

    return call


@contextmanager
def _in_place_of_modules(modules: dict[str, ModuleType | None]) -> Iterator[None]:
    """These modules are what an import gives in the block; a module that has been imported already stays."""
    new = {name: module for name, module in modules.items() if name not in sys.modules}
    sys.modules.update(new)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name, module in new.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
