"""status: videos that were set aside, with the stage, the reason, and when.

reads   the notes of failures in the cache
writes  nothing
"""

from zsstad_core import configure
from zsstad_core.errors import friendly
from zsstad_core.plan.plan import Plan


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()))
    for failure in plan.set_aside.values():
        print(f"{failure.video_id}  {failure.stage}  {failure.when}  {failure.reason}")
    print(f"status: {len(plan.set_aside)} of {len(plan.videos)} videos on disk are set aside")
    if missing := plan.dataset.missing():
        print(f"status: {len(missing)} annotated videos are not on disk (first: {missing[0]})")
    if plan.set_aside:
        print("status: the next `make extract` tries them again; what it cannot read counts as missed")
    plan.save()


if __name__ == "__main__":
    main()
