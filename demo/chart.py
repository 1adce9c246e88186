"""Draw the AP of each class as a bar chart, with one bar per method, for unseen and seen classes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

COLOURS = ("#b8bec8", "#7d8a9e", "#e4572e")


def draw_chart(path: Path, methods: Mapping[str, Mapping[str, Any]]) -> None:
    """Draw the chart to `path`. methods: title -> `classes` of a metrics.json (ap from 0 to 1 and group per class)."""
    from matplotlib.figure import Figure

    classes = next(iter(methods.values()))
    groups = ("unseen", "seen")
    shown = [[name for name, row in classes.items() if row["group"] == group] for group in groups]
    figure = Figure(figsize=(11, 3.9), layout="constrained", dpi=100)
    sizes = [len(names) + 0.5 for names in shown]
    for axes, group, names in zip(
        figure.subplots(1, 2, sharey=True, width_ratios=sizes, squeeze=False)[0], groups, shown, strict=True
    ):
        wide = 0.8 / len(methods)
        for number, (method, of_method) in enumerate(methods.items()):
            heights = [100 * (of_method[name]["ap"] or 0) for name in names]
            places = np.arange(len(names)) + (number - (len(methods) - 1) / 2) * wide
            axes.bar(places, heights, wide, label=method, color=COLOURS[number % len(COLOURS)])
        axes.set_xticks(range(len(names)), [name.replace("_", " ") for name in names], rotation=35, ha="right")
        axes.set_title(f"{group} actions", loc="left", fontsize=11)
        axes.set_ylim(0, 100)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.25)
        axes.set_axisbelow(True)
    figure.axes[0].set_ylabel("frame AP at IoU 0.5, %")
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside upper right", ncols=3, frameon=False)
    figure.savefig(path)
