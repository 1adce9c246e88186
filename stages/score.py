"""score: every test person against the labels of its video's group.

reads   train (where the head has weights), text, tokens and boxes of the test videos
writes  score: table detections
"""

import pandas as pd

from zsstad_core import configure, tables
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.datasets.label_types import label_types
from zsstad_core.errors import DataError, friendly
from zsstad_core.plan.plan import Plan
from zsstad_core.scoring import Group, Scored, groups, oracle, unlabelled, vote
from zsstad_core.scoring import scored as scored_by
from zsstad_core.splits import refuse_empty
from zsstad_core.work import Content, run_whole


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()))
    run_whole("score", plan.score, lambda: scored(plan))


def scored(plan: Plan) -> Content:
    from zsstad_core.learning.from_cache import classes_of

    refuse_empty(plan.split, classes_of(plan, "test"), "test")
    annotated = read_artifact_table(plan.groundtruth, "groundtruth")
    chosen = groups(plan.split, plan.official_split, annotated, plan.settings.scoring.labels)
    chosen += [unlabelled(plan.split, plan.official_split, plan.members, annotated)]
    chosen = [group for group in chosen if group.videos]
    if not chosen:
        raise DataError(f"score: no test clip shows a class of label split {plan.split.name}; choose another SPLIT=")
    if plan.settings.head == "oracle":
        found = {"detections": tables.concat("detections", by_oracle(plan, chosen, annotated))}
    else:
        parts = by_head(plan, chosen)
        found = {"detections": tables.concat("detections", [part.detections for part in parts])}
        if plan.keeps_similarities:
            found["similarities"] = tables.concat("similarities", [part.similarities for part in parts])
    pairs = len(found["detections"])
    print(f"score: {pairs} (box, class) pairs of {sum(len(group.videos) for group in chosen)} test clips")
    return Content(found, made_with=plan.text.made_with() if plan.method.reads_text else {})


def by_oracle(plan: Plan, chosen: list[Group], annotated: pd.DataFrame) -> list[pd.DataFrame]:
    from zsstad_core.learning.from_cache import scored_persons

    knows = plan.settings.heads.oracle.knows
    return [oracle(scored_persons(plan, group.videos)[0], annotated, group.classes, knows) for group in chosen]


def by_head(plan: Plan, chosen: list[Group]) -> list[Scored]:
    from zsstad_core.frozen.device import choose_device
    from zsstad_core.heads import build
    from zsstad_core.heads.best_phrasing import by_best_phrasing
    from zsstad_core.learning.from_cache import scored_texts, scoring_bank
    from zsstad_core.learning.weights import load_into

    device, scoring = choose_device(plan.settings.device), plan.settings.scoring
    own = getattr(plan.settings.heads, plan.settings.head, None)
    temperature = getattr(own, "temperature", 1.0)  # without one, a head's logits are its similarities
    banks = [scoring_bank(plan, device, group.videos) for group in chosen]
    head = build(plan.settings, banks[0].width)
    if plan.train is not None:
        load_into(head, plan.train)
    parts = []
    for group, bank in zip(chosen, banks, strict=True):
        text_TD, class_T = scored_texts(plan, group.classes)
        types = label_types(group.classes, plan.dataset.class_types)
        asked = by_best_phrasing(head, class_T)
        of_group = scored_by(asked, bank, text_TD, group.classes, scoring.batch, types, temperature)
        if scoring.voting != "none":
            of_group = of_group._replace(detections=vote(of_group.detections, scoring.voting))
        parts.append(of_group)
    return parts


if __name__ == "__main__":
    main()
