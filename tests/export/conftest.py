"""A cache and what is exported of it, once for all files of this folder."""

from pathlib import Path

import pytest

from tests.exported import FORMATS, stage
from tests.learning.made_cache import extract, made_plan, write_dataset
from zsstad_core.plan.plan import Plan


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset, its cache, and in `h5` and `npz` what is exported of it."""
    folder = tmp_path_factory.mktemp("export")
    write_dataset(folder)
    made = made_plan(folder)
    extract(made)
    for name in FORMATS:
        assert stage("export", made, folder, "--format", name, "--out", str(folder / name)) == 0
    return folder


@pytest.fixture
def plan(folder: Path) -> Plan:
    return made_plan(folder)
