import pytest
import torch

from tests.heads.batches import random_batch, random_text
from zsstad_core.methods.clip_crop.settings import ClipCrop as ClipCropSettings
from zsstad_core.methods.clip_frame.model import ClipCrop, ClipFrame
from zsstad_core.methods.clip_frame.settings import ClipFrame as ClipFrameSettings
from zsstad_core.methods.registry import Heads
from zsstad_core.settings.pipeline import Settings

WIDTH = 32
BATCH = random_batch(WIDTH, persons=[2, 1], objects=[0, 0], neighbours=[0.0, 0.0], times=0)
TEXT_KD = random_text(WIDTH, 4)


def cosine(a: torch.Tensor, b: torch.Tensor) -> float:
    return float(a @ b / (a.norm() * b.norm()))


def test_clip_frame_gives_every_person_the_score_of_the_frame() -> None:
    logits = ClipFrame(Settings(), WIDTH)(BATCH, TEXT_KD)
    for frame in range(2):
        for person in range(2):
            for k in range(4):
                wanted = cosine(BATCH.context_BD[frame], TEXT_KD[k]) / 0.07
                assert logits[frame, person, k] == pytest.approx(wanted, abs=1e-4)


def test_clip_crop_scores_each_person_by_its_own_crop() -> None:
    logits = ClipCrop(Settings(), WIDTH)(BATCH, TEXT_KD)
    for frame, person in [(0, 0), (0, 1), (1, 0)]:
        for k in range(4):
            wanted = cosine(BATCH.person_BPD[frame, person], TEXT_KD[k]) / 0.07
            assert logits[frame, person, k] == pytest.approx(wanted, abs=1e-4)


def test_temperature_is_each_baselines_own() -> None:
    settings = Settings(
        heads=Heads(clip_frame=ClipFrameSettings(temperature=1.0), clip_crop=ClipCropSettings(temperature=2.0))
    )
    default = Settings()
    torch.testing.assert_close(
        ClipFrame(settings, WIDTH)(BATCH, TEXT_KD), ClipFrame(default, WIDTH)(BATCH, TEXT_KD) * 0.07
    )
    torch.testing.assert_close(
        ClipCrop(settings, WIDTH)(BATCH, TEXT_KD), ClipCrop(default, WIDTH)(BATCH, TEXT_KD) * 0.035
    )


def test_baselines_have_nothing_to_train() -> None:
    for head in (ClipFrame(Settings(), WIDTH), ClipCrop(Settings(), WIDTH)):
        assert not list(head.parameters())
        assert not head.state_dict()
