"""Evaluate ST-CLIP on stickworld, beside the other methods and in its paper's ablations: tables of docs/benchmarks.md.

    python -m benchmarks.stickworld_stclip --seeds 3               # methods
    python -m benchmarks.stickworld_stclip --seeds 3 --ablation    # paper 002, tables 4 to 8, 11 and 14
    python -m benchmarks.stickworld_stclip --seeds 3 --tokens      # table 15, and where code and paper differ

A seed sets both the clips and the training, as in `benchmarks.stickworld`. Results go into the cache, so a second run
only prints. Ablations: unseen classes of one label split, ground-truth boxes; the difference of a row from the whole
method is computed for each seed, on the same clips.
"""

import argparse
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F

from benchmarks import stickworld
from benchmarks.stickworld import metrics_of, plan_of
from zsstad_core.learning.bank import Bank
from zsstad_core.learning.banks import training_bank
from zsstad_core.learning.cached_labels import training_labels
from zsstad_core.learning.trained import trained_head
from zsstad_core.methods.common.features import FrameViews
from zsstad_core.methods.common.labels import Labels
from zsstad_core.methods.stclip.model import Stclip
from zsstad_core.plan.plan import Plan

ABLATED_SPLIT = 1  # as in the paper's ablations
PATCHES, PUBLISHED_PATCHES = 64, 256  # of a frame: with this encoder; with ViT-L/14, as in table 15
K = {published: published * PATCHES // PUBLISHED_PATCHES for published in (80, 100, 150, 200)}

BASELINES = {name: stickworld.METHODS[name] for name in ("CLIP, whole frame", "CLIP, person's crop")}
METHODS = {**BASELINES, "iCLIP": stickworld.METHODS["iCLIP"], "ST-CLIP": "head=stclip"}

WHOLE = "the whole method"
CHANGES = {
    WHOLE: "",
    "no prompting": "prompting=none",
    "last layer": "prompting=last",
    "interest tokens": f"prompt_tokens=interest interest_tokens={K[100]}",
    "patch embedding": "person_tokens=patches adapter=none",
    "image encoder": "adapter=none",
    "1-layer FC": "adapter=fc",
    "no temporal modelling": "temporal=none",
    "average pooling": "temporal=average",
    "2-layer MHSA": "temporal_layers=2",
    "rank 0": "lora_rank=0",
    "rank 2": "lora_rank=2",
    "rank 4": "lora_rank=4",
    "rank 16": "lora_rank=16",
}
TOKENS = {
    **{f"K = {count}": f"prompt_tokens=interest interest_tokens={count}" for count in K.values()},
    "no whole frame": "whole_frame=false",
    "context tokens": "prompt_tokens=context",
}
OTHERS = {
    **BASELINES,
    "iCLIP without prompting": stickworld.METHODS["iCLIP without prompting"],
    "iCLIP": METHODS["iCLIP"],
    "untrained": "head=stclip training.iterations=1 training.warmup=0 training.lr=1e-9",
}

_APART = 64  # every so many frames, the prompted labels of a frame are compared with their text

type Row = tuple[str, str, str]  # name in the table, name in CHANGES or OTHERS, the paper's mAP
TABLES: dict[str, Sequence[Row]] = {
    "table 4, components (paper: J-HMDB; with interest tokens AVA, 12.07 to 12.85)": (
        ("baseline, whole frame", "CLIP, whole frame", "64.63"),
        ("baseline, person's crop", "CLIP, person's crop", "-"),
        ("ST-CLIP untrained", "untrained", "-"),
        ("+ person-context interaction", "no prompting", "66.98"),
        ("+ context prompting", WHOLE, "74.55"),
        ("+ interest token spotting", "interest tokens", "+0.78"),
    ),
    "table 5, comparison with iCLIP (paper: J-HMDB)": (
        ("iCLIP without prompting", "iCLIP without prompting", "66.02"),
        ("iCLIP", "iCLIP", "66.53"),
        ("ST-CLIP without prompting", "no prompting", "66.98"),
        ("ST-CLIP", WHOLE, "74.55"),
    ),
    "table 6, context prompting (paper: J-HMDB)": (
        ("without", "no prompting", "66.98"),
        ("only in the last layer", "last layer", "66.02"),
        ("in every layer", WHOLE, "74.55"),
    ),
    "table 7, person tokens (paper: J-HMDB)": (
        ("patch embedding, no adapter", "patch embedding", "70.92"),
        ("image encoder, no adapter", "image encoder", "70.29"),
        ("image encoder, 1-layer FC", "1-layer FC", "67.37"),
        ("image encoder, 2-layer FFN", WHOLE, "74.55"),
    ),
    "table 8, temporal modelling (paper: J-HMDB)": (
        ("without", "no temporal modelling", "68.03"),
        ("average pooling", "average pooling", "68.63"),
        ("1-layer MHSA", WHOLE, "74.55"),
        ("2-layer MHSA", "2-layer MHSA", "72.06"),
    ),
    "table 11, prompting tokens (paper: J-HMDB)": (
        ("interest tokens", "interest tokens", "74.16"),
        ("all tokens", WHOLE, "74.55"),
    ),
    "table 14, LoRA (paper: J-HMDB)": (
        ("without", "rank 0", "72.80"),
        ("rank 2", "rank 2", "64.52"),
        ("rank 4", "rank 4", "71.70"),
        ("rank 8", WHOLE, "74.55"),
        ("rank 16", "rank 16", "68.39"),
    ),
}
OF_TOKENS: dict[str, Sequence[Row]] = {
    f"table 15, interest tokens; K is {PATCHES}/{PUBLISHED_PATCHES} of the paper's (paper: AVA)": (
        (f"K = {K[80]} (80)", f"K = {K[80]}", "11.77"),
        (f"K = {K[100]} (100)", f"K = {K[100]}", "12.85"),
        (f"K = {K[150]} (150)", f"K = {K[150]}", "12.46"),
        (f"K = {K[200]} (200)", f"K = {K[200]}", "11.46"),
    ),
    "where code and paper differ (no table)": (
        ("as the code", WHOLE, "-"),
        ("no token of the whole frame added", "no whole frame", "-"),
        ("prompted by context tokens alone", "context tokens", "-"),
    ),
}


def main() -> None:
    """Run what is missing, and print tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--ablation", action="store_true")
    parser.add_argument("--tokens", action="store_true")
    parser.add_argument("--set", default="", dest="overrides", help="settings for all runs")
    options = parser.parse_args()
    seeds = range(options.seeds)
    if options.ablation:
        ablation(seeds, options.overrides, TABLES, OTHERS | of_head(CHANGES))
        print("\nprompted labels, cosine with their text (1: prompting does nothing)\n\n| | |\n|---|---|")
        for name, settings in {"untrained": OTHERS["untrained"], "trained": "head=stclip"}.items():
            plans = [plan_of(seed, ABLATED_SPLIT, f"{settings} {options.overrides}") for seed in seeds]
            cosines = [label_cosine(*head_and_training(plan)) for plan in plans]
            print(f"| {name} | {spread(cosines, digits=4)} |")
    elif options.tokens:
        ablation(seeds, options.overrides, OF_TOKENS, of_head({WHOLE: "", **TOKENS}))
    else:
        stickworld.methods(seeds, options.overrides, METHODS)


def ablation(
    seeds: Iterable[int], overrides: str, tables: Mapping[str, Sequence[Row]], settings: Mapping[str, str]
) -> None:
    """Print some tables. settings: by the name of a row. Runs seed by seed, so that an interrupted run is of use."""
    fixed = f"scoring.boxes=groundtruth scoring.labels=unseen {overrides}"
    ap: dict[str, list[float]] = {name: [] for name in settings}
    for seed in seeds:
        for name, chosen in settings.items():
            metrics = metrics_of(plan_of(seed, ABLATED_SPLIT, f"{fixed} {chosen}"))
            ap[name].append(100 * metrics["unseen"])
    for title, rows in tables.items():
        print(f"\n{title}\n\n| | unseen | difference | paper |\n|---|---|---|---|")
        for shown, name, paper in rows:
            print(f"| {shown} | {spread(ap[name])} | {difference(ap, name)} | {paper} |")


def of_head(changes: Mapping[str, str]) -> dict[str, str]:
    """Changes of the head's settings as SET= takes them."""
    return {
        name: " ".join(["head=stclip", *(f"heads.stclip.{setting}" for setting in change.split())])
        for name, change in changes.items()
    }


def difference(ap: Mapping[str, Sequence[float]], name: str) -> str:
    """The difference of a row from the whole method, over the seeds, as text."""
    if name == WHOLE:
        return ""
    return spread(np.subtract(ap[name], ap[WHOLE]).tolist(), sign="+")


def spread(of_seeds: Sequence[float], sign: str = "", digits: int = 1) -> str:
    """Mean over seeds as text, followed by the deviation between them if there are several."""
    deviation = f" ± {np.std(of_seeds, ddof=1):.{digits}f}" if len(of_seeds) > 1 else ""
    mean = round(float(np.mean(of_seeds)), digits) + 0.0  # no -0.0
    return f"{mean:{sign}.{digits}f}{deviation}"


def head_and_training(plan: Plan) -> tuple[Stclip, Bank[FrameViews], Labels]:
    """The trained head, with the bank and the labels of its training."""
    bank = training_bank(plan, "cpu")
    head = trained_head(plan, bank.width)
    assert isinstance(head, Stclip)
    return head, bank, training_labels(plan)


def label_cosine(head: Stclip, bank: Bank[FrameViews], labels: Labels) -> float:
    """Mean cosine of the last layer's prompted labels with their text, on some annotated frames of seen classes; 1
    without prompting."""
    if not head.prompting:
        return 1.0
    found: list[torch.Tensor] = []
    *_, last = head.prompting.values()
    hook = last.register_forward_hook(
        lambda _, __, out_BGKD: found.append(F.cosine_similarity(out_BGKD, labels.text_MD, -1))
    )
    with torch.inference_mode():
        head.eval()(bank.gather(np.arange(0, len(bank.samples), _APART)).batch, labels)
    hook.remove()
    return found[0].mean().item()


if __name__ == "__main__":
    main()
