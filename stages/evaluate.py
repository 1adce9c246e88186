"""evaluate: frame mAP of the detections, per class, unseen, seen and harmonic mean.

reads   score, groundtruth; detect, where detected persons are scored
writes  evaluate: metrics.json
"""

from zsstad_core import configure
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.errors import friendly
from zsstad_core.evaluation.chance import chance, chance_draws
from zsstad_core.evaluation.detection import evaluate, nothing_to_evaluate
from zsstad_core.evaluation.limits import limits_reached
from zsstad_core.evaluation.metrics_file import METRICS, as_json
from zsstad_core.evaluation.rows import missing_groundtruth, tested_rows
from zsstad_core.learning.training_videos import training_videos
from zsstad_core.plan.plan import Plan
from zsstad_core.work import Content, run_whole


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()))
    run_whole("evaluate", plan.evaluate, lambda: evaluate_plan(plan))


def evaluate_plan(plan: Plan) -> Content:
    on_disk = read_artifact_table(plan.groundtruth, "groundtruth")
    detections = read_artifact_table(plan.score, "detections")
    tested = tested_rows(plan.official_split, on_disk, missing_groundtruth(plan.dataset, plan.missing), detections)
    if tested.without_labels:
        metrics = nothing_to_evaluate(plan.settings, detections)
    else:
        metrics = evaluate(plan.settings, plan.split, *tested)
        if plan.method.truth is None:  # a method that knows the truth has no rows for the classes that it rules out
            metrics["chance"] = chance(chance_draws(plan.settings, plan.split, *tested))
        if plan.settings.scoring.boxes == "detected":
            boxes = read_artifact_table(plan.detect, "boxes")
            metrics["limits reached"] = limits_reached(boxes, tested.detections["video_id"], plan.settings)
    keys = {artifact.stage.name: artifact.key for artifact in plan.lineage()}
    metrics["made with"] = {"keys": keys, **plan.score.made_with()}
    if plan.training_plan and plan.train:
        other = plan.training_plan.settings
        metrics["trained on"] = {"dataset": other.dataset, "split": other.split, "shared classes": plan.shared_classes}
    trainer = plan.training_plan or plan
    rule = trainer.settings.training
    if plan.train and (rule.videos != "any" or rule.videos_at_most):
        of_all = on_disk if trainer is plan else read_artifact_table(trainer.groundtruth, "groundtruth")
        metrics["training videos"] = training_videos(of_all, trainer.official_split, trainer.split, rule).to_json(rule)
    return Content(files={METRICS: as_json(metrics)})


if __name__ == "__main__":
    main()
