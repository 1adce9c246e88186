"""groundtruth: annotated boxes and classes, and whether the video really has the frame.

reads   index, the dataset's annotation
writes  groundtruth: table groundtruth
"""

from zsstad_core import configure
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.errors import friendly
from zsstad_core.extraction.scan import annotate
from zsstad_core.plan import Plan
from zsstad_core.work import Work, run


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()))
    videos = read_artifact_table(plan.index, "videos")
    run(Work("groundtruth", [plan.groundtruth], lambda: annotate(plan.dataset.groundtruth(), videos)))

    lacking = read_artifact_table(plan.groundtruth, "groundtruth").query("not decoded")
    if len(lacking):
        print(
            f"groundtruth: {len(lacking)} annotated boxes stand on frames that {lacking.video_id.nunique()} clips do "
            f"not have (first: {lacking.video_id.iloc[0]} frame {lacking.frame.iloc[0]})"
        )
    if missing := plan.dataset.missing():
        print(
            f"groundtruth: {len(missing)} annotated clips are not on disk (first: {missing[0]}); they count as missed"
        )


if __name__ == "__main__":
    main()
