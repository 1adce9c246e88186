"""table: all label splits, heads and seeds of a comparison as one table, beside the published rows.

reads   evaluate, of every run
writes  OUT/table.json, table.csv and table.md (results/DATASET/HEAD-SPLITS); nothing in the cache
        with --makefile: the rules for every run, which make includes
"""

import json
from argparse import Namespace
from typing import Any

from zsstad_core import configure
from zsstad_core.cache.units import write_whole
from zsstad_core.command_line import count
from zsstad_core.errors import friendly
from zsstad_core.evaluation.metrics_file import read_metrics
from zsstad_core.plan.makefile import write_makefile
from zsstad_core.plan.plan import Plan
from zsstad_core.results import published, runs, summary, text


@friendly
def main() -> None:
    parser = configure.arguments(__doc__)
    parser.add_argument("--splits", default="all", help="names with commas between; all published ones; without")
    parser.add_argument("--seeds", default="1", help="how many trainings of each head, from training.seed on")
    parser.add_argument("--heads", default="", help="names with commas between; default: HEAD= and both baselines")
    parser.add_argument("--out", default="", help="folder for the files")
    parser.add_argument("--makefile", action="store_true", help="write the rules for make, and print the file's name")
    options = parser.parse_args()
    seeds = count("SEEDS", options.seeds)
    plan = Plan(configure.from_arguments(options))
    chosen = runs.list_runs(plan.settings, plan.dataset.classes, options.splits, seeds, options.heads)
    plans = runs.plans_of(options, chosen, retry=options.makefile)
    if options.makefile:
        print(write_makefile(runs.makefile(options, plans)))
    else:
        write_tables(options, plan, plans)
    plan.save()


def write_tables(options: Namespace, plan: Plan, plans: dict[runs.Run, Plan]) -> None:
    results = runs.results_of(plans)
    rows = summary.rows_of(results)
    others = published.published_rows(plan.settings.dataset, list(results["split"].unique()))
    about = describe(plan, plans)
    tables = text.as_markdown(about, rows, others)
    folder = runs.folder_of(options, plan.settings, options.splits)
    folder.mkdir(parents=True, exist_ok=True)
    content = json.dumps(text.as_json(about, rows, others, results), indent=1, ensure_ascii=False)
    write_whole(folder / "table.json", f"{content}\n")
    write_whole(folder / "table.csv", results.to_csv(index=False))
    write_whole(folder / "table.md", f"{tables}\n{text.runs_as_markdown(results)}")
    print(tables)
    print(f"table: {', '.join(str(folder / f'table.{kind}') for kind in ('md', 'csv', 'json'))}")


def describe(plan: Plan, plans: dict[runs.Run, Plan]) -> dict[str, Any]:
    """Title and notes of the table: how the numbers were made, and which classes are left out of them."""
    of_runs = {run: read_metrics(made.evaluate) for run, made in plans.items()}
    first = next(iter(of_runs.values()))
    seeds = sorted({run.seed for run in plans if run.seed is not None})
    return {
        "dataset": plan.settings.dataset,
        "title": f"{plan.settings.dataset}: frame mAP at IoU {plan.settings.evaluation.iou}, percent",
        "protocol": first["protocol"],
        "notes": [
            f"metric: {first['protocol']['metric']}",
            f"encoder: {first['made with'].get('encoder', 'none')}",
            f"seeds of training: {', '.join(map(str, seeds)) or 'none, nothing is trained'}"
            + ("; ± is the sample deviation between them" if len(seeds) > 1 else ""),
            "H is the harmonic mean of the unseen and the seen average; * are ground-truth boxes",
            *runs.remarks(of_runs),
        ],
    }


if __name__ == "__main__":
    main()
