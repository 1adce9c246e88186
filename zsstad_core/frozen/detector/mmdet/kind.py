"""The registry entry of mmdet: what determines its boxes, and how its model is loaded. Imports no torch."""

from pathlib import Path
from typing import Any

from zsstad_core.frozen.detector.contract import Detector, DetectorKind
from zsstad_core.frozen.detector.mmdet.config import config_files, versions
from zsstad_core.settings.base import Section
from zsstad_core.settings.frozen import Detector as DetectorSettings

_IMPORTS = ("zsstad_core.frozen.detector.mmdet.detector", "zsstad_core.frozen.detector.mmdet.libraries")


class NoOptions(Section):
    """mmdet has none: it reads `detector.config` and `detector.checkpoint`."""


def _load(settings: DetectorSettings, options: NoOptions, device: str) -> Detector:
    from zsstad_core.frozen.detector.mmdet.detector import MmdetDetector

    return MmdetDetector(settings, device)


def _identity(settings: DetectorSettings, options: NoOptions) -> dict[str, Any]:
    """The config with all configs that it inherits from, the weights, and the versions of the libraries."""
    is_url = "://" in settings.checkpoint  # a URL is identified by its address, so that a plan downloads nothing
    return {
        "config": config_files(settings.config),
        "checkpoint": settings.checkpoint if is_url else Path(settings.checkpoint),
        "versions": versions(),
    }


KIND = DetectorKind("mmdet", _load, _identity, NoOptions, finetunes=True, imports=_IMPORTS)
