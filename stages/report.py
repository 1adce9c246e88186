"""report: the results of an evaluation, and what explains them, as one HTML file.

reads   evaluate, score, groundtruth, index; for a head with attention also train and its tokens; the videos
writes  OUT/index.html (results/DATASET/report-KEY, the key of the evaluation); nothing in the cache
"""

import shlex
from argparse import Namespace
from pathlib import Path
from typing import Any

from zsstad_core import configure
from zsstad_core.errors import friendly
from zsstad_core.evaluation.metrics_file import read_metrics
from zsstad_core.plan.plan import Plan
from zsstad_core.report.page.content import Table
from zsstad_core.report.page.of_plan import page_of
from zsstad_core.report.page.write import write_page
from zsstad_core.results.published import Published, published_rows


@friendly
def main() -> None:
    parser = configure.arguments(__doc__)
    parser.add_argument("--out", default="", help="folder for the page (results/DATASET/report-KEY)")
    options = parser.parse_args()
    plan = Plan(configure.from_arguments(options))
    folder = Path(options.out or f"results/{plan.settings.dataset}/report-{plan.evaluate.key}")
    write_page(folder / "index.html", page_of(plan, tables(plan), command(options, plan)))
    print(folder / "index.html")


def tables(plan: Plan) -> list[Table]:
    metrics = read_metrics(plan.evaluate)
    if "nothing to evaluate against" in metrics:
        return []
    settings = plan.settings
    numbers = [("frame mAP", metrics), *((f"video mAP at {iou}", means) for iou, means in metrics["video"].items())]
    chance = metrics.get("chance")
    numbers += [("frame mAP of random scores", {"harmonic": None, **chance})] if chance else []
    ours = tuple(
        (name, *(percent(means[group]) for group in ("unseen", "seen", "harmonic"))) for name, means in numbers
    )
    rows = published_numbers(plan, published_rows(settings.dataset, [settings.split]))
    nothing = f"Nothing is published for {settings.dataset}, label split {settings.split}."
    own = Table("This run, percent", ("", "unseen", "seen", "H"), ours, ours=1, note="" if rows else nothing)
    return [own, compare_with_published(plan, metrics, rows)] if rows else [own]


def published_numbers(plan: Plan, rows: list[Published]) -> list[tuple[Published, float]]:
    """The published rows with a number for this split and this kind of boxes; rows of the same method come first.

    If the lists of classes of a row are not published (50/50), its number is the mean over its splits.
    """
    numbers = [(row, row.values.get(plan.settings.split) if row.values else row.average) for row in rows]
    of_boxes = [
        (row, number) for row, number in numbers if row.boxes == plan.settings.scoring.boxes and number is not None
    ]
    return sorted(of_boxes, key=lambda each: each[0].head != plan.settings.head)


def compare_with_published(plan: Plan, metrics: dict[str, Any], rows: list[tuple[Published, float]]) -> Table:
    """Frame mAP of this run and of the published rows."""
    settings = plan.settings
    sources = {source: number for number, source in enumerate(dict.fromkeys(row.source for row, _ in rows), 1)}
    cells = [(f"{settings.head}, this run", percent(metrics["unseen"]), percent(metrics["seen"]), "")]
    for row, number in rows:
        own = (f"{number:.2f}", "–") if row.group == "unseen" else ("–", f"{number:.2f}")
        cells.append(
            (row.method if row.values else f"{row.method} (mean of its splits)", *own, f"[{sources[row.source]}]")
        )
    named = "; ".join(f"[{number}] {source}" for source, number in sources.items())
    full = any(row.group == "seen" for row, _ in rows)
    kind = "detected persons" if settings.scoring.boxes == "detected" else "ground-truth boxes"
    return Table(
        f"Beside what is published: frame mAP, {settings.dataset}, split {settings.split}, {kind}, percent",
        ("", "unseen", "seen", "source"),
        tuple(cells),
        ours=1,
        note=f"{named}." + (" Published seen numbers are of full supervision: all classes are seen." if full else ""),
    )


def command(options: Namespace, plan: Plan) -> str:
    """The make command line of this report, with dataset, split and head written out."""
    settings = plan.settings
    chosen = {"DATASET": settings.dataset, "SPLIT": settings.split, "HEAD": settings.head}
    asked = {"TRAINED_ON": options.trained_on, "RECIPE": options.recipe, "SET": " ".join(options.overrides.split())}
    words = [f"{name}={shlex.quote(str(value))}" for name, value in {**chosen, **asked}.items() if value]
    return f"make report {' '.join(words)}"


def percent(fraction: float | None) -> str:
    return "–" if fraction is None else f"{100 * fraction:.2f}"


if __name__ == "__main__":
    main()
