"""What every head must hold, whatever its method. A test module makes it run for a head: see test_contract.py.

Heads are tested away from their start (`enliven`), where layers that begin at zero would hide mistakes.
"""

import io
from dataclasses import replace

import pytest
import torch
from zsstad_core.heads import HEADS, build
from zsstad_core.heads.base import Batch, Head
from zsstad_core.heads.pixel_batch import PixelBatch

from tests.conftest import TINY_CLIP
from tests.heads import stclip_batches
from tests.heads.batches import alone, enliven, random_batch, random_text, with_garbage
from zsstad_core.methods.common.losses import loss
from zsstad_core.settings.frozen import Encoder
from zsstad_core.settings.pipeline import Settings
from zsstad_core.settings.training import Training

WIDTH = 64
CLASSES = 4
TEXT_KD = random_text(WIDTH, CLASSES)
SCARCE = {
    "no objects": ([1, 2], [0, 0], [0.5, 0.5]),
    "no memory": ([1, 2], [2, 1], [0.0, 0.0]),
    "nothing but one person": ([1], [0], [0.0]),
    "a frame without persons": ([0, 2], [2, 0], [0.5, 0.0]),
    "no persons at all": ([0, 0], [1, 0], [0.5, 0.5]),
}


class TokenBatches:
    """Batches of the heads that read tokens."""

    def batch(self, persons: list[int], objects: list[int], neighbours: list[float]) -> Batch:
        return random_batch(WIDTH, persons, objects, neighbours)

    def alone(self, batch: Batch, frame: int) -> Batch:
        return alone(batch, frame)

    def with_garbage(self, batch: Batch) -> Batch:
        return with_garbage(batch)

    def turned(self, batch: Batch, order: torch.Tensor) -> Batch:
        return replace(batch, person_BPD=batch.person_BPD[:, order])


class ViewBatches:
    """Batches of the heads that run the encoder; neighbours are those that a short video has."""

    def batch(self, persons: list[int], objects: list[int], neighbours: list[float]) -> PixelBatch:
        return stclip_batches.pixel_batch(persons, [1 + round(8 * share) for share in neighbours], side=64)

    def alone(self, batch: PixelBatch, frame: int) -> PixelBatch:
        return stclip_batches.alone(batch, frame)

    def with_garbage(self, batch: PixelBatch) -> PixelBatch:
        return replace(batch, view_VSSC=torch.cat([batch.view_VSSC, 255 - batch.view_VSSC[:1]]))

    def turned(self, batch: PixelBatch, order: torch.Tensor) -> PixelBatch:
        return replace(batch, crop_RSSC=batch.crop_RSSC[order])


