"""From runs to the numbers of a table: the right average, over the right runs, in the papers' order of steps."""

import json

import numpy as np
import pandas as pd
import pytest

from zsstad_core.results.summary import Number, rows_of
from zsstad_core.results.text import as_json, as_markdown, markdown_table

NAN = float("nan")


def results(*rows: tuple[str, str, str, int | None, float, float]) -> pd.DataFrame:
    """(head, split, boxes, seed, unseen, seen) each, as `runs.results_of` gives them."""
    frame = pd.DataFrame(rows, columns=["head", "split", "boxes", "seed", "unseen", "seen"])
    harmonic = 2 * frame["unseen"] * frame["seen"] / (frame["unseen"] + frame["seen"])
    keys = {"train": "t", "score": "s", "evaluate": "e"}
    return frame.assign(harmonic=harmonic, **keys).astype({"seed": "Int64"})


TWO = results(
    ("iclip", "1", "detected", 2, 0.2, 0.8),
    ("iclip", "1", "detected", 3, 0.4, 0.8),
    ("iclip", "2", "detected", 2, 0.6, 0.4),
    ("iclip", "2", "detected", 3, 0.6, 0.4),
    ("iclip", "1", "groundtruth", 2, 0.5, 0.9),
    ("iclip", "1", "groundtruth", 3, 0.5, 0.9),
    ("iclip", "2", "groundtruth", 2, 0.7, 0.9),
    ("iclip", "2", "groundtruth", 3, 0.7, 0.9),
    ("clip_frame", "1", "detected", None, 0.1, 0.3),
    ("clip_frame", "2", "detected", None, 0.3, 0.3),
    ("clip_frame", "1", "groundtruth", None, 0.1, 0.3),
    ("clip_frame", "2", "groundtruth", None, 0.3, 0.3),
)


def test_splits_are_averaged_before_the_harmonic_mean_and_seeds_after_it():
    detected = rows_of(TWO)[0]
    assert (detected.head, detected.boxes) == ("iclip", "detected")
    assert detected.unseen["1"].mean == pytest.approx(0.3)
    assert detected.unseen["1"].deviation == pytest.approx(np.std([0.2, 0.4], ddof=1))
    assert detected.average_unseen.mean == pytest.approx((0.4 + 0.5) / 2)
    of_seeds = [2 * 0.4 * 0.6 / 1.0, 2 * 0.5 * 0.6 / 1.1]
    assert detected.harmonic_of_averages.mean == pytest.approx(np.mean(of_seeds))
    assert detected.harmonic_of_averages.deviation == pytest.approx(np.std(of_seeds, ddof=1))
    assert detected.harmonic["2"].mean == pytest.approx(0.48)


def test_a_head_without_training_has_one_number_and_no_deviation():
    (row,) = [row for row in rows_of(TWO) if (row.head, row.boxes) == ("clip_frame", "detected")]
    assert row.average_unseen.mean == pytest.approx(0.2)
    assert str(row.average_unseen) == "20.00"


def test_an_average_with_a_split_missing_is_none():
    (row,) = rows_of(results(("iclip", "1", "detected", 2, 0.2, 0.8), ("iclip", "2", "detected", 2, NAN, 0.4)))
    assert np.isnan(row.average_unseen.mean)
    assert np.isnan(row.harmonic_of_averages.mean)
    assert row.average_seen.mean == pytest.approx(0.6)
    assert str(row.unseen["2"]) == "-"


def test_splits_stand_in_the_order_that_was_asked_for():
    (row,) = rows_of(results(*(("oracle", split, "detected", None, 0.5, 0.5) for split in ("10", "9", "50/50-0"))))
    assert list(row.unseen) == ["10", "9", "50/50-0"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Number(0.12345, 0.00678), "12.35 ± 0.68"),
        (Number(0.5, NAN), "50.00"),
        (Number(NAN, NAN), "-"),
        (Number(0, 0), "0.00 ± 0.00"),
    ],
)
def test_numbers_are_printed_in_percent(number: Number, text: str):
    assert str(number) == text


def test_the_table_has_the_papers_row():
    lines = as_markdown({"title": "t", "notes": []}, rows_of(TWO), []).splitlines()
    header, rule, ours, baseline = lines[lines.index("## Unseen classes") + 2 :][:4]
    assert [cell.strip() for cell in header.split("|")[1:-1]] == ["", "split 1", "split 2", "avg", "H", "avg*", "H*"]
    assert {len(header), len(rule)} == {len(ours)}
    assert [cell.strip() for cell in ours.split("|")[2:-1]] == [
        "30.00 ± 14.14",
        "60.00 ± 0.00",
        "45.00 ± 7.07",
        "51.27 ± 4.63",
        "60.00 ± 0.00",
        "72.00 ± 0.00",
    ]
    assert "20.00" in baseline


def test_a_block_without_numbers_is_not_shown():
    full = results(("iclip", "full", "detected", 2, NAN, 0.7), ("iclip", "full", "groundtruth", 2, NAN, 0.8))
    text = as_markdown({"title": "t", "notes": []}, rows_of(full), [])
    assert "## Seen classes" in text
    assert "70.00" in text
    assert "Unseen" not in text


def test_nothing_undefined_reaches_json():
    made = as_json({"title": "t"}, rows_of(TWO.assign(unseen=NAN, harmonic=NAN)), [], TWO.assign(unseen=NAN))
    again = json.loads(json.dumps(made, allow_nan=False))
    assert again["rows"][0]["average_unseen"] == {"mean": None, "deviation": None}
    assert again["runs"][-1]["seed"] is None
    assert again["runs"][0]["evaluate"] == "e"


def test_columns_stand_under_each_other():
    assert markdown_table([("", "b"), ("long", "1")]) == ["|      | b |", "|------|--:|", "| long | 1 |"]
