"""evaluate: frame mAP of the detections, per class, unseen, seen and harmonic mean.

reads   score, groundtruth
writes  evaluate: metrics.json
"""

import json

from zsstad_core import configure
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.errors import friendly
from zsstad_core.evaluation import evaluate, missing_groundtruth
from zsstad_core.plan import Plan
from zsstad_core.work import Content, run_whole


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()))
    run_whole("evaluate", plan.evaluate, lambda: evaluated(plan))


def evaluated(plan: Plan) -> Content:
    on_disk = read_artifact_table(plan.groundtruth, "groundtruth")
    metrics = evaluate(
        plan.settings,
        plan.split,
        on_disk[on_disk["video_id"].map(plan.official) == "test"],
        missing_groundtruth(plan.dataset, plan.missing()),
        read_artifact_table(plan.score, "detections"),
    )
    metrics["made with"] = {"keys": {artifact.stage: artifact.key for artifact in plan.all()}, **plan.score.made_with()}
    return Content(files={"metrics.json": (json.dumps(metrics, indent=1) + "\n").encode()})


if __name__ == "__main__":
    main()
