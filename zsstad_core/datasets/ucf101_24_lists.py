"""Read the lists of test and training clips of UCF101-24, from UCF101 or from the authors of the annotation.

A line is `CLASS/NAME`, with or without `.avi`; in UCF101's training lists the class's number follows. UCF101's lists
name all its 101 classes; lines of the 77 other classes are ignored, and so are the few clips of the 24 classes that the
corrected annotation has dropped.
"""

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from zsstad_core.datasets.base import Part
from zsstad_core.errors import DataError, MissingFileError
from zsstad_core.lookalikes import refuse_lookalikes
from zsstad_core.plain_text import read_lines

_AVI = re.compile(r"\.avi$", re.IGNORECASE)


def read_parts(
    annotated: Collection[str], annotation: Path, test_list: Path, train_list: Path | None, classes: Sequence[str]
) -> dict[str, Part]:
    """The part of every annotated clip. Without a training list, every clip that the test list does not name is
    training.

    Raises MissingFileError, and DataError naming file and line.
    """
    known = set(annotated)
    test = _read_list(test_list, "test_list", classes)
    refuse_lookalikes("clip", test, str(test_list), known, annotation.name)
    if not known & test.keys():
        raise DataError(f"{test_list}: names no clip that {annotation.name} annotates; the two do not belong together")
    if train_list is None:
        return {name: "test" if name in test else "train" for name in annotated}
    train = _read_list(train_list, "train_list", classes)
    refuse_lookalikes("clip", train, str(train_list), known, annotation.name)
    if both := sorted(train.keys() & test.keys()):
        raise DataError(f"{train_list}:{train[both[0]]}: {both[0]} is in {test_list.name}:{test[both[0]]} too")
    if neither := sorted(known - train.keys() - test.keys()):
        raise DataError(
            f"{train_list}: {len(neither)} annotated clips are neither here nor in {test_list.name} (first: "
            f"{neither[0]}); complete the lists, or leave datasets.ucf101_24.train_list empty: they are training then"
        )
    return {name: "test" if name in test else "train" for name in annotated}


def _read_list(file: Path, setting: str, classes: Sequence[str]) -> dict[str, int]:
    """The listed clips of these classes, each with its line number."""
    if not file.is_file():
        raise MissingFileError(
            f"{file}: no such list (datasets.ucf101_24.{setting}); expected UCF101's testlist01.txt or trainlist01.txt"
        )
    right = {class_name.casefold(): class_name for class_name in classes}
    found: dict[str, int] = {}
    for number, line in enumerate(read_lines(file), start=1):
        words = line.split()
        if not words:
            continue
        class_name, _, clip = _AVI.sub("", words[0]).partition("/")
        if len(words) > 2 or not class_name or not clip or "/" in clip or not all(word.isdigit() for word in words[1:]):
            raise DataError(f"{file}:{number}: {line.strip()!r}; expected CLASS/NAME.avi, at most with a class number")
        if class_name not in classes:
            if near := right.get(class_name.casefold().replace("_", "")):
                raise DataError(f"{file}:{number}: class {class_name}; UCF101-24 spells it {near}")
            continue
        name = f"{class_name}/{clip}"
        if name in found:
            raise DataError(f"{file}:{number}: {name} is listed twice (first in line {found[name]})")
        found[name] = number
    return found
