"""metrics: print the table of an evaluation, and the path of its metrics.json as the last line.

reads   evaluate
writes  nothing
"""

from zsstad_core import configure
from zsstad_core.errors import friendly
from zsstad_core.evaluation.chance import below_chance
from zsstad_core.evaluation.metrics_file import METRICS, read_metrics
from zsstad_core.evaluation.text import as_table
from zsstad_core.plan.plan import Plan


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()))
    # A label split may have several names (1 is 75/25): the table shows the name that the user chose.
    metrics = {**read_metrics(plan.evaluate), "split": plan.settings.split}
    print(as_table(metrics))
    if below := below_chance(metrics):
        said = ", ".join(f"{name} {100 * value:.2f}" for name, value in below.items())
        print(f"below chance ({said}): `make doctor` with the same variables looks for why")
    print(plan.evaluate.whole_unit().path / METRICS)


if __name__ == "__main__":
    main()
