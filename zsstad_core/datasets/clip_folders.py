"""Find clips that lie in one folder per class: `CLASS/NAME.avi`, or frames `CLASS/NAME/00001.png`, ..."""

import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from zsstad_core.datasets.base import Part
from zsstad_core.errors import DataError, MissingFileError
from zsstad_core.lookalikes import refuse_lookalikes


def clips_by_class(folder: Path, suffixes: Sequence[str], setting: str, expected: str) -> dict[str, Path]:
    """`CLASS/NAME` -> the clip's file or folder of frames. Hidden files and other kinds of file are ignored.

    Raises MissingFileError if the folder is not there (`setting` names it, `expected` says what must be in it), and
    DataError if a clip is there twice.
    """
    if not folder.is_dir():
        raise MissingFileError(f"{folder}: no such folder ({setting}); expected {expected} in it")
    found: dict[str, Path] = {}
    for class_folder in entries(folder):
        if not class_folder.is_dir():
            continue
        for entry in entries(Path(class_folder.path)):
            is_folder = entry.is_dir()
            stem, suffix = os.path.splitext(entry.name)  # noqa: PTH122 - a Path for each takes several times as long
            if not is_folder and suffix.lower() not in suffixes:
                continue
            name = f"{class_folder.name}/{entry.name if is_folder else stem}"
            if name in found:
                raise DataError(f"{folder}: {name} is there {_two_kinds(found[name], is_folder)}; keep one kind")
            found[name] = Path(entry.path)
    return found


def wanted_on_disk(
    wanted: Collection[str], on_disk: Mapping[str, Path], folder: Path, annotation: Path, expected: str
) -> dict[str, Path]:
    """The wanted clips that are on disk, by name. Raises MissingFileError if there is none, naming another clip, and
    DataError if a clip is there under a name that only looks the same."""
    found = {name: on_disk[name] for name in wanted if name in on_disk}
    if not found:
        others = f" ({len(on_disk)} others, such as {min(on_disk)})" if on_disk else ""
        raise MissingFileError(f"{folder}: no clip that {annotation.name} names{others}; expected {expected}")
    refuse_lookalikes("clip", wanted, str(annotation), on_disk, str(folder))
    return found


def first_of_each(parts: Mapping[str, Part], on_disk: Mapping[str, Path], limit: int | None) -> dict[str, Part]:
    """`parts` sorted by name; with a limit, only the first `limit` clips on disk of each class and part."""
    ordered = dict(sorted(parts.items()))
    if limit is None:
        return ordered
    taken: Counter[tuple[str, Part]] = Counter()
    wanted = {}
    for name, part in ordered.items():
        group = (name.split("/")[0], part)
        if name in on_disk and taken[group] < limit:
            taken[group] += 1
            wanted[name] = part
    return wanted


def entries(folder: Path) -> list["os.DirEntry[str]"]:
    """The entries of a folder, sorted by name, without hidden names."""
    with os.scandir(folder) as inside:
        return sorted((entry for entry in inside if not entry.name.startswith(".")), key=lambda entry: entry.name)


def _two_kinds(other: Path, is_folder: bool) -> str:
    if other.is_dir() or is_folder:
        return "as clip and as frames, which differ in their pixels"
    return f"as {other.suffix} and in another container, which differ in their pixels"
