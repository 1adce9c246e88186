"""plan: what is fresh, partial, missing or stale, and why.

reads   pipeline.yaml, the dataset's folders
writes  nothing (with --makefile: the rules that make includes)
"""

from zsstad_core import configure, plan_text
from zsstad_core.errors import friendly
from zsstad_core.plan import Plan


@friendly
def main() -> None:
    parser = configure.arguments(__doc__)
    parser.add_argument("--makefile", action="store_true", help="write the rules for make, and print the file's name")
    options = parser.parse_args()
    plan = Plan(configure.from_arguments(options), retry=True)
    if options.makefile:
        print(plan_text.write_makefile(plan_text.makefile(plan)))
    else:
        print(plan_text.table(plan))
    plan.save()


if __name__ == "__main__":
    main()
