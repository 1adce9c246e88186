"""The first sentence of a page says out of which labels a person was named."""

import pytest

from zsstad_core.report.page.of_plan import labels_text
from zsstad_core.splits import LabelSplit

SPLIT = LabelSplit("made-1", seen=("jump", "run", "walk"), unseen=("wave", "sit"))


@pytest.mark.parametrize(
    ("labels", "trains", "said"),
    [
        (
            "own",
            True,
            "2 unseen actions or out of 3 seen ones, whichever group the clip's own action is of; of the unseen ones "
            "no training clip showed any.",
        ),
        ("own", False, "2 unseen actions or out of 3 seen ones, whichever group the clip's own action is of."),
        ("all", True, "5 actions, 2 of which no training clip showed."),
        ("unseen", True, "2 actions, 2 of which no training clip showed."),
        ("seen", True, "3 actions."),
        ("all", False, "5 actions."),
    ],
)
def test_labels_that_do_not_compete_are_not_counted_together(labels: str, trains: bool, said: str) -> None:
    assert labels_text(SPLIT, labels, trains) == said


def test_of_a_split_with_one_group_all_labels_compete() -> None:
    alone = LabelSplit("all-unseen", seen=(), unseen=("wave", "sit"))
    assert labels_text(alone, "own", False) == "2 actions."
