"""plan: which artifacts are fresh, partial, missing or stale, and why.

reads   pipeline.yaml, the dataset's folders
writes  nothing (with --makefile: the rules that make includes)
"""

from zsstad_core import configure
from zsstad_core.errors import friendly
from zsstad_core.plan.makefile import makefile, write_choices, write_makefile
from zsstad_core.plan.plan import Plan
from zsstad_core.plan.table import table


@friendly
def main() -> None:
    parser = configure.arguments(__doc__)
    parser.add_argument("--makefile", action="store_true", help="write the rules for make, and print the file's name")
    options = parser.parse_args()
    plan = Plan(configure.from_arguments(options), retry=True)
    if options.makefile:
        print(write_makefile(makefile(plan, write_choices(options))))
    else:
        print(table(plan))
    plan.save()


if __name__ == "__main__":
    main()
