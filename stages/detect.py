"""detect: person and object boxes of every frame, or every keyframe, by a detector or from a file.

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
from zsstad_core.frozen.detector.registry import find_kind
from zsstad_core.plan.plan import Plan
from zsstad_core.settings.pipeline import Settings
from zsstad_core.work import Compute, Work, run


def imports(settings: Settings) -> list[str]:
    """The modules that this stage imports when it runs."""
    if settings.detector.boxes_from:
        return []
    return ["av", "zsstad_core.frozen.detector.loading", *find_kind(settings.detector.kind).imports]


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()))
    run(work(plan), on_workers("stages.detect", plan.settings))
    plan.save()


def work(plan: Plan) -> Work:
    prepare = from_file if plan.settings.detector.boxes_from else by_model
    allowed, by_file = plan.failures_allowed, bool(plan.settings.detector.boxes_from)
    return Work("detect", [plan.detect], lambda: prepare(plan), allowed, plan.inventory, reads_videos=not by_file)


def by_model(plan: Plan) -> Compute:
    from zsstad_core.frozen.detector.loading import load_detector
    from zsstad_core.frozen.detector.persons_and_objects import PersonsAndObjects
    from zsstad_core.frozen.device import choose_device

    settings, device = plan.settings.detector, choose_device(plan.settings.device)
    if plan.finetune is None:
        detector = load_detector(settings, device)
    else:
        unit = plan.finetune.whole_unit()
        tuned = settings.model_copy(update={"checkpoint": str(unit.file("detector.pth"))})
        objects = load_detector(settings, device) if settings.objects_per_frame else None
        detector = PersonsAndObjects(load_detector(tuned, device), objects)
    wanted = wanted_frames(read_artifact_table(plan.index, "keyframes")) if plan.dataset.keyframes else None
    return detect.detect(plan.videos, detector, settings, wanted)


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
