"""groundtruth: annotated boxes and classes, and whether the video really has the annotated frame.

reads   index, the dataset's annotation
writes  groundtruth: table groundtruth
"""

from zsstad_core import configure
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.errors import friendly
from zsstad_core.extraction.scan import annotate
from zsstad_core.plan.plan import Plan
from zsstad_core.unplaced import frame_text
from zsstad_core.work import Compute, Work, run


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()))
    run(work(plan))

    annotated = read_artifact_table(plan.groundtruth, "groundtruth").query("not decoded")
    lacking = annotated.drop_duplicates(["video_id", "frame", "box"])
    if len(lacking):
        print(
            f"groundtruth: {len(lacking)} annotated boxes stand on frames that {lacking.video_id.nunique()} clips do "
            f"not have (first: {lacking.video_id.iloc[0]} {frame_text(lacking.frame.iloc[0])})"
        )
    if missing := plan.dataset.missing():
        print(
            f"groundtruth: {len(missing)} annotated clips are not on disk (first: {missing[0]}); they count as missed"
        )


def work(plan: Plan) -> Work:
    return Work("groundtruth", [plan.groundtruth], lambda: prepare(plan), sources=plan.inventory)


def prepare(plan: Plan) -> Compute:
    videos = read_artifact_table(plan.index, "videos")
    keyframes = read_artifact_table(plan.index, "keyframes") if plan.dataset.keyframes else None
    dataset = plan.inventory.open_dataset()  # what was read before the digests were taken may be of another content
    dataset.refuse_impossible(videos)
    annotated = dataset.groundtruth()
    for note in annotated.attrs.get("notes", ()):
        print(f"groundtruth: {note}")
    return annotate(annotated, videos, keyframes, dataset.annotated_size)


if __name__ == "__main__":
    main()
