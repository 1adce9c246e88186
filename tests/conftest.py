"""What every test may use: the real data where it is present, and a tiny CLIP of the real architecture."""

import os
import signal
from pathlib import Path

import pytest

pytest_plugins = ["tests.determinism", "tests.counterexamples", "tests.together"]

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
for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "WARM", *_CHOICES):
    os.environ.pop(name, None)
if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # a shell's background command: its children would ignore Ctrl-C too
    signal.signal(signal.SIGINT, signal.default_int_handler)


ROOT = Path(__file__).resolve().parent.parent
TINY_CLIP = ROOT / "tests" / "assets" / "tiny-clip.json"


_AT_START = dict(os.environ)
_SET_BY_LIBRARIES = ("LD_LIBRARY_PATH", "QT_QPA_FONTDIR", "QT_QPA_PLATFORM_PLUGIN_PATH")
_SET_BY_LIBRARIES += ("TOKENIZERS_PARALLELISM", "TORCHINDUCTOR_CACHE_DIR")


def plain_environment() -> dict[str, str]:
    """This process's environment, without what changes from test to test: stages then share a warm parent."""
    left_out = {"PYTEST_CURRENT_TEST", *_SET_BY_LIBRARIES}
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return kept | {name: _AT_START[name] for name in _SET_BY_LIBRARIES if name in _AT_START}


def realdata_folder() -> Path:
    return Path(os.environ.get("ZSSTAD_REALDATA", ROOT.parent / "shared" / "realdata"))


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real clips, annotations and reference results, or a skip that says what is missing."""
    folder = realdata_folder()
    if not (folder / "README.md").is_file():
        pytest.skip(f"needs the real data in {folder} (or ZSSTAD_REALDATA); it is not redistributed with the project")
    return folder
