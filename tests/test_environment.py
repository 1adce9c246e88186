"""What is installed is what the code was run with: one list of dependencies, told in three files."""

import re
import tomllib
from importlib.metadata import requires
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUN = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
DEV = [Requirement(line) for line in PROJECT["dependency-groups"]["dev"]]
CONDA: dict[str, Any] = yaml.safe_load((ROOT / "environment.yml").read_text())
LOCK = (ROOT / "requirements.txt").read_text()
LOCKED = [entry for entry in re.split(r"^(?=\S)", LOCK, flags=re.M) if entry and not entry.startswith("#")]
PINS = {canonicalize_name(name): version for name, version in re.findall(r"^(\S+)==([^\s;]+)", LOCK, re.M)}


@pytest.mark.parametrize("wanted", [*RUN, *DEV], ids=str)
def test_every_dependency_is_locked_in_a_version_that_fits(wanted: Requirement) -> None:
    assert PINS[canonicalize_name(wanted.name)] in wanted.specifier


@pytest.mark.parametrize("entry", LOCKED, ids=lambda entry: entry.split(" ")[0])
def test_every_package_is_one_version_and_its_hashes(entry: str) -> None:
    first, *others = re.sub(r"\\\n", "", entry.partition("    # via")[0]).split("--hash=")
    assert re.match(r"[A-Za-z0-9._-]+==[^\s;]+( ;|\s)", first)
    assert others
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}\s*", digest) for digest in others)


def test_the_lock_was_read_in_full() -> None:
    assert len(LOCKED) == len(PINS) == LOCK.count("==") - LOCK.count(" == '")


def test_conda_installs_the_same() -> None:
    *conda, pip = CONDA["dependencies"]
    assert (CONDA["name"], conda) == ("zsstad", ["python=3.12", "make", "pip"])
    listed = [Requirement(line) for line in pip["pip"]]
    assert [wanted.name for wanted in listed] == [wanted.name for wanted in [*RUN, *DEV]]
    for wanted in listed:
        assert wanted.specifier == SpecifierSet(f"=={PINS[canonicalize_name(wanted.name)]}")


def test_no_file_says_where_packages_are_fetched_from() -> None:
    for name in ("requirements.txt", "environment.yml", "pyproject.toml", ".ci/environment"):
        text = (ROOT / name).read_text()
        assert "://" not in text, name
        assert not re.search(r"(--|^\s*)((extra-)?index(-url)?|find-links|trusted-host)\b", text, re.M), name


def test_one_python_everywhere() -> None:
    assert (ROOT / ".python-version").read_text().strip() == "3.12"
    assert PROJECT["project"]["requires-python"] == ">=3.12,<3.13"
    assert "--python 3.12" in (ROOT / ".ci" / "environment").read_text()
    assert PROJECT["tool"]["mypy"]["python_version"] == "3.12"
    assert PROJECT["tool"]["ruff"]["target-version"] == "py312"


def test_torchvision_is_of_the_release_of_torch() -> None:
    """Its operators load torch's libraries, so each of its wheels names one torch."""
    torch = next(line for line in map(Requirement, requires("torchvision") or []) if line.name == "torch")
    ours, vision = (PINS[canonicalize_name(name)] for name in ("torch", "torchvision"))
    assert torch.specifier == SpecifierSet(f"=={ours}")
    assert int(vision.split(".")[1]) - int(ours.split(".")[1]) == 15  # 0.15 came with 2.0
