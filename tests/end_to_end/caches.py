"""What is in a cache: its files to the byte, when they were written, and what its ledger says."""

import json
from pathlib import Path
from typing import Any

UNITS = "jhmdb/*/unit-*/manifest.json"
LATER = ("train-", "score-", "evaluate-")  # artifacts that `make extract` does not make


def artifacts(cache: Path, without: tuple[str, ...] = ()) -> dict[str, bytes]:
    """Every file of every artifact, hidden ones too, by its path; without artifacts of some stages."""
    return {
        str(path.relative_to(cache)): path.read_bytes()
        for folder in sorted(cache.glob("*/*-*"))
        if not folder.name.startswith(without)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def stamps(cache: Path) -> dict[str, tuple[int, int, int]]:
    """Inode, time of writing and size of every file."""
    found = {str(path.relative_to(cache)): path.stat() for path in sorted(cache.rglob("*")) if path.is_file()}
    return {name: (status.st_ino, status.st_mtime_ns, status.st_size) for name, status in found.items()}


def finished(cache: Path) -> dict[str, tuple[int, int, int]]:
    """`stamps` of the files of published units."""
    units = {str(path.parent.relative_to(cache)) for path in manifests(cache)}
    return {name: stamp for name, stamp in stamps(cache).items() if "/".join(name.split("/")[:3]) in units}


def manifests(cache: Path) -> list[Path]:
    return list(cache.glob(UNITS))


def leftovers(cache: Path) -> list[str]:
    """Hidden and temporary files and folders."""
    return [
        str(path.relative_to(cache)) for path in cache.rglob("*") if path.name.startswith(".") or "tmp" in path.name
    ]


def ledger(cache: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (cache / "jhmdb" / "ledger.jsonl").read_text().splitlines()]


def made(cache: Path, since: int = 0) -> set[str]:
    """Stages of which units were made, since so many lines of the ledger."""
    return {line["stage"] for line in ledger(cache)[since:]}


def metrics(out: str) -> dict[str, Any]:
    """metrics.json, whose path is the last line of what `make eval` prints."""
    content: dict[str, Any] = json.loads(Path(out.splitlines()[-1]).read_text())
    return content
