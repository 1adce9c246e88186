"""track: follow detected persons through each test video, if clips are tracklets.

reads   index, detect
writes  tracks: table tracks
"""

from zsstad_core import configure
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.errors import friendly
from zsstad_core.extraction.track import track
from zsstad_core.plan.plan import Plan
from zsstad_core.settings.pipeline import Settings
from zsstad_core.work import Compute, Work, run


def imports(settings: Settings) -> list[str]:
    """The modules that this stage imports when it runs."""
    return ["supervision", "trackers"]


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()))
    if plan.tracks is None:
        print(f"track: {plan.settings.head} judges no tracklets of detected persons under these settings")
    else:
        run(Work("track", [plan.tracks], lambda: prepare(plan)))


def prepare(plan: Plan) -> Compute:
    frames = read_artifact_table(plan.index, "frames")
    if plan.dataset.keyframes:
        frames = frames.merge(read_artifact_table(plan.index, "keyframes")[["video_id", "frame"]].drop_duplicates())
    return track(read_artifact_table(plan.detect, "boxes"), frames, plan.settings.tracks)


if __name__ == "__main__":
    main()