class HeadContract:
    @pytest.fixture
    def settings(self, name: str) -> Settings:
        return Settings(head=name, encoder=Encoder(model=str(TINY_CLIP), pretrained="random"))  # 64 wide too

    @pytest.fixture
    def made(self, name: str) -> TokenBatches | ViewBatches:
        return ViewBatches() if HEADS[name].runs_encoder else TokenBatches()

    @pytest.fixture
    def ragged(self, made: TokenBatches) -> Batch:
        return made.batch([2, 1, 4, 0, 1], objects=[3, 0, 1, 2, 5], neighbours=[0.5, 1.0, 0.0, 0.3, 0.7])

    @pytest.fixture
    def head(self, settings: Settings) -> Head:
        return enliven(build(settings, WIDTH)).eval()

    def test_scores_every_person_against_every_class(self, head: Head, ragged: Batch) -> None:
        batch = ragged
        logits_BPK = head(batch, TEXT_KD)
        assert logits_BPK.shape == (*batch.person_BP.shape, CLASSES)
        assert logits_BPK.dtype == torch.float32

    def test_scores_are_the_same_alone_and_in_any_company(self, head: Head, made: TokenBatches, ragged: Batch) -> None:
        batch = ragged
        logits_BPK = head(batch, TEXT_KD)
        for frame, persons in enumerate(batch.person_BP.sum(1).tolist()):
            own_PK = head(made.alone(batch, frame), TEXT_KD)[0]
            torch.testing.assert_close(logits_BPK[frame, :persons], own_PK, rtol=1e-5, atol=1e-5)

    def test_what_lies_in_padded_slots_does_not_matter(self, head: Head, made: TokenBatches, ragged: Batch) -> None:
        batch = ragged
        clean, dirty = (head(b, TEXT_KD)[batch.person_BP] for b in (batch, made.with_garbage(batch)))
        torch.testing.assert_close(clean, dirty, rtol=1e-5, atol=1e-5)

    def test_the_order_of_persons_does_not_matter(self, head: Head, made: TokenBatches) -> None:
        batch = made.batch([3], objects=[2], neighbours=[0.5])
        order = torch.tensor([2, 0, 1])
        turned = made.turned(batch, order)
        torch.testing.assert_close(head(turned, TEXT_KD), head(batch, TEXT_KD)[:, order], rtol=1e-5, atol=1e-5)

    def test_scores_of_a_class_do_not_depend_on_the_other_classes(self, head: Head, ragged: Batch) -> None:
        batch = ragged
        torch.testing.assert_close(head(batch, TEXT_KD[1:3]), head(batch, TEXT_KD)[..., 1:3], rtol=1e-5, atol=1e-5)

    def test_scoring_twice_gives_the_same_bits(self, head: Head, ragged: Batch) -> None:
        batch = ragged
        assert torch.equal(head(batch, TEXT_KD), head(batch, TEXT_KD))

    @pytest.mark.parametrize("scarce", SCARCE)
    def test_scores_and_gradients_stay_finite_where_tokens_are_scarce(
        self, head: Head, made: TokenBatches, scarce: str
    ) -> None:
        batch = made.batch(*SCARCE[scarce])
        head.train()
        logits_BPK = head(batch, TEXT_KD)
        assert logits_BPK[batch.person_BP].isfinite().all()
        if logits_BPK.requires_grad:
            loss(
                logits_BPK, torch.zeros_like(batch.person_BP, dtype=torch.long), batch.person_BP, Training()
            ).backward()
        assert all(p.grad is None or p.grad.isfinite().all() for p in head.parameters())

    def test_initial_weights_come_from_the_seed_alone(self, settings: Settings) -> None:
        torch.manual_seed(1)
        before = torch.random.get_rng_state()
        one = build(settings, WIDTH).state_dict()
        assert torch.equal(torch.random.get_rng_state(), before), "building a head moved torch's random state"
        torch.manual_seed(99)
        other = build(settings, WIDTH).state_dict()
        assert one.keys() == other.keys()
        assert all(torch.equal(one[key], other[key]) for key in one)

        reseeded = settings.model_copy(update={"training": settings.training.model_copy(update={"seed": 5})})
        differs = [not torch.equal(one[key], value) for key, value in build(reseeded, WIDTH).state_dict().items()]
        assert any(differs) == bool(one)

    def test_saved_weights_give_the_same_scores_again(self, settings: Settings, head: Head, ragged: Batch) -> None:
        file = io.BytesIO()
        torch.save(head.state_dict(), file)
        file.seek(0)
        again = build(settings, WIDTH).eval()
        again.load_state_dict(torch.load(file, weights_only=True))
        batch = ragged
        assert torch.equal(head(batch, TEXT_KD), again(batch, TEXT_KD))

    def test_every_parameter_trains_in_exactly_one_group(self, settings: Settings, head: Head) -> None:
        groups = head.parameter_groups(1e-3, settings.training)
        grouped = [id(p) for group in groups for p in group["params"]]
        assert sorted(grouped) == sorted(id(p) for p in head.parameters() if p.requires_grad)
        assert all(group["lr"] > 0 and group["weight_decay"] >= 0 for group in groups)

    def test_only_what_is_declared_gets_a_gradient(self, settings: Settings, head: Head, ragged: Batch) -> None:
        batch = ragged
        label_BP = torch.zeros_like(batch.person_BP, dtype=torch.long)
        declared = {id(p) for group in head.parameter_groups(1e-3, settings.training) for p in group["params"]}
        if declared:
            loss(head.train()(batch, TEXT_KD), label_BP, batch.person_BP, settings.training).backward()
        assert {id(p) for p in head.parameters() if p.grad is not None} <= declared
