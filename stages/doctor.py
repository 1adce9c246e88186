"""doctor: look for mistakes that ruin a mAP, in whatever is made so far.

reads   the annotation; index, groundtruth, detect, text, tokens, score, evaluate where they are complete
writes  nothing; exit code 1 where something is found
"""

from zsstad_core import configure
from zsstad_core.doctor import examine
from zsstad_core.doctor.plan_tables import gather
from zsstad_core.errors import friendly
from zsstad_core.formatting import count_text
from zsstad_core.plan.plan import Plan


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()))
    examined = examine(gather(plan))
    plan.save()
    for finding in examined.findings:
        print(f"doctor: {finding}")
    for name, reason in examined.skipped:
        print(f"doctor: not looked at: {name} ({reason})")
    found = count_text(len(examined.findings), "finding") if examined.findings else "nothing found"
    print(f"doctor: {found} in {count_text(len(examined.done), 'check')}")
    raise SystemExit(1 if examined.findings else 0)


if __name__ == "__main__":
    main()
