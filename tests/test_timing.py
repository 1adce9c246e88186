"""`make timing` tells where the time went, from whatever lines the ledger holds."""

from pathlib import Path

import pytest

from tests.cache.made_artifacts import run
from zsstad_core import timing_text
from zsstad_core.cache import ledger
from zsstad_core.cache.artifact import WHOLE
from zsstad_core.cache.units import unit_name
from zsstad_core.errors import MissingFileError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two units of detect, one of tokens, one training."""
    root = tmp_path / "jhmdb"
    root.mkdir()
    ledger.record(root, "detect", "k1", "unit-1", 30, {"decode": 20.0, "detect": 70.0, "total": 100.0})
    ledger.record(root, "detect", "k1", "unit-2", 10, {"decode": 30.0, "detect": 70.0, "total": 100.5})
    ledger.record(root, "tokens-frame", "k2", "unit-1", 40, {"encode": 0.1, "total": 0.1})
    ledger.record(root, "train", "k3", unit_name(WHOLE), 1, {"write": 0.01, "total": 60.0})
    return root


def cells(root: Path) -> dict[str, list[str]]:
    """Stage -> the rest of its line, cut at two spaces and more."""
    header, *lines = timing_text.table(root).split("\n\n")[0].splitlines()
    assert header.split() == ["stage", "units", "clips", "time", "clips/s", "where", "the", "time", "went"]
    return {line.split()[0]: line.split(maxsplit=1)[1].replace("  ", "\t").split("\t") for line in lines}


def shown(root: Path) -> dict[str, str]:
    return {stage: " | ".join(cell.strip() for cell in rest if cell.strip()) for stage, rest in cells(root).items()}


def test_a_line_a_stage_sums_its_units(root: Path) -> None:
    assert shown(root) == {
        "detect": "2 | 40 | 3 min | 0.2 | detect 70 %, decode 25 %, other 5 %",
        "tokens-frame": "1 | 40 | 0.1 s | 400 | encode 100 %",
        "train": "1 | 60 s | other 100 %",  # one artifact, not one clip
    }


def test_what_was_slowest_is_named(root: Path) -> None:
    stage, unit = timing_text.table(root).split("\n\n")[1].splitlines()
    assert stage == "slowest: detect, 77 % of 4 min"
    assert unit.startswith("its slowest unit: 2 min for 10 clips (detect-k1/unit-2, 20")


def test_columns_stand_under_each_other(root: Path) -> None:
    header, *lines = timing_text.table(root).split("\n\n")[0].splitlines()
    assert {line.index("%") > header.index("where") for line in lines} == {True}
    ends = [line[: header.index("where")].rstrip() for line in (header, *lines[:2])]
    assert len({len(end) for end in ends}) == 1


@pytest.mark.parametrize(
    "damage",
    [
        b'{"stage": "det',
        b"[]\n",
        b"5\n",
        b"\xff\xfe\n",
        b"\0\0\0\n",
        b'{"stage": "x"}\n',
        b'{"stage": "x", "clips": 1, "seconds": {}}\n',
        b'{"stage": "x", "clips": 1, "seconds": {"total": NaN}}\n',
        b'{"stage": "x", "clips": 1, "seconds": {"total": "1"}}\n',
        b'{"stage": "x", "clips": 1, "seconds": 5}\n',
        b'{"stage": 5, "clips": 1, "seconds": {"total": 1}}\n',
        b'{"stage": "x", "clips": "many", "seconds": {"total": 1}}\n',
    ],
)
def test_a_line_cut_by_a_kill_is_skipped(root: Path, damage: bytes) -> None:
    before = timing_text.table(root)
    with (root / "ledger.jsonl").open("ab") as file:
        file.write(damage)
    assert timing_text.table(root) == before


def test_times_of_zero_are_no_error(tmp_path: Path) -> None:
    ledger.record(tmp_path, "index", "k", "unit-1", 3, {"total": 0.0})
    assert timing_text.table(tmp_path).startswith("stage")


def test_a_ledger_without_a_line_that_reads_says_so(tmp_path: Path) -> None:
    (tmp_path / "ledger.jsonl").write_text("{")
    assert timing_text.table(tmp_path) == f"timing: {tmp_path / 'ledger.jsonl'} holds no line yet"


def test_a_dataset_without_a_ledger_is_one_line(root: Path) -> None:
    with pytest.raises(MissingFileError, match=r"ledger\.jsonl: No such file"):
        timing_text.table(root / "nowhere")
    done = run("timing", "--dataset", "stickworld", overrides=f"cache.root={root.parent}")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    done = run("timing", overrides=f"cache.root={root.parent}")
    assert (done.returncode, done.stdout) == (0, f"{timing_text.table(root)}\n")
