"""why: the state of a stage's artifacts, with the full reasons.

reads   pipeline.yaml, the dataset's folders, inputs of earlier artifacts
writes  nothing
"""

from zsstad_core import configure
from zsstad_core.errors import friendly
from zsstad_core.plan.plan import Plan
from zsstad_core.plan.why import why


@friendly
def main() -> None:
    parser = configure.arguments(__doc__)
    parser.add_argument("--stage", default="", help="STAGE= of the Makefile")
    options = parser.parse_args()
    plan = Plan(configure.from_arguments(options))
    print(why(plan, options.stage))
    plan.save()


if __name__ == "__main__":
    main()
