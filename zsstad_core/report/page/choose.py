"""Choose the test clips that the player shows; the same detections give the same clips."""

from collections.abc import Iterator, Sequence

import pandas as pd

from zsstad_core.report.error_kinds import HIT
from zsstad_core.report.moments import Moment
from zsstad_core.report.page.clips import ClipToShow


def clips_to_show(
    best: pd.DataFrame, unseen: Sequence[str], best_moments: Sequence[Moment], worst: Sequence[Moment], at_most: int
) -> list[ClipToShow]:
    """At most `at_most` videos: in turn one of each unseen class, one of a best moment and one of a worst moment.

    best: from `shown_persons.best_actions`. For an unseen class it is the video whose annotated persons are most often
    named right, and then the video where they are most rarely. Videos without any annotation come last.
    """
    sources = [
        _of_classes(best, unseen),
        _of_moments(best_moments, unseen),
        _of_moments(worst, unseen),
        _without_annotation(best),
    ]
    chosen: dict[str, ClipToShow] = {}
    in_turn, last = [iter(source) for source in sources[:3]], iter(sources[3])
    while in_turn and len(chosen) < at_most:
        for source in list(in_turn):
            new = next((shown for shown in source if shown.video_id not in chosen), None)
            if new is None:
                in_turn.remove(source)
            elif len(chosen) < at_most:
                chosen[new.video_id] = new
    for shown in last:
        if len(chosen) < at_most:
            chosen.setdefault(shown.video_id, shown)
    return list(chosen.values())


def _of_classes(best: pd.DataFrame, unseen: Sequence[str]) -> Iterator[ClipToShow]:
    real = best[best["annotated"].map(len) > 0].assign(true=lambda rows: rows["annotated"].map(lambda names: names[0]))
    if real.empty:
        return
    real["right"] = [name in names for name, names in zip(real["class_name"], real["annotated"], strict=True)]
    share = real.groupby(["true", "video_id"])["right"].mean().reset_index()
    share = share.sort_values(["right", "video_id"], ascending=[False, True], kind="stable")
    first_frame = real.groupby("video_id")["frame"].min()
    for end, word in ((0, "best"), (-1, "worst")):
        for name in unseen:
            of_class = share[share["true"] == name]
            if len(of_class) > -end:
                row = of_class.iloc[end]
                among = f"the {word} of {len(of_class)} clips" if len(of_class) > 1 else "the only clip"
                share_right = f"{100 * row['right']:.0f} % of the found persons are named right"
                why = f"{name.replace('_', ' ')}: {share_right}, {among}"
                yield ClipToShow(row["video_id"], why, "unseen", int(first_frame[row["video_id"]]))


def _of_moments(moments: Sequence[Moment], unseen: Sequence[str]) -> Iterator[ClipToShow]:
    for moment in moments:
        name = moment.marked[0].class_name
        real = moment.annotated[0][1] if moment.annotated else (name,)
        why = "a best moment" if moment.kind == HIT else f"a worst moment, {moment.kind}"
        group = "unseen" if set(real) & set(unseen) else "seen"
        yield ClipToShow(
            moment.video_id, f"{why}: {name.replace('_', ' ')} in frame {moment.frame}", group, moment.frame
        )


def _without_annotation(best: pd.DataFrame) -> Iterator[ClipToShow]:
    """The videos in which nobody is annotated, by falling best score of a person."""
    alone = best[best["annotated"].map(len) == 0]
    alone = alone[~alone["video_id"].isin(best["video_id"][best["annotated"].map(len) > 0])]
    rows = alone.sort_values(["score", "video_id", "frame"], ascending=[False, True, True], kind="stable")
    for row in rows.drop_duplicates("video_id").to_dict("records"):
        yield ClipToShow(str(row["video_id"]), f"best score: {row['class_name']}", "", int(row["frame"]))
