"""score: every test person against the labels of its video's group.

reads   train (where the head has weights), text, tokens and boxes of the test videos
writes  score: table detections
"""

from zsstad_core import configure
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.errors import friendly
from zsstad_core.extraction.units import Content, run_units
from zsstad_core.plan import Plan


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()))
    run_units("score", [plan.score], lambda: lambda group, artifacts, clock: {"score": scored(plan)})


def scored(plan: Plan) -> Content:
    from zsstad_core import scoring

    annotated = read_artifact_table(plan.groundtruth, "groundtruth")
    groups = scoring.groups(plan.split, plan.official, annotated, plan.settings.scoring.labels)
    if plan.settings.head == "oracle":
        return Content({"detections": oracle(plan, groups, annotated)})
    return Content({"detections": by_head(plan, groups)}, made_with=plan.text.made_with())


if __name__ == "__main__":
    main()
