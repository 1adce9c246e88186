"""Loads the detector that the settings name."""

from zsstad_core.errors import ModelError
from zsstad_core.frozen.detector.batches import Batches
from zsstad_core.frozen.detector.contract import Detector
from zsstad_core.frozen.detector.frame_boxes import PERSON
from zsstad_core.frozen.detector.options import read_options
from zsstad_core.frozen.detector.registry import find_kind
from zsstad_core.settings.frozen import Detector as DetectorSettings


def load_detector(settings: DetectorSettings, device: str) -> Detector:
    """The detector on a torch device ("cpu", "cuda:1"), ready for any number of frames.

    Its batch is halved where GPU memory is too small. Raises SettingsError for an unknown kind or option, ModelError
    where the detector has no class "person", and whatever the kind's `load` raises.
    """
    kind = find_kind(settings.kind)
    detector = kind.load(settings, read_options(kind, settings.options), device)
    if PERSON not in detector.classes:
        known = ", ".join(detector.classes[:5])
        raise ModelError(f"detector.kind {settings.kind}: finds {known}..., but a detector of persons is wanted")
    return Batches(detector, settings.batch)
