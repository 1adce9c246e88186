"""Label splits: which classes of a dataset a head may learn from (seen), and which not (unseen).

1, 2, ...                    the published lists of the dataset, data in `DATASET.yaml`
75/25                        iCLIP's split, if it is published (another name of a list in `DATASET.yaml`)
50/50-SEED, 75/25-SEED       drawn by a seed (see `draw_unseen`)
full                         full supervision: every class is seen
all-unseen                   every class is unseen: for heads without training, or trained on another dataset
without-CLASS                one class is unseen
PATH.yaml, PATH.yaml:NAME    lists in a file of the user (see `files`)
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from zsstad_core.errors import DataError, SettingsError, did_you_mean
from zsstad_core.splits.files import Lists, NamedClass, read_lists

_FOLDER = Path(__file__).parent
_DRAWN = re.compile(r"(50/50|75/25)-(\d+)")
_FILE = re.compile(r"(?P<path>.+\.ya?ml)(?::(?P<name>.+))?")
_OTHERS = ("50/50-SEED", "75/25-SEED", "full", "all-unseen", "without-CLASS", "or the path of a YAML file")


@dataclass(frozen=True)
class LabelSplit:
    """Seen and unseen classes: unseen classes in the published order, seen classes in the dataset's."""

    name: str
    seen: tuple[str, ...]
    unseen: tuple[str, ...]
    strict: bool = False
    """Whether a class without ground truth is an error, as in lists that a user wrote for these videos."""


def load_split(dataset: str, split: int | str, classes: Sequence[str]) -> LabelSplit:
    """The label split of that name of a dataset with these classes; its name is `DATASET-SPLIT`.

    Raises SettingsError if the split does not exist (naming the existing splits); DataError if a list is empty, names a
    class twice, on both sides, or not of the dataset, or leaves no class seen; MissingFileError if the file of the
    split does not exist.
    """
    split = str(split)
    name = f"{dataset}-{split}"
    if split == "full":
        return LabelSplit(name, tuple(classes), ())
    if split == "all-unseen":
        return LabelSplit(name, (), tuple(classes))
    if split.startswith("without-"):
        left_out = split.removeprefix("without-")
        if left_out not in classes:
            raise SettingsError(
                f'split is "{split}"; {left_out} is no class of {dataset}{did_you_mean(left_out, classes)}'
            )
        return LabelSplit(name, tuple(other for other in classes if other != left_out), (left_out,), strict=True)
    if match := _DRAWN.fullmatch(split):
        unseen = draw_unseen(classes, int(match[1].partition("/")[2]), int(match[2]))
        return LabelSplit(name, tuple(other for other in classes if other not in unseen), unseen)
    if match := _FILE.fullmatch(split):
        file = Path(match["path"]).expanduser()
        return _split_of_lists(
            name, _lists_of_file(split, file, match["name"]), f"{file}", dataset, classes, strict=True
        )
    return _published_split(name, dataset, split, classes)


