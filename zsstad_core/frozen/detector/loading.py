"""Loads the detector that the settings name."""

from zsstad_core.frozen.detector.batches import Batches
from zsstad_core.frozen.detector.class_names import with_person
from zsstad_core.frozen.detector.contract import Detector
from zsstad_core.frozen.detector.options import read_options
from zsstad_core.frozen.detector.registry import find_kind
from zsstad_core.settings.frozen import Detector as DetectorSettings


def load_detector(settings: DetectorSettings, device: str) -> Detector:
    """The detector on a torch device ("cpu", "cuda:1"), ready for any number of frames.

    Its class of persons (`detector.person_class`) is called "person", whatever its own name is. Its batch is halved
    where GPU memory is too small. Raises SettingsError for an unknown kind or option, ModelError where no class has
    the name of persons, and whatever the kind's `load` raises.
    """
    kind = find_kind(settings.kind)
    detector = kind.load(settings, read_options(kind, settings.options), device)
    classes = with_person(detector.classes, settings.person_class, f"detector.kind {settings.kind}")
    return Batches(detector, classes, settings.batch)
