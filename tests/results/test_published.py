"""The published rows beside ours: a wrong number there makes a wrong conclusion here."""

import pandas as pd
import pytest
import yaml

from zsstad_core.datasets import DATASETS
from zsstad_core.methods import registry
from zsstad_core.results.published import _FILE, published_rows
from zsstad_core.results.summary import rows_of
from zsstad_core.results.text import as_markdown
from zsstad_core.splits import published_splits

TABLES = yaml.safe_load(_FILE.read_text())
ENTRIES = [
    (f"{table['dataset']} {entry['method']} {entry.get('note', '')} {boxes}", table, entry, numbers)
    for table in TABLES
    for entry in table["rows"]
    for boxes, numbers in (("detected", entry), ("groundtruth", entry.get("groundtruth")))
    if numbers
]


def row(method: str, splits: list[str], paper: str, boxes: str = "detected"):
    (found,) = [
        other
        for other in published_rows("jhmdb", splits)
        if (other.method, other.boxes) == (method, boxes) and other.source.startswith(paper)
    ]
    return found


@pytest.mark.parametrize(("table", "numbers"), [entry[1::2] for entry in ENTRIES], ids=[entry[0] for entry in ENTRIES])
def test_averages_are_those_of_the_splits(table: dict, numbers: dict):
    """As printed: to a hundredth, and one more for the rounding of each split."""
    values = numbers.get("unseen") or numbers["seen"]
    assert len(values) == len(table["splits"])
    assert sum(values) / len(values) == pytest.approx(numbers["average"], abs=0.0101)


@pytest.mark.parametrize(("table", "entry"), [entry[1:3] for entry in ENTRIES], ids=[entry[0] for entry in ENTRIES])
def test_names_are_ours(table: dict, entry: dict):
    assert table["dataset"] in {*DATASETS, "ucf101_24", "ava"}
    assert "head" not in entry or entry["head"] in registry.names()
    assert set(entry) <= {"method", "head", "note", "unseen", "seen", "average", "harmonic", "groundtruth"}


def test_no_average_is_beyond_its_harmonic_mean():
    """H = 2us / (u + s) with s at most 100: a typing error in either number would mostly break this."""
    for name, _, _, numbers in ENTRIES:
        if "harmonic" in numbers:
            unseen, harmonic = numbers["average"], numbers["harmonic"]
            seen = unseen * harmonic / (2 * unseen - harmonic)
            assert 0 < seen < 100, name


def test_all_published_splits_bring_the_whole_row():
    found = row("iCLIP", published_splits("jhmdb"), "ST-CLIP")
    assert found.values == {"1": 66.53, "2": 69.99, "3": 82.88, "4": 71.84}
    assert (found.average, found.harmonic, found.head) == (72.81, 74.47, "iclip")
    assert row("iCLIP", published_splits("jhmdb"), "ST-CLIP", "groundtruth").average == 79.01


OURS = {"iCLIP": "iclip", "ST-CLIP": "stclip", "baseline": "clip_frame", "baseline (person crop)": "clip_crop"}
"""Methods of the papers that are heads of ours."""


@pytest.mark.parametrize(("table", "entry"), [entry[1:3] for entry in ENTRIES], ids=[entry[0] for entry in ENTRIES])
def test_a_method_that_is_ours_names_our_head(table: dict, entry: dict):
    """But for variants of it that our head has no settings for: with labels that are not prompted, or prompted ones of
    the baseline."""
    if entry.get("note") not in ("prompted", "not prompted"):
        assert entry.get("head") == OURS.get(entry["method"])


@pytest.mark.parametrize("dataset", ["jhmdb", "ucf101_24", "ava"])
def test_published_st_clip_stands_under_ours(dataset: str):
    """In the main table, and in that of ground-truth boxes."""
    splits = published_splits(dataset)
    results = pd.DataFrame(
        {
            "head": head,
            "split": split,
            "boxes": boxes,
            "seed": pd.NA,
            **dict.fromkeys(("unseen", "seen", "harmonic"), 0.5),
        }
        for head in ("stclip", "iclip")
        for boxes in ("detected", "groundtruth")
        for split in splits
    )
    lines = as_markdown({"title": "t", "notes": []}, rows_of(results), published_rows(dataset, splits)).splitlines()
    ours = [number for number, line in enumerate(lines) if line.startswith("| **stclip**")]
    under = [lines[number + 1].split(" [1]")[0] for number in ours[:2]]
    assert under == ["| ST-CLIP", "| ST-CLIP"]
    of_single_actions = [lines[number + 2].startswith("| ST-CLIP (one action a video) [1]") for number in ours[:2]]
    assert of_single_actions == [dataset != "ava"] * 2


def test_an_average_stands_beside_the_same_splits_only():
    some = [other for other in published_rows("jhmdb", ["1", "2"]) if other.source.startswith("ST-CLIP")]
    assert all(set(other.values) == {"1", "2"} for other in some)
    assert all(other.average is None and other.harmonic is None for other in some)


@pytest.mark.parametrize("split", ["1", "75/25"])
def test_one_list_under_two_names_has_the_rows_of_both_papers(split: str):
    found = {(other.source.split(",")[0], other.values[split]) for other in published_rows("jhmdb", [split])}
    assert {("ST-CLIP", 66.53), ("iCLIP", 66.83)} <= found


def test_a_draw_of_ours_has_the_average_of_the_draw_that_was_not_published():
    found = [other for other in published_rows("jhmdb", ["50/50-0", "50/50-1"]) if other.head == "iclip"]
    assert [(other.values, other.average) for other in found] == [({}, 45.18)]
    assert published_rows("jhmdb", ["50/50-0", "1"])[0].source.startswith("ST-CLIP")


def test_full_supervision_is_of_seen_classes():
    assert row("iCLIP", ["full"], "iCLIP").values == {"full": 73.70}
    assert row("iCLIP", ["full"], "iCLIP").group == "seen"


def test_what_nobody_published_has_no_row():
    assert published_rows("stickworld", ["1", "2", "3"]) == []
    assert published_rows("jhmdb", ["without-run"]) == []
