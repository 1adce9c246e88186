"""Refuse workers whose code is not that of the command: they would publish other content under its keys.

A key holds versions and schema numbers, but not the code itself. So each process describes what decides the bytes that
it publishes besides settings and files: the code, the schema of the settings, and the versions of packages. What a
process runs was on disk when it began to import, so code is read once, at this module's import.
"""

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from zsstad_core.errors import SettingsError

PACKAGES = (
    *("av", "h5py", "mmcv-lite", "mmdet", "mmengine", "numpy", "open_clip_torch", "opencv-python", "pandas", "pillow"),
    *("pyarrow", "pydantic", "scipy", "timm", "torch", "torchvision", "transformers", "zarr"),
)
"""The packages that decide what units hold. What no worker imports (trackers, plotting) is not among them."""

type Description = Mapping[str, str]
"""The version or digest of each package and file, by its name."""

_SHOWN = 3
_CORE = Path(__file__).parent


class OtherCodeError(SettingsError):
    """A worker whose code, settings or packages are not those of the command."""


def describe(modules: Sequence[str] = ()) -> Description:
    """What decides the bytes that this process publishes; `modules` are further modules of which that is true."""
    return {**_packages(), **_CODE, **_modules(tuple(modules)), "schema of the settings": _schema()}


def digest(description: Description) -> str:
    """The SHA-256 of a description."""
    return hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()


def refuse_other(modules: Sequence[str], expected: str) -> None:
    """In a worker: raise OtherCodeError if the digest of its description is not `expected`."""
    if digest(describe(modules)) != expected:
        from distributed import get_worker

        raise OtherCodeError(_refusal(str(get_worker().address), "not the code of this command"))


def refuse_others(client: Any, modules: Sequence[str]) -> None:
    """Raise OtherCodeError, with the worker and the difference, if a worker that is there describes itself otherwise.

    client: a dask client.
    """
    ours = describe(modules)

    def ask() -> Any:  # travels as code that names nothing of this module, which an older version does not have
        from zsstad_core.same_code import describe

        return describe(modules)

    for worker, theirs in client.run(ask, on_error="return").items():
        if isinstance(theirs, ImportError | AttributeError | TypeError):
            raise OtherCodeError(_refusal(worker, f"a version that cannot describe itself ({theirs})"))
        if isinstance(theirs, BaseException):  # it was lost just now; each task checks once more
            continue
        if found := [*_differences(ours, theirs)]:
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            raise OtherCodeError(_refusal(worker, f"{', '.join(found[:_SHOWN])}{more}"))


def _refusal(worker: str, difference: str) -> str:
    return (
        f"workers: worker {worker} runs other code than this command: {difference}; end it, and start it again from "
        "this checkout and environment"
    )


def _differences(ours: Description, theirs: Description) -> Iterator[str]:
    for name in sorted(ours.keys() | theirs.keys()):
        mine, other = ours.get(name, "none"), theirs.get(name, "none")
        if mine != other:
            is_version = name in PACKAGES or name == "python"
            yield f"{name} {other} (here {mine})" if is_version else f"{name} differs"


@cache
def _packages() -> Description:
    """Versions without the build (`+cu130`), which is that of the hardware."""
    found = {"python": ".".join(map(str, sys.version_info[:2]))}
    for name in PACKAGES:
        try:
            found[name] = version(name).partition("+")[0]
        except PackageNotFoundError:
            found[name] = "none"
    return found


@cache
def _schema() -> str:
    from zsstad_core.settings.pipeline import Settings

    return hashlib.sha256(json.dumps(Settings.model_json_schema(), sort_keys=True).encode()).hexdigest()


@cache
def _modules(names: Sequence[str]) -> Description:
    """The digest of the file of each module."""
    return {name: _of_file(_file_of(name)) for name in names}


def _file_of(module: str) -> Path | None:
    try:
        spec = find_spec(module)
    except ImportError:  # its package is not there
        return None
    return Path(spec.origin) if spec and spec.origin else None


def _of_file(path: Path | None) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path and path.is_file() else "none"


def _of_folder(folder: Path) -> Description:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    return {f"{folder.name}/{path.relative_to(folder)}": _of_file(path) for path in files}


_CODE = {**_of_folder(_CORE), **_of_folder(_CORE.with_name("stages"))}
