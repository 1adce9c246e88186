"""Heads, encoder, tower, banks and scoring on a GPU that is not there: no tensor stays on the wrong device."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from tests.conftest import TINY_CLIP
from tests.fake_cuda import FakeGpu, install
from tests.learning.made_tokens import made
from tests.methods.made_clips import made_batch, made_labels
from tests.methods.made_frames import made_frames
from tests.methods.stclip.made_views import made_head, made_tower, made_windows
from zsstad_core.datasets.label_types import LabelTypes
from zsstad_core.frozen.encoder import Encoder
from zsstad_core.learning.bank import Bank
from zsstad_core.learning.clip_features import ClipFeatures
from zsstad_core.learning.clip_samples import videos_as_clips
from zsstad_core.learning.features import Step
from zsstad_core.learning.frame_features import CachedTokens
from zsstad_core.learning.frame_index import FrameIndex, Ints
from zsstad_core.learning.order import SampleOrder
from zsstad_core.learning.person_samples import PersonSamples
from zsstad_core.learning.view_features import ViewFeatures
from zsstad_core.methods.common.features import Batch
from zsstad_core.methods.common.head import Head, class_probabilities
from zsstad_core.methods.common.labels import Labels
from zsstad_core.methods.common.losses import ava_loss
from zsstad_core.methods.contract import Segments
from zsstad_core.methods.registry import build, method, names
from zsstad_core.methods.stclip.settings import Stclip as StclipSettings
from zsstad_core.scoring.rows import score_rows
from zsstad_core.settings.frozen import Encoder as EncoderSettings
from zsstad_core.settings.pipeline import Settings
from zsstad_core.settings.training import Training

WIDTH, CLASSES = 64, 4
ENCODER = EncoderSettings(model=str(TINY_CLIP), pretrained="random")
HEADS = [name for name in names() if method(name).build]


@pytest.fixture
def fake_gpu(monkeypatch: pytest.MonkeyPatch) -> FakeGpu:
    return install(monkeypatch)


def batch_of(name: str) -> Batch[Any]:
    """Features of the kind that a method reads, ragged."""
    if method(name).classifies == "clip":
        return made_batch(WIDTH, real=[8, 3])
    if method(name).runs_encoder:
        return made_windows([2, 0, 1], [9, 4, 9], side=64)
    return made_frames(WIDTH, [2, 0, 1], objects=[3, 1, 0], neighbours=[0.5, 1.0, 0.0])


def on_gpu(gpu: FakeGpu, value: Any) -> Any:
    """A batch or labels as fakes on the GPU."""
    if isinstance(value, Batch):
        features = gpu.fake(value.features)
        moved = {name: tensor.to("cuda") for name, tensor in vars(features).items()}
        return Batch(gpu.fake(value.rows).to("cuda"), type(features)(**moved))
    return gpu.fake(value).to("cuda")


def run(gpu: FakeGpu, head: Head[Any], batch: Batch[Any], phrasings: int = 1) -> list[Tensor]:
    """Logits, loss, probabilities and similarities of a batch on the GPU."""
    labels: Labels = made_labels(WIDTH, CLASSES, phrasings)
    head.to("cuda").train()
    with gpu.mode:
        batch, labels = on_gpu(gpu, batch), on_gpu(gpu, labels)
        logits_NM = head(batch, labels)
        class_N = torch.arange(len(batch.rows), device="cuda") % CLASSES
        loss = head.loss(logits_NM, class_N, labels, batch, Training())
        return [logits_NM, loss, head.probabilities(logits_NM, labels), head.similarity(logits_NM, labels)]


@pytest.mark.parametrize("name", HEADS)
def test_a_head_and_its_loss_stay_on_the_gpu(fake_gpu: FakeGpu, name: str) -> None:
    """Forward: torch's backward pass asks the driver of the GPU."""
    phrasings = 3 if "phrasings" in method(name).reads(Settings()).texts else 1
    batch = batch_of(name)
    found = run(fake_gpu, build(Settings(head=name, encoder=ENCODER), WIDTH), batch, phrasings)
    rows = len(batch.rows)
    assert [tuple(x.shape) for x in found] == [(rows, CLASSES * phrasings), (), (rows, CLASSES), (rows, CLASSES)]
    assert {str(x.device) for x in found} == {"cuda:0"}


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt_tokens": "interest", "interest_tokens": 5},
        {"prompt_tokens": "context", "temporal": "average", "checkpointing": True},
        {"prompting": "none", "temporal": "none", "person_tokens": "patches", "adapter": "none"},
    ],
    ids=str,
)
def test_every_way_of_stclip_stays_on_the_gpu(fake_gpu: FakeGpu, changes: dict[str, Any]) -> None:
    head = made_head(StclipSettings.model_validate(changes))
    assert {str(x.device) for x in run(fake_gpu, head, made_windows([2, 0, 1], [9, 4, 9]))} == {"cuda:0"}


def test_the_loss_of_several_actions_stays_on_the_gpu() -> None:
    """How many persons have a pose is a number on the GPU: a size that is not known here."""
    types = LabelTypes(pose=(0, 2), object=(1,), person=(3,))
    with FakeTensorMode(shape_env=ShapeEnv()):
        logits_NK = torch.randn(5, CLASSES, device="cuda")
        loss = ava_loss(logits_NK, logits_NK > 0, types, Training(loss="ava"))
        assert (str(loss.device), loss.shape) == ("cuda:0", ())
        assert str(class_probabilities(logits_NK, types).device) == "cuda:0"


