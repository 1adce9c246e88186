"""What must be said of an answer is said: random weights, and which stages did something for it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from zsstad_core.ask import text
from zsstad_core.ask.drawing import draw
from zsstad_core.ask.remarks import random_weights
from zsstad_core.cache import ledger
from zsstad_core.cache.stages import DETECT, GROUNDTRUTH, INDEX, SCORE


def of_encoder(description: str) -> Any:
    return SimpleNamespace(score=SimpleNamespace(made_with=lambda: {"encoder": description}))


def test_random_weights_are_said_and_trained_ones_are_not() -> None:
    said = random_weights(of_encoder("tiny-clip, RANDOM weights (seed 0)"))
    assert said == "tiny-clip, RANDOM weights (seed 0): labels and scores mean nothing"
    assert random_weights(of_encoder("ViT-B-16, openai weights")) == ""


def test_a_note_stands_at_the_bottom_of_the_frame_and_nowhere_else() -> None:
    frame = np.zeros((400, 640, 3), np.uint8)
    noted = draw(frame, [], "RANDOM weights: labels mean nothing")
    assert (noted[:360] == 0).all()
    assert ((noted[360:] == (255, 70, 70)).all(-1)).sum() > 2000
    assert (draw(frame, []) == 0).all()


def test_a_stage_that_made_nothing_was_not_asked_anew(tmp_path: Path) -> None:
    stages = (INDEX, GROUNDTRUTH, DETECT, SCORE)
    artifacts = [SimpleNamespace(root=tmp_path, stage=stage, key=f"of-{stage.name}") for stage in stages]
    plan: Any = SimpleNamespace(all=lambda: artifacts)
    ledger.record(tmp_path, "index", "of-index", "unit-1", 1, {"total": 1.0})
    before = text.ledger_sizes(plan)
    assert text.stages_text(plan, before) == "asked anew: nothing; kept: index, detect, score"
    ledger.record(tmp_path, "detect", "of-other-settings", "unit-1", 1, {"total": 1.0})
    ledger.record(tmp_path, "score", "of-score", "unit-1", 1, {"total": 1.0})
    assert text.stages_text(plan, before) == "asked anew: score; kept: index, detect"
    assert text.stages_text(plan, "0") == "asked anew: index, score; kept: detect"
