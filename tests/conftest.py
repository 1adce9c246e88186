"""What every test may use: the real data where it is present, and a tiny CLIP of the real architecture."""

import os
from pathlib import Path

import pytest

pytest_plugins = ["tests.determinism", "tests.counterexamples"]

# Of the make that runs the tests: commands of make in tests start afresh.
_CHOICES = (
    "DATASET",
    "SPLIT",
    "TRAINED_ON",
    "SPLITS",
    "SEEDS",
    "HEADS",
    "HEAD",
    "RECIPE",
    "GPUS",
    "SET",
    "TESTS",
    "JOBS",
    "STAGE",
    "APPLY",
    "DAYS",
    "TRAINED",
    "FORMAT",
    "KIND",
    "VIDEO",
    "LABELS",
    "OUT",
)
for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", *_CHOICES):
    os.environ.pop(name, None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In several processes: a file's tests in one, and in one all that share the cache that make fills for them."""
    for item in items:
        file = item.path.relative_to(ROOT / "tests")
        together = file.parts[0] if file.parts[0] == "end_to_end" else str(file)
        item.add_marker(pytest.mark.xdist_group(together))


ROOT = Path(__file__).resolve().parent.parent
TINY_CLIP = ROOT / "tests" / "assets" / "tiny-clip.json"


def realdata_folder() -> Path:
    return Path(os.environ.get("ZSSTAD_REALDATA", ROOT.parent / "shared" / "realdata"))


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real clips, annotations and reference results, or a skip that says what is missing."""
    folder = realdata_folder()
    if not (folder / "README.md").is_file():
        pytest.skip(f"needs the real data in {folder} (or ZSSTAD_REALDATA); it is not redistributed with the project")
    return folder
