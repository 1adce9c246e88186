"""finetune: the detector, trained further on annotated persons of the split's seen classes.

reads   index, groundtruth, the training videos
writes  finetune: detector.pth, the weights; checkpoints and TensorBoard files of the run in training/
"""

from zsstad_core import configure
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.errors import friendly
from zsstad_core.formatting import count_text
from zsstad_core.plan.plan import Plan
from zsstad_core.work import Content, run_whole


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()))
    if plan.finetune is None:
        print("finetune: the detector stays as it is (detector.finetune.epochs, detector.boxes_from)")
    else:
        run_whole("finetune", plan.finetune, lambda: tune(plan), plan.inventory)
    plan.save()


def tune(plan: Plan) -> Content:
    from zsstad_core.frozen.device import choose_device
    from zsstad_core.learning.finetune import FILE, finetune
    from zsstad_core.learning.finetune_frames import choose_samples

    settings = plan.settings.detector
    videos, boxes = read_artifact_table(plan.index, "videos"), read_artifact_table(plan.groundtruth, "groundtruth")
    chosen = choose_samples(boxes, videos, plan.official_split, plan.split.seen, settings.finetune.every)
    clips = {sample.video_id for sample in chosen.samples}
    print(
        f"finetune: {settings.config}, split {plan.settings.split}: {len(chosen.samples)} frames of "
        f"{count_text(len(clips), 'clip')} of {len(plan.split.seen)} seen classes, {settings.finetune.epochs} epochs "
        f"(left out: {chosen.with_unseen} frames with unseen actions, {chosen.without_boxes} whose boxes lie outside)"
    )
    device = choose_device(plan.settings.device)
    file, start = finetune(settings, chosen.samples, plan.videos, device, plan.finetune_runs, reading=plan.reading)
    return Content(files={FILE: file}, made_with={"weights": start})


if __name__ == "__main__":
    main()
