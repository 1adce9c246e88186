import pytest
import torch

from tests.methods.made_clips import made_labels
from tests.methods.made_frames import made_frames
from zsstad_core.methods.clip_crop.model import ClipCrop
from zsstad_core.methods.clip_crop.settings import ClipCrop as ClipCropSettings
from zsstad_core.methods.clip_frame.model import ClipFrame
from zsstad_core.methods.clip_frame.settings import ClipFrame as ClipFrameSettings
from zsstad_core.methods.registry import Heads
from zsstad_core.settings.pipeline import Settings

WIDTH = 32
BATCH = made_frames(WIDTH, persons=[2, 1], objects=[0, 0], neighbours=[0.0, 0.0], times=0)
LABELS = made_labels(WIDTH, 4, 1)


def cosine(a: torch.Tensor, b: torch.Tensor) -> float:
    return float(a @ b / (a.norm() * b.norm()))


def test_clip_frame_gives_every_person_the_score_of_the_frame() -> None:
    logits_NM = ClipFrame(Settings(), WIDTH)(BATCH, LABELS)
    assert logits_NM.shape == (3, 4)
    for person, frame in enumerate([0, 0, 1]):
        for k in range(4):
            wanted = cosine(BATCH.features.frame_BD[frame], LABELS.text_MD[k]) / 0.07
            assert logits_NM[person, k] == pytest.approx(wanted, abs=1e-4)


def test_clip_crop_scores_each_person_by_its_own_crop() -> None:
    logits_NM = ClipCrop(Settings(), WIDTH)(BATCH, LABELS)
    assert logits_NM.shape == (3, 4)
    for person in range(3):
        for k in range(4):
            wanted = cosine(BATCH.features.person_ND[person], LABELS.text_MD[k]) / 0.07
            assert logits_NM[person, k] == pytest.approx(wanted, abs=1e-4)


def test_temperature_is_each_baselines_own() -> None:
    settings = Settings(
        heads=Heads(clip_frame=ClipFrameSettings(temperature=1.0), clip_crop=ClipCropSettings(temperature=2.0))
    )
    default = Settings()
    torch.testing.assert_close(
        ClipFrame(settings, WIDTH)(BATCH, LABELS), ClipFrame(default, WIDTH)(BATCH, LABELS) * 0.07
    )
    torch.testing.assert_close(
        ClipCrop(settings, WIDTH)(BATCH, LABELS), ClipCrop(default, WIDTH)(BATCH, LABELS) * 0.035
    )


def test_similarity_is_the_cosine_whatever_the_temperature() -> None:
    for head in (
        ClipCrop(Settings(), WIDTH),
        ClipCrop(Settings(heads=Heads(clip_crop=ClipCropSettings(temperature=2.0))), WIDTH),
    ):
        found_NK = head.similarity(head(BATCH, LABELS), LABELS)
        wanted = [[cosine(person, text) for text in LABELS.text_MD] for person in BATCH.features.person_ND]
        torch.testing.assert_close(found_NK, torch.tensor(wanted, dtype=torch.float64), rtol=0, atol=1e-6)


def test_baselines_have_nothing_to_train() -> None:
    for head in (ClipFrame(Settings(), WIDTH), ClipCrop(Settings(), WIDTH)):
        assert not list(head.parameters())
        assert not head.state_dict()
