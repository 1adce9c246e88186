"""What the page says of attention in a cached clip: of iCLIP by blocks, of ST-CLIP by patches, of others nothing."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from tests.learning.made_cache import extract, made_plan, write_dataset
from tests.methods.enliven import enliven
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.learning.banks import scoring_bank
from zsstad_core.learning.weights import as_bytes
from zsstad_core.methods.common.labels import one_text_labels
from zsstad_core.methods.registry import build
from zsstad_core.plan.plan import Plan
from zsstad_core.report.attention import attention_of_frames
from zsstad_core.report.page.attending import attention_on
from zsstad_core.report.page.content import Attention
from zsstad_core.report.page.of_plan import EvaluatedTables, attention_of
from zsstad_core.report.shown_persons import best_actions
from zsstad_core.scoring.detections import person_tables
from zsstad_core.scoring.rows import score_rows
from zsstad_core.tables import table
from zsstad_core.work import Content, run_whole

VIDEO, FRAME = "run/clip_b", 3
BOXES = [(1, (10, 10, 40, 60)), (2, (60, 10, 90, 60))]
STCLIP = {"head": "stclip", "encoder.pixels": "decoded", "heads.stclip.interest_tokens": 4}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("attention")
    write_dataset(folder)
    extract(plan_of(folder))
    return folder


def plan_of(folder: Path, **changed: Any) -> Plan:
    return made_plan(folder, **{"scoring.select": "all", **changed})


def best_of(plan: Plan, noise: bool) -> tuple[Any, pd.DataFrame]:
    """A head that nobody trained, whose weights the plan finds as its trained ones, and its best actions."""
    bank = scoring_bank(plan, "cpu", {VIDEO})
    head = build(plan.settings, bank.width).eval()
    head = enliven(head) if noise else head
    assert plan.train is not None
    run_whole("train", plan.train, lambda: Content(files={"head.pt": as_bytes(head.state_dict())}))
    labels = one_text_labels(
        ["run", "stand"], torch.eye(2, head.tower.joint if plan.settings.head == "stclip" else bank.width)
    )
    scores = score_rows(head, bank, labels, 8)
    detections = person_tables(bank.samples.table, scores, labels.names).detections
    return head, best_actions(detections, table("groundtruth"))


def shown_of(plan: Plan, best: pd.DataFrame) -> Attention:
    (shown,) = attention_on(attention_of_frames(plan, best, [(VIDEO, FRAME)]), 480)
    return shown


def test_of_iclip_it_names_the_chair_the_persons_and_the_neighbours(folder: Path) -> None:
    plan = plan_of(folder)
    _, best = best_of(plan, noise=False)
    shown = shown_of(plan, best)
    assert (shown.video_id, shown.frame, shown.patches) == (VIDEO, FRAME, ())
    assert [(one.letter, one.corners, one.text) for one in shown.objects] == [("A", (30, 40, 50, 70), "chair")]
    assert [(one.number, one.corners) for one in shown.persons] == BOXES
    frames = read_artifact_table(plan.index, "frames")
    last = int(frames.loc[frames["video_id"] == VIDEO, "frame"].max())
    for person in shown.persons:
        around = tuple(number - FRAME for number in range(last + 1) if number != FRAME)
        kinds = {"persons": (1, 2), "objects": (0,), "context": (0,), "memory": around}
        assert [(block.kind, block.keys) for block in person.blocks] == 2 * [*kinds.items()]
        assert [block.empties for block in person.blocks] == 2 * [23, 4, 24, 600 - last]
        for block in person.blocks:
            assert sum(block.weight) + block.empty == pytest.approx(1, abs=1e-4)
            assert block.empty > 0


@pytest.mark.parametrize("tokens", ["interest", "all", "context"])
def test_of_st_clip_it_has_the_patches_and_what_was_chosen_where_something_was(folder: Path, tokens: str) -> None:
    plan = plan_of(folder, **STCLIP, **{"heads.stclip.prompt_tokens": tokens})
    head, best = best_of(plan, noise=True)
    shown = shown_of(plan, best)
    assert (shown.objects, shown.caption) == ((), f"Attention of block 1 of the encoder's {len(head.tower.blocks)}.")
    assert [(one.number, one.corners) for one in shown.persons] == BOXES
    for person in shown.persons:
        assert [len(row) for row in person.weight] == [len(row) for row in shown.patches]
        assert 0 < sum(map(sum, person.weight)) < 1  # the rest is the class token and persons
        assert bool(person.chosen) == (tokens == "interest")
        assert sum(map(sum, person.chosen)) <= 4
    assert shown.persons[0].weight != shown.persons[1].weight


@pytest.mark.parametrize(
    "changed", [{"head": "clip_crop"}, {"head": "oracle"}, {"head": "actionclip"}, {"heads.iclip.blocks": ""}], ids=str
)
def test_of_heads_in_which_nobody_attends_there_is_nothing(folder: Path, changed: dict[str, Any]) -> None:
    _, best = best_of(plan_of(folder), noise=False)
    detections = best.drop(columns="annotated")
    read = EvaluatedTables(table("detections", detections), table("groundtruth"), table("frames"))
    assert attention_of(plan_of(folder, **changed), read) == ()


def test_where_nobody_is_scored_there_is_nothing_and_no_error(folder: Path) -> None:
    read = EvaluatedTables(table("detections"), table("groundtruth"), table("frames"))
    assert attention_of(plan_of(folder), read) == ()
