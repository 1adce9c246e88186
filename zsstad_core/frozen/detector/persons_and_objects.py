"""Two detectors combined: the fine-tuned one finds persons, and the one that it was trained from finds objects.

Fine-tuning sees boxes of persons alone, so that every other class in its frames is background to it; its detections of
other classes are useless afterwards (docs/finetune.md has the numbers).
"""

from collections.abc import Sequence

import numpy as np

from zsstad_core.frozen.detector.contract import Detector
from zsstad_core.frozen.detector.frame_boxes import PERSON, FrameBoxes


class PersonsAndObjects:
    """A `Detector` that runs two detectors with the same classes. Without `objects` it finds persons only.

    weights: the weights of both.
    """

    def __init__(self, persons: Detector, objects: Detector | None) -> None:
        self._persons, self._objects = persons, objects
        self.classes = persons.classes
        self.weights = f"{persons.weights} (persons)"
        if objects:
            self.weights += f", {objects.weights} (objects)"

    def __call__(self, frames: Sequence[np.ndarray]) -> list[FrameBoxes]:
        """All persons, then all objects of each frame. frames: RGB uint8 [H, W, 3]."""
        person = self.classes.index(PERSON)
        persons = [_chosen(found, found.label == person) for found in self._persons(frames)]
        if self._objects is None:
            return persons
        objects = [_chosen(found, found.label != person) for found in self._objects(frames)]
        return [_both(*found) for found in zip(persons, objects, strict=True)]


def _chosen(found: FrameBoxes, rows: np.ndarray) -> FrameBoxes:
    return FrameBoxes(found.xyxy[rows], found.score[rows], found.label[rows])


def _both(one: FrameBoxes, other: FrameBoxes) -> FrameBoxes:
    return FrameBoxes(
        np.concatenate([one.xyxy, other.xyxy]),
        np.concatenate([one.score, other.score]),
        np.concatenate([one.label, other.label]),
    )
