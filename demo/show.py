"""The demo's last step: a table of its methods, and pictures of what the default method found.

    make demo

reads   evaluate and score of `demo.heads` on one label split; the clips
writes  demo/result: clips.mp4 and clips.gif (the default method's action for each person), ap.png (AP per class)
"""

from pathlib import Path
from typing import Any

from demo.chart import draw_chart
from demo.clips import draw_clips, write_gif, write_mp4
from demo.heads import HEADS
from zsstad_core import configure
from zsstad_core.errors import friendly
from zsstad_core.evaluation.metrics_file import read_metrics
from zsstad_core.methods import registry
from zsstad_core.plan.plan import Plan

RESULT = Path("demo/result")


@friendly
def main() -> None:
    options = configure.arguments(__doc__).parse_args()
    plans: dict[str, Plan] = {}
    for head in HEADS:
        options.head = head
        plans[head] = Plan(configure.from_arguments(options))
    metrics = {head: read_metrics(plan.evaluate) for head, plan in plans.items()}
    RESULT.mkdir(parents=True, exist_ok=True)
    pictures = draw_clips(plans[registry.DEFAULT])
    write_mp4(RESULT / "clips.mp4", pictures)
    write_gif(RESULT / "clips.gif", pictures)
    of_methods = {registry.method(head).title: of_head["classes"] for head, of_head in metrics.items()}
    draw_chart(RESULT / "ap.png", of_methods)
    print(as_table(metrics))
    print(f"pictures: {', '.join(str(RESULT / name) for name in ('clips.gif', 'clips.mp4', 'ap.png'))}")


def as_table(metrics: dict[str, dict[str, Any]]) -> str:
    """The methods' frame mAP in percent, as a table of text."""
    some = next(iter(metrics.values()))
    unseen = [name.replace("_", " ") for name, row in some["classes"].items() if row["group"] == "unseen"]
    lines = [
        f"{some['dataset']}, label split {some['split']}: frame mAP at IoU {some['protocol']['iou']} of "
        f"{some['groundtruth']['clips']} test clips, detected persons",
        f"unseen: {', '.join(unseen)}; the other {len(some['classes']) - len(unseen)} actions were trained",
        "",
        f"{'':<22}{'unseen':>8}{'seen':>8}{'harmonic':>10}",
    ]
    for head, of_head in metrics.items():
        numbers = (f"{100 * of_head[name]:>{wide}.2f}" for name, wide in (("unseen", 8), ("seen", 8), ("harmonic", 10)))
        lines.append(f"{registry.method(head).title:<22}{''.join(numbers)}")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
