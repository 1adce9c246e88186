"""A detector that finds nobody, persons who are elsewhere, and scores that say nothing."""

import numpy as np
import pandas as pd
import pytest

from tests.doctor import made
from zsstad_core.doctor.persons import no_overlap, no_persons
from zsstad_core.doctor.scores import constant, no_better_than_chance
from zsstad_core.settings.results import Scoring
from zsstad_core.tables import table


def what(findings: list) -> list[str]:
    return [finding.what for finding in findings]


def test_a_detector_that_finds_nobody_is_named_with_what_it_finds() -> None:
    humans = made.found().assign(what="human")
    (finding,) = no_persons(made.truth(), humans, Scoring())
    assert finding.what == "the detector finds nobody"
    assert "it has human" in finding.do
    assert what(no_persons(made.truth(), table("boxes"), Scoring())) == ["the detector finds nobody"]


def test_nobody_in_many_videos_is_named_and_nobody_in_a_few_is_not() -> None:
    (finding,) = no_persons(made.truth(), made.found().query("video_id > 'fz'"), Scoring())
    assert finding.how_many == "15 of 36 annotated test videos have no detected person"
    assert no_persons(made.truth(), made.found().query("video_id > 'd'"), Scoring()) == []
    assert no_persons(made.truth(), made.found(), Scoring()) == []


def test_persons_who_are_all_below_the_threshold_are_named() -> None:
    unsure = made.found().assign(score=lambda rows: rows["score"] / 10)
    (finding,) = no_persons(made.truth(), unsure, Scoring())
    assert finding.what == "no person is sure enough to be scored"
    assert finding.example == "bow/0, whose best has 0.090"
    assert no_persons(made.truth(), unsure, Scoring(select="first")) == []


def test_boxes_elsewhere_are_named_and_a_third_of_the_persons_is_enough() -> None:
    elsewhere = made.found().query("box == 1")
    (finding,) = no_overlap(made.truth(), elsewhere, 0.5)
    assert finding.what == "no box overlaps a ground truth"
    assert not finding.cause
    assert no_overlap(made.truth(), made.found().sample(frac=0.3, random_state=0), 0.5) == []
    assert no_overlap(made.truth(every=6), made.found(), 0.5) == []


def test_a_class_whose_persons_are_never_met_is_named() -> None:
    away = made.found().assign(x1=lambda rows: rows["x1"].mask(rows["video_id"].str.startswith("golf/"), 0.0))
    away["x2"] = away["x2"].mask(away["video_id"].str.startswith("golf/"), 8.0)
    (finding,) = no_overlap(made.truth(), away, 0.5)
    assert finding.what == "no box overlaps the ground truth of a class"
    assert finding.example.startswith("golf, 72 boxes")


def test_scores_that_are_all_the_same_are_named() -> None:
    scored = made.detections()
    assert constant(scored) == []
    same = scored.assign(probability=scored.groupby("class_name")["probability"].transform("mean"))
    assert what(constant(same)) == ["scores that are all the same"]
    one_label = scored.assign(probability=scored["probability"].mask(scored["class_name"] == "bow", 0.5))
    assert constant(one_label) == []


@pytest.mark.parametrize(("unseen", "named"), [(0.1, True), (0.2, True), (0.21, False), (None, False)])
def test_a_map_that_random_scores_reach_is_named(unseen: float | None, named: bool) -> None:
    draws = [{"unseen": 0.15, "seen": None}, {"unseen": 0.2, "seen": None}]
    found = no_better_than_chance({"unseen": unseen, "seen": 0.0, "split": "1"}, draws)
    assert what(found) == (["unseen mAP no better than chance"] if named else [])
    assert all(not finding.cause for finding in found)


def test_a_person_who_is_annotated_with_several_actions_is_one_person() -> None:
    several = pd.concat([made.truth(), made.truth().assign(class_name="eat")])
    several = several.drop_duplicates(["video_id", "frame", "box", "class_name"])
    assert no_persons(several, made.found(), Scoring()) + no_overlap(several, made.found(), 0.5) == []
    assert np.isfinite(several["x1"]).all()
