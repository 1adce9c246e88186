"""score: the scores of every test person for the labels of its video's group.

reads   train (where the head has weights), text, tokens and boxes of the test videos
writes  score: table detections
"""

import pandas as pd

from zsstad_core import configure, tables
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.errors import DataError, friendly
from zsstad_core.methods.registry import method
from zsstad_core.plan.plan import Plan
from zsstad_core.scoring.detections import PersonTables, person_tables
from zsstad_core.scoring.groups import Group, groups, unlabelled_group
from zsstad_core.scoring.spread import scores_of_persons
from zsstad_core.scoring.truth import true_actions
from zsstad_core.scoring.voting import vote
from zsstad_core.settings.pipeline import Settings
from zsstad_core.splits import refuse_empty
from zsstad_core.work import Content, run_whole


def imports(settings: Settings) -> list[str]:
    """The modules that this stage imports when it runs."""
    if method(settings.head).truth is not None:
        return ["zsstad_core.learning.cached_rows"]
    return [f"zsstad_core.{name}" for name in ("learning.banks", "learning.trained", "scoring.rows")]


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()))
    run_whole("score", plan.score, lambda: score_persons(plan), plan.inventory)


def score_persons(plan: Plan) -> Content:
    from zsstad_core.learning.cached_rows import classes_with_groundtruth

    refuse_empty(plan.split, classes_with_groundtruth(plan, "test"), "test")
    annotated = read_artifact_table(plan.groundtruth, "groundtruth")
    chosen = groups(plan.split, plan.official_split, annotated, plan.settings.scoring.labels)
    chosen += [unlabelled_group(plan.split, plan.official_split, plan.members, annotated)]
    chosen = [group for group in chosen if group.videos]
    if not chosen:
        raise DataError(f"score: no test clip shows a class of label split {plan.split.name}; choose another SPLIT=")
    if plan.method.truth is not None:
        found = {"detections": tables.concat("detections", by_truth(plan, chosen, annotated))}
    else:
        parts = by_head(plan, chosen)
        found = {"detections": tables.concat("detections", [part.detections for part in parts])}
        if plan.keeps_similarities:
            found["similarities"] = tables.concat("similarities", [part.similarities for part in parts])
    pairs = len(found["detections"])
    print(f"score: {pairs} (box, class) pairs of {sum(len(group.videos) for group in chosen)} test clips")
    return Content(found, made_with=plan.text_made_with())


def by_truth(plan: Plan, chosen: list[Group], annotated: pd.DataFrame) -> list[pd.DataFrame]:
    from zsstad_core.learning.cached_rows import persons_to_score

    assert plan.method.truth is not None
    knows = plan.method.truth(plan.settings)
    return [true_actions(persons_to_score(plan, group.videos)[0], annotated, group.classes, knows) for group in chosen]


def by_head(plan: Plan, chosen: list[Group]) -> list[PersonTables]:
    from zsstad_core.frozen.device import choose_device
    from zsstad_core.learning.banks import scoring_bank
    from zsstad_core.learning.cached_labels import scoring_labels
    from zsstad_core.learning.cached_rows import persons_to_score
    from zsstad_core.learning.trained import trained_head
    from zsstad_core.scoring.rows import score_rows

    device, scoring = choose_device(plan.settings.device), plan.settings.scoring
    banks = [scoring_bank(plan, device, group.videos) for group in chosen]
    head = trained_head(plan, banks[0].width)
    parts = []
    for group, bank in zip(chosen, banks, strict=True):
        scores = score_rows(head, bank, scoring_labels(plan, group.classes), scoring.batch)
        persons = bank.samples.table
        if plan.method.classifies == "clip":
            persons, _ = persons_to_score(plan, group.videos)
            if plan.settings.clips.of == "tracklet":
                persons = persons.assign(clip=clips_of(plan, group, persons))
            scores = scores_of_persons(bank.samples.table, scores, persons)
        of_group = person_tables(persons, scores, group.classes)
        if scoring.voting != "none":
            of_group = of_group._replace(detections=vote(of_group.detections, scoring.voting))
        parts.append(of_group)
    return parts


def clips_of(plan: Plan, group: Group, persons: pd.DataFrame) -> pd.Series:
    """The tracklet of each scored person; tracklets are made of all persons, scored or not."""
    from zsstad_core.learning.cached_rows import persons_to_track
    from zsstad_core.learning.tracklets import tracklets_to_score

    every, _ = persons_to_track(plan, group.videos)
    place = ["video_id", "frame", "box"]
    numbers = every[place].assign(clip=tracklets_to_score(plan, every))
    return persons[place].merge(numbers, on=place, how="left", validate="one_to_one")["clip"]


if __name__ == "__main__":
    main()
