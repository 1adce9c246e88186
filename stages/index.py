"""index: list the clips, and the frames of each that really decode.

reads   the dataset's videos
writes  index: tables videos and frames, and keyframes where the dataset has them
"""

from zsstad_core import configure
from zsstad_core.cache import set_aside
from zsstad_core.cluster import on_workers
from zsstad_core.errors import friendly
from zsstad_core.extraction.scan import scan
from zsstad_core.plan.plan import Plan
from zsstad_core.settings.pipeline import Settings
from zsstad_core.work import Work, run


def imports(settings: Settings) -> list[str]:
    """The modules that this stage imports when it runs."""
    return ["av"]


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()), retry=True)
    for video_id in plan.set_aside:
        set_aside.clear(plan.root, video_id)
    run(work(plan), on_workers("stages.index", plan.settings))
    plan.save()
    if unknown := plan.dataset.unlisted():
        print(f"index: {len(unknown)} clips on disk are not annotated (first: {unknown[0]}); they are left alone")


def work(plan: Plan) -> Work:
    keyframes, allowed = plan.dataset.keyframes, plan.failures_allowed
    return Work("index", [plan.index], lambda: scan(plan.videos, keyframes), allowed, plan.inventory, reads_videos=True)


if __name__ == "__main__":
    main()
