"""The rows of ST-CLIP's ablations: settings that say what the paper's tables vary, and how rows are compared."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from benchmarks.stickworld_stclip import (
    CHANGES,
    OF_TOKENS,
    OTHERS,
    PATCHES,
    TABLES,
    TOKENS,
    WHOLE,
    K,
    Row,
    difference,
    of_head,
)
from zsstad_core import configure
from zsstad_core.frozen.encoder_identity import model_config
from zsstad_core.methods.stclip.refusals import refuse
from zsstad_core.settings.pipeline import Settings

ROWS = of_head(CHANGES | TOKENS)


def settings_of(row: str) -> Settings:
    settings: Settings = configure.load(Path("pipeline.yaml"), overrides=f"dataset=stickworld {ROWS[row]}")
    return settings


def test_every_row_of_a_table_is_run_and_no_run_is_left_out():
    assert named(TABLES) == CHANGES.keys() | OTHERS.keys()
    assert named(OF_TOKENS) == TOKENS.keys() | {WHOLE}


def named(tables: Mapping[str, Sequence[Row]]) -> set[str]:
    return {name for rows in tables.values() for _, name, _ in rows}


@pytest.mark.parametrize("rows", [CHANGES, TOKENS])
def test_no_two_rows_are_the_same_head(rows: Mapping[str, str]):
    assert len({settings_of(row).heads.stclip.model_dump_json() for row in rows}) == len(rows)


@pytest.mark.parametrize("name", ROWS)
def test_the_bundled_encoder_can_run_every_row(name: str):
    refuse(settings_of(name))


def test_interest_tokens_are_the_published_share_of_this_encoders_patches():
    vision = model_config(settings_of(WHOLE).encoder)["model_cfg"]["vision_cfg"]
    assert (vision["image_size"] // vision["patch_size"]) ** 2 == PATCHES
    assert K == {80: 20, 100: 25, 150: 37, 200: 50}


def test_a_difference_is_taken_seed_by_seed():
    ap = {WHOLE: [10.0, 20.0, 60.0], "row": [11.0, 22.0, 63.0]}
    assert difference(ap, "row") == "+2.0 ± 1.0"
    assert difference(ap, WHOLE) == ""
