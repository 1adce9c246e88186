"""Keys of the golden plans: computed in a made world by another interpreter, and kept in keys.json, one line a plan."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.golden.made_world import write_world

HERE = Path(__file__).parent
FILE = HERE / "keys.json"


def read() -> dict[str, str]:
    """The kept keys: of each plan its artifacts, as `system.keys` gives them."""
    found: dict[str, str] = json.loads(FILE.read_text()) if FILE.is_file() else {}
    return found


def compute(folder: Path, lines: Iterable[str]) -> dict[str, str]:
    """The keys of plans, made in an empty folder. The packages that keys name are those of `made_world`.

    Raises RuntimeError with the traceback where a plan ends in anything but a refusal.
    """
    write_world(folder)
    done = subprocess.run(
        [sys.executable, "-m", "tests.golden.system", "keys"],
        input=json.dumps(list(lines)),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder / "packages"), str(HERE.parents[1])])},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def differences(golden: Mapping[str, str], computed: Mapping[str, str]) -> list[str]:
    """What is another, a line a plan and stage."""
    found = []
    for line, artifacts in golden.items():
        was, now = _by_stage(artifacts), _by_stage(computed.get(line, ""))
        for stage in sorted(was.keys() | now.keys()):
            if was.get(stage) != now.get(stage):
                before, after = was.get(stage, "not there"), now.get(stage, "not there")
                found.append(f"{line}: {stage}: was {before}, is {after}")
    return found


def write(found: Mapping[str, str]) -> None:
    """Keep keys."""
    FILE.write_text(json.dumps(found, indent=0, ensure_ascii=False) + "\n")


def _by_stage(artifacts: str) -> dict[str, str]:
    return {name.rpartition("-")[0] or name: name for name in artifacts.split()}
