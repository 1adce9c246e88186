"""Many videos and labels: what a question names may be longer than an argument of a command, and starts all the same.

Fewer names than the 2,000 videos and 5,000 labels that showed the fault, but longer ones: the limit is one of bytes.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ask.made import pictures
from tests.conftest import ROOT, TINY_CLIP
from tests.made_tree import bare_tree
from tests.made_videos import write_video
from zsstad_core import configure

LIMIT = 131_072  # bytes of an argument, and of a variable of the environment (Linux: MAX_ARG_STRLEN)
PLANS = r"""#!/usr/bin/env bash
case "$*" in
  *--makefile*) PYTHONPATH=ROOT exec EXECUTABLE "$@" ;;
  *) printf '%s\n' "${@:4}" --- >> calls ;;
esac
"""
"""A Python that plans, and of what is planned notes the arguments."""

SETTINGS = """\
encoder: {pretrained: random, model: tiny-clip.json}
detector: {boxes_from: boxes.csv}
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    bare_tree(tmp_path, PLANS.replace("ROOT", str(ROOT)).replace("EXECUTABLE", sys.executable))
    (tmp_path / "zsstad_core").symlink_to(ROOT / "zsstad_core")
    (tmp_path / "pipeline.yaml").write_text(SETTINGS)
    (tmp_path / "tiny-clip.json").write_bytes(TINY_CLIP.read_bytes())
    (tmp_path / "boxes.csv").write_text("video_id,frame,x1,y1,x2,y2,score,what\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ask(tree: Path, **chosen: str) -> dict[str, list[str]]:
    """The stages that make starts for a question, each with its arguments."""
    kept = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    words = ["make", "--no-print-directory", "ask", "WARM=", *(f"{name}={text}" for name, text in chosen.items())]
    done = subprocess.run(words, cwd=tree, env=kept, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    calls = [call.splitlines() for call in (tree / "calls").read_text().split("---\n")[:-1]]
    return {stage: words for stage, *words in calls}


@pytest.mark.fault(58)
def test_names_that_are_longer_than_an_argument_travel_by_file(tree: Path) -> None:
    """And variables may be as long as make's own arguments can be, though MAKEFLAGS would have them longer still."""
    base = write_video(tree / "base.mp4", pictures(2), "libx264")
    (tree / "many").mkdir()
    videos = [f"many/{number:04} {'a long name ' * 19}.mp4" for number in range(600)]
    for name in videos:
        (tree / name).hardlink_to(base)
    labels = [f"{number} {'a ' * 500}slow" for number in range(126)]
    text, template = ", ".join(labels), f"encoder.template='{'a ' * 60_000}{{}}'"
    assert len("".join(videos)) > LIMIT
    assert LIMIT - 10_000 < len(f"LABELS={text}") < LIMIT

    started = ask(tree, VIDEO="many/*.mp4", LABELS=text, SET=template)
    stages = ("text", "index", "groundtruth", "detect", "encode", "score", "ask")
    assert list(started) == [f"stages.{stage}" for stage in stages]
    settings = configure.from_words(started["stages.index"])
    assert settings.datasets.folder.videos == videos
    assert settings.datasets.folder.labels == labels
    assert settings.encoder.template == f"{'a ' * 60_000}{{}}"
    assert all(len(line) < LIMIT for file in (tree / ".plan").glob("*.mk") for line in file.read_text().splitlines())
