"""index: which clips there are, and which frames they really have.

reads   the dataset's videos
writes  index: tables videos and frames
"""

from zsstad_core import configure
from zsstad_core.cache import set_aside
from zsstad_core.cluster import on_workers
from zsstad_core.errors import friendly
from zsstad_core.extraction.scan import scan
from zsstad_core.plan import Plan
from zsstad_core.work import Work, run


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()), retry=True)
    for video_id in plan.set_aside:
        set_aside.clear(plan.root, video_id)
    run(work(plan), on_workers("stages.index", plan.settings))
    plan.save()


def work(plan: Plan) -> Work:
    return Work("index", [plan.index], lambda: scan(plan.sources), plan.settings.cache.failures_allowed)


if __name__ == "__main__":
    main()
