"""plan: what is fresh, partial, missing or stale, and why.

reads   pipeline.yaml, the dataset's folders
writes  nothing (with --makefile: the rules that make includes)
"""

import time
from pathlib import Path

from zsstad_core import configure, plan_text
from zsstad_core.cache.units import short_digest, write_whole
from zsstad_core.errors import friendly
from zsstad_core.plan import Plan


@friendly
def main() -> None:
    parser = configure.arguments(__doc__)
    parser.add_argument("--makefile", action="store_true", help="write the rules for make, and print the file's name")
    options = parser.parse_args()
    plan = Plan(configure.from_arguments(options), retry=True)
    if options.makefile:
        rules = plan_text.makefile(plan)
        file = Path(
            ".plan", f"{short_digest(rules)}.mk"
        )  # named by content: two makes at once do not disturb each other
        file.parent.mkdir(exist_ok=True)
        write_whole(file, rules)
        for old in file.parent.glob("*.mk"):
            if old.stat().st_mtime < time.time() - 86_400:
                old.unlink(missing_ok=True)
        print(file)
    else:
        print(plan_text.table(plan))
    plan.save()


if __name__ == "__main__":
    main()
