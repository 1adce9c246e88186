"""Label splits: which classes of a dataset a head may learn from (seen) and which it must name unseen.

The lists are data, one file a dataset: `DATASET.yaml`, {number of the split: its unseen classes}.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from zsstad_core.errors import DataError, SettingsError

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class LabelSplit:
    """Seen and unseen classes. The unseen keep the published order, the seen the dataset's."""

    name: str
    seen: tuple[str, ...]
    unseen: tuple[str, ...]


def load_split(dataset: str, split: int, classes: Sequence[str], folder: Path = _FOLDER) -> LabelSplit:
    """Label split number `split` of a dataset with these classes; its name is `DATASET-NUMBER`.

    Raises SettingsError where there is no such split (naming those that exist), DataError where the list is empty,
    names a class twice or one the dataset lacks, or leaves no class seen.
    """
    file = folder / f"{dataset}.yaml"
    if not file.is_file():
        have = ", ".join(sorted(path.stem for path in folder.glob("*.yaml")))
        raise SettingsError(f'dataset "{dataset}" has no label splits; those of {have} exist')
    splits = yaml.safe_load(file.read_text(encoding="utf-8"))
    if split not in splits:
        raise SettingsError(f"split is {split}; {dataset} has {', '.join(map(str, splits))}")

    unseen = tuple(splits[split] or ())
    where = f"{file.name}: split {split}"
    unknown = [name for name in unseen if name not in classes]
    twice = sorted({name for name in unseen if unseen.count(name) > 1})
    seen = tuple(name for name in classes if name not in unseen)
    if unknown:
        raise DataError(f"{where}: {', '.join(map(str, unknown))}: not among the classes of {dataset}")
    if twice:
        raise DataError(f"{where}: {', '.join(twice)}: named twice")
    if not unseen or not seen:
        raise DataError(f"{where}: no class is {'seen' if unseen else 'unseen'}; a split needs both")
    return LabelSplit(f"{dataset}-{split}", seen, unseen)
