"""Stages called as make calls them, but in this process; exported files as dictionaries of arrays, and back."""

import importlib
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import h5py
import numpy as np

from tests.learning.made_cache import made_plan
from zsstad_core.plan.plan import Plan
from zsstad_core.settings_text import as_yaml

type Arrays = dict[str, np.ndarray]

FORMATS = ("h5", "npz")
KINDS = ("frame", "object", "person", "groundtruth")  # what the default head reads, except text


def stage(name: str, made: Plan, folder: Path, *words: str) -> int:
    """Exit code of a stage with a plan's settings; `folder` is for the settings' file."""
    file = folder / "settings.yaml"
    file.write_text(as_yaml(made.settings))
    module = importlib.import_module(f"stages.{name}")
    with mock.patch.object(sys, "argv", [name, "--settings", str(file), *words]):
        try:
            module.main()
        except SystemExit as ended:
            return int(ended.code or 0)
    return 0


def read(path: Path) -> Arrays:
    """tokens, columns and provenance, by plain h5py or NumPy."""
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            return dict(arrays)
    with h5py.File(path) as file:
        arrays = {
            name: values.asstr()[:] if h5py.check_string_dtype(values.dtype) else values[:]
            for name, values in file.items()
        }
        return arrays | {"provenance": np.array(file.attrs["provenance"])}


def write(path: Path, arrays: Mapping[str, Any]) -> None:
    """As somebody without this package would."""
    path.unlink(missing_ok=True)
    if path.suffix == ".npz":
        plain = {name: np.asarray(values) for name, values in arrays.items()}
        plain = {name: v.astype(str) if v.dtype == object and name != "pickled" else v for name, v in plain.items()}
        np.savez(path, **plain)
        return
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            if name == "provenance":
                file.attrs[name] = str(values)
            elif np.asarray(values).dtype.kind in "OU":
                file.create_dataset(name, data=np.asarray(values, object), dtype=h5py.string_dtype())
            else:
                file.create_dataset(name, data=values)


def export(made: Plan, folder: Path, *words: str) -> Path:
    """The folder that the export stage writes to, `out`."""
    assert stage("export", made, folder, "--out", str(folder / "out"), *words) == 0
    return folder / "out"


def given(folder: Path, tokens: Path, **changed: Any) -> Plan:
    """The plan of a dataset's cache in `folder` that takes its tokens from files."""
    return made_plan(folder, **{"encoder.tokens_from": str(tokens), **changed})


def copied(folder: Path, file_format: str, tmp_path: Path) -> Path:
    """What is exported in `folder`, as files that a test may spoil."""
    return Path(shutil.copytree(folder / file_format, tmp_path / "tokens"))


def names(folder: Path) -> list[str]:
    """The names of all files in a folder, also of hidden ones."""
    return sorted(path.name for path in folder.iterdir())