def draw_unseen(classes: Sequence[str], percent: int, seed: int) -> tuple[str, ...]:
    """The unseen classes of a seeded split, in the order of `classes`: `percent` of them, rounded up.

    The unseen classes are the first when all are sorted by the SHA-256 of `SEED NAME` (UTF-8, one space; hexadecimal
    digits in ASCII order). So a draw depends on seed and names alone, and the unseen classes of 75/25-SEED are among
    those of 50/50-SEED. Rounding up gives 6 of J-HMDB's 21, as in the published 75/25 lists.
    """
    count = -(-len(classes) * percent // 100)
    ranked = sorted(classes, key=lambda name: hashlib.sha256(f"{seed} {name}".encode()).hexdigest())
    return tuple(name for name in classes if name in ranked[:count])


def published_splits(dataset: str) -> list[str]:
    """The names of a dataset's published lists, in order; a second name of a list is left out."""
    return [name for name, lists in _lists(dataset).items() if not lists.same_as]


def first_name(dataset: str, split: int | str) -> str:
    """The published list's number if `split` is a second name of it, else `split` itself."""
    lists = _lists(dataset).get(str(split))
    return lists.same_as if lists and lists.same_as else str(split)


def refuse_empty(split: LabelSplit, annotated: set[str], part: str) -> None:
    """Raise DataError if a split is strict and a class has no ground truth in the part that needs it.

    annotated: classes with ground truth in that part; seen classes are needed in "train", unseen classes in "test".
    """
    needed = split.seen if part == "train" else split.unseen
    empty = [name for name in needed if name not in annotated]
    if split.strict and empty:
        group = "seen" if part == "train" else "unseen"
        raise DataError(
            f"label split {split.name}: {', '.join(empty)}: {group}, but without ground truth in the {part} part of "
            "the videos that are here; take it out of the list, or add its videos"
        )


def _published_split(name: str, dataset: str, split: str, classes: Sequence[str]) -> LabelSplit:
    lists = _lists(dataset)
    if split not in lists:
        shown = f'"{split}"' if not split.isdigit() else split
        has = ", ".join([*lists, *_OTHERS])
        raise SettingsError(f"split is {shown}; {dataset} has {has}{did_you_mean(split, [*lists, *_OTHERS[2:-1]])}")
    found = lists[lists[split].same_as or split]
    return _split_of_lists(name, found, f"{dataset}.yaml", dataset, classes, strict=False)


@cache  # the files are part of the package, and do not change
def _lists(dataset: str) -> dict[str, Lists]:
    file = _FOLDER / f"{dataset}.yaml"
    return read_lists(file) if file.is_file() else {}


def _lists_of_file(split: str, file: Path, name: str | None) -> Lists:
    lists = read_lists(file)
    if name is None and len(lists) == 1:
        return next(iter(lists.values()))
    if name not in lists or lists[name].same_as:
        names = [f"{file}:{other}" for other, of_other in lists.items() if other and not of_other.same_as]
        raise SettingsError(f'split is "{split}"; it must be one of {", ".join(names) or file}')
    return lists[name]


def _split_of_lists(
    name: str, lists: Lists, file: str, dataset: str, classes: Sequence[str], strict: bool
) -> LabelSplit:
    for class_name, line in [*(lists.unseen or ()), *(lists.seen or ())]:
        if class_name not in classes:
            near = did_you_mean(class_name, classes)
            raise DataError(f"{file}:{line}: {class_name}: not among the classes of {dataset}{near}")
    for group in (lists.unseen, lists.seen):
        _refuse_twice(group or (), file)
    unseen_names = {class_name for class_name, _ in lists.unseen or ()}
    for class_name, line in lists.seen or ():
        if class_name in unseen_names:
            raise DataError(f"{file}:{line}: {class_name}: both seen and unseen; a class is one of them")
    seen, unseen = _names(lists.seen), _names(lists.unseen)
    if unseen is None:
        unseen = tuple(class_name for class_name in classes if class_name not in (seen or ()))
    # In the dataset's order, whatever the list's: the index of a class in training is its place in `seen`.
    seen = tuple(other for other in classes if (other not in unseen if seen is None else other in seen))
    if not unseen or not seen:
        raise DataError(
            f"{file}:{lists.line}: no class is {'seen' if unseen else 'unseen'}; a split needs both "
            f"(SPLIT={'all-unseen' if unseen else 'full'} is the one without)"
        )
    return LabelSplit(name, seen, unseen, strict)


def _refuse_twice(group: Sequence[NamedClass], file: str) -> None:
    known: dict[str, int] = {}
    for class_name, line in group:
        if class_name in known:
            raise DataError(f"{file}:{line}: {class_name}: named twice (first in line {known[class_name]})")
        known[class_name] = line


def _names(group: Sequence[NamedClass] | None) -> tuple[str, ...] | None:
    return None if group is None else tuple(class_name for class_name, _ in group)
