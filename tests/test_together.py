"""Tests of a file run in one process, and so do all that share what make fills for them."""

import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.together import group_of


def test_a_file_is_a_group_and_so_is_a_folder_of_make() -> None:
    assert group_of("tests/cache/test_gc.py::test_a[1]") == group_of("tests/cache/test_gc.py::Test::test_b")
    assert group_of("tests/cache/test_gc.py::test_a") != group_of("tests/cache/test_units.py::test_a")
    assert group_of("tests/end_to_end/test_ask.py::test_a") == group_of("tests/end_to_end/doctor/test_boxes.py::test_b")


def test_pytest_keeps_groups_together(tmp_path: Path) -> None:
    for name in "abc":
        text = "import os, time\n\n\n" + "".join(
            f"def test_{number}():\n    time.sleep(0.05)\n    print('in', os.getpid(), 'file {name}')\n\n\n"
            for number in range(4)
        )
        (tmp_path / f"test_{name}.py").write_text(text)
    words = [
        "-p",
        "tests.together",
        "-p",
        "no:cacheprovider",
        "-n",
        "2",
        "-rP",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words], cwd=ROOT, capture_output=True, text=True, check=True
    )
    processes = dict.fromkeys("abc", frozenset[str]())
    for process, name in re.findall(r"^in (\d+) file (\w)$", done.stdout, re.M):
        processes[name] |= {process}
    assert [len(of_file) for of_file in processes.values()] == [1, 1, 1]
    assert len(frozenset().union(*processes.values())) == 2
