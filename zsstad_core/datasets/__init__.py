"""The datasets: one module per dataset, which reads its files into the common tables (`zsstad_core.tables`).

This module lists them; a dataset's module is imported when the dataset is opened.
"""

from collections.abc import Callable

from zsstad_core.datasets.base import Dataset
from zsstad_core.errors import SettingsError, did_you_mean
from zsstad_core.settings.pipeline import Settings


def _jhmdb(settings: Settings) -> Dataset:
    from zsstad_core.datasets.jhmdb import Jhmdb

    return Jhmdb(settings.datasets.jhmdb)


def _ucf101_24(settings: Settings) -> Dataset:
    from zsstad_core.datasets.ucf101_24 import Ucf101_24

    return Ucf101_24(settings.datasets.ucf101_24)


def _ava(settings: Settings) -> Dataset:
    from zsstad_core.datasets.ava import Ava

    return Ava(settings.datasets.ava)


def _folder(settings: Settings) -> Dataset:
    from zsstad_core.datasets.folder import Folder

    return Folder(settings.datasets.folder)


def _stickworld(settings: Settings) -> Dataset:
    from zsstad_core.datasets.stickworld import Stickworld

    return Stickworld(settings.datasets.stickworld)


DATASETS: dict[str, Callable[[Settings], Dataset]] = {
    "jhmdb": _jhmdb,
    "ucf101_24": _ucf101_24,
    "ava": _ava,
    "folder": _folder,
    "stickworld": _stickworld,
}


def open_dataset(name: str, settings: Settings) -> Dataset:
    """The dataset of that name. Raises SettingsError for an unknown name, MissingFileError for an absent folder."""
    if name not in DATASETS:
        near = did_you_mean(name, DATASETS)
        raise SettingsError(f'dataset is "{name}"; it must be one of {", ".join(DATASETS)}{near}')
    return DATASETS[name](settings)
