"""The command for results that were made elsewhere, as a process."""

import subprocess
import sys

from tests.conftest import ROOT


def run(*words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run it with these words; it must end with this code."""
    command = [sys.executable, "-m", "zsstad_core.metrics", *words]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == code, ended.stderr
    return ended