@pytest.mark.parametrize("where", ["a weight that does not move", "a new tensor", "a cached one"])
def test_a_tensor_that_stays_behind_is_found(fake_gpu: FakeGpu, where: str) -> None:
    """What all other tests here would find: each of these runs on a CPU and fails on a GPU."""

    class Planted(Head[Any]):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = [torch.ones(WIDTH)] if where == "a weight that does not move" else []

        def forward(self, batch: Batch[Any], labels: Labels) -> Tensor:
            person_ND = batch.features.person_ND
            if where == "a new tensor":
                person_ND = person_ND * torch.arange(WIDTH)
            if where == "a cached one":
                person_ND = person_ND + batch.features.frame_BD.cpu()[batch.rows.sample_N.cpu()]
            for weight_D in self.hidden:
                person_ND = person_ND * fake_gpu.fake(weight_D)
            return person_ND @ labels.text_MD.T

    with pytest.raises(RuntimeError, match="at least two devices, cuda:0 and cpu"):
        run(fake_gpu, Planted(), batch_of("iclip"))


def test_the_encoder_gives_tokens_of_the_gpu_back_to_the_cpu(fake_gpu: FakeGpu) -> None:
    encoder = Encoder(ENCODER, "cuda")
    views = np.zeros((3, encoder.size, encoder.size, 3), np.uint8)
    ids = encoder._tokenized(["a person runs", "a person sits"])
    with fake_gpu.mode:
        assert encoder.encode_views(views).shape == (3, WIDTH)
        assert encoder.encode_views(views, projected=False).shape == (3, encoder.unprojected_width)
        assert encoder._text_tokens(fake_gpu.fake(ids)).shape == (2, WIDTH)


@pytest.mark.parametrize("changes", [{}, {"lora_rank": 0}, {"pool_type": "avg"}], ids=str)
def test_the_tower_stays_on_the_gpu(fake_gpu: FakeGpu, changes: dict[str, Any]) -> None:
    tower = made_tower(**changes).to("cuda")
    view_VSSC = made_windows([1]).features.view_VSSC
    with fake_gpu.mode:
        views = fake_gpu.fake(view_VSSC).to("cuda")
        assert str(tower(views).device) == "cuda:0"
        assert {str(weight.device) for weight in tower.merge_lora().values()} == {"cuda:0"}


class NoPixels:
    """Views of nothing, as the cache gives them."""

    def read(self, frame_V: Ints, person_R: Ints) -> tuple[np.ndarray, np.ndarray]:
        frames_VSSC, crops_RSSC = (np.zeros((len(rows), 64, 64, 3), np.uint8) for rows in (frame_V, person_R))
        return frames_VSSC, crops_RSSC


def bank_of(name: str) -> Bank[Any]:
    """What a method trains on and scores, in a bank on the GPU; to be made in the mode of the fakes."""
    data, device = made(1, videos=6, persons=4), torch.device("cuda")
    if name == "actionclip":
        clips = videos_as_clips(data.frames)
        features = ClipFeatures(Segments(8, views=2), clips, wide(data.frame_tokens), len(data.frames), device, seed=0)
        return Bank(clips, features, np.arange(len(clips)) % CLASSES)
    reads = method(name).reads(Settings(head=name))
    if method(name).runs_encoder:
        samples = PersonSamples(data.persons, FrameIndex(data.frames), reads.slots.persons)
        return Bank(samples, ViewFeatures(reads, samples, CachedTokens(), NoPixels(), device), data.target_R)
    tokens = {name: wide(getattr(data, name)) for name in ("frame_tokens", "person_tokens", "object_tokens")}
    return data.bank(reads, "cuda", **tokens)


def wide(tokens: np.ndarray) -> np.ndarray:
    return np.zeros((len(tokens), WIDTH), np.float16)


@pytest.mark.parametrize("name", HEADS)
def test_a_bank_gives_batches_of_training_on_the_gpu(fake_gpu: FakeGpu, name: str) -> None:
    with fake_gpu.mode:
        bank = bank_of(name)
        order = SampleOrder(len(bank.samples), 4, seed=0)
        gathered = bank.gather(order.batch(1), Step(1, order))
        assert gathered.target is not None
        parts = [gathered.target, *tensors(gathered.batch.rows), *tensors(gathered.batch.features)]
    assert {str(tensor.device) for tensor in parts} == {"cuda:0"}


def tensors(part: Any) -> list[Tensor]:
    return [value for value in vars(part).values() if isinstance(value, Tensor)]


@pytest.mark.parametrize("name", HEADS)
def test_scoring_goes_through_the_gpu_and_comes_back(fake_gpu: FakeGpu, name: str) -> None:
    head = build(Settings(head=name, encoder=ENCODER), WIDTH)
    labels = made_labels(WIDTH, CLASSES, 3 if name == "actionclip" else 1)
    with fake_gpu.mode:
        bank = bank_of(name)
        scores = score_rows(head, bank, fake_gpu.fake(labels), batch=4)
    assert scores.probability_RK.shape == scores.similarity_RK.shape == (len(bank.samples.table), CLASSES)
    assert {str(weight.device) for weight in [*head.parameters(), *head.buffers()]} <= {"cuda:0"}
