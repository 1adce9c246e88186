"""`python -m zsstad_core.stickworld` renders clips without a pipeline."""

import subprocess
import sys
from pathlib import Path


def test_the_command_does_not_write_into_a_folder_that_is_there(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "zsstad_core.stickworld", "--write", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == f"error: {tmp_path}: is there already; name a folder that is not\n"
