"""What every test may use: the real data where it is present, and a tiny CLIP of the real architecture."""

import os
from pathlib import Path

import pytest

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
    "SET",
    "TESTS",
    "STAGE",
    "APPLY",
    "DAYS",
    "TRAINED",
    "FORMAT",
    "KIND",
    "OUT",
)
for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", *_CHOICES):
    os.environ.pop(name, None)

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
