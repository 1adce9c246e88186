"""detect: person and object boxes of every frame, or every keyframe, by an mmdet model or from a file.

reads   index, the dataset's videos; finetune, where the detector is fine-tuned
writes  detect: table boxes
"""

from pathlib import Path

from zsstad_core import configure
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.cluster import on_workers
from zsstad_core.errors import DataError, friendly
from zsstad_core.extraction import detect
from zsstad_core.extraction.footage import wanted_frames
from zsstad_core.plan.plan import Plan
from zsstad_core.work import Compute, Work, run


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()))
    run(work(plan), on_workers("stages.detect", plan.settings))
    plan.save()


def work(plan: Plan) -> Work:
    prepare = from_file if plan.settings.detector.boxes_from else by_model
    return Work("detect", [plan.detect], lambda: prepare(plan), plan.settings.cache.failures_allowed)


def by_model(plan: Plan) -> Compute:
    from zsstad_core.frozen.detector import Detector
    from zsstad_core.frozen.device import choose_device
    from zsstad_core.frozen.persons_and_objects import PersonsAndObjects

    settings, device = plan.settings.detector, choose_device(plan.settings.device)
    detector: Detector | PersonsAndObjects
    if plan.finetune is None:
        detector = Detector(settings, device)
    else:
        (unit, _), *_ = plan.finetune.parts()
        tuned = settings.model_copy(update={"checkpoint": str(unit.file("detector.pth"))})
        objects = Detector(settings, device) if settings.objects_per_frame else None
        detector = PersonsAndObjects(Detector(tuned, device), objects)
    wanted = wanted_frames(read_artifact_table(plan.index, "keyframes")) if plan.dataset.keyframes else None
    return detect.detect(plan.videos, detector, detector.classes, detector.weights, settings, wanted)


def from_file(plan: Plan) -> Compute:
    from zsstad_core.datasets.box_files import read_boxes

    path = Path(str(plan.settings.detector.boxes_from))
    file = read_boxes(path, list(plan.members))
    if file.boxes.empty and file.unmatched:
        raise DataError(
            f"{path}: none of its {file.unmatched} boxes is of a clip of {plan.settings.dataset}; check the ids"
        )
    left_out = f"{file.dropped} without area and {file.unmatched} of other clips left out"
    print(f"detect: {path}: {len(file.boxes)} boxes; {left_out}")
    videos = read_artifact_table(plan.index, "videos")
    return detect.from_file(file.boxes, videos, plan.detect.inputs["boxes from"])


if __name__ == "__main__":
    main()
