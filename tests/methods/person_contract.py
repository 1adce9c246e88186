"""What every head must hold that judges persons, whatever its method. See test_contract.py for which heads it runs.

Heads are tested away from their start (`enliven`), where layers that begin at zero would hide mistakes.
"""

import io
from types import ModuleType
from typing import Any

import pytest
import torch

from tests.conftest import TINY_CLIP
from tests.methods import made_frames
from tests.methods.enliven import enliven
from tests.methods.made_clips import made_labels, some_classes
from tests.methods.stclip import made_views
from zsstad_core.methods.common.features import Batch
from zsstad_core.methods.common.head import Head
from zsstad_core.methods.registry import build, method
from zsstad_core.settings.frozen import Encoder
from zsstad_core.settings.pipeline import Settings

WIDTH = 64  # of the tiny CLIP too
CLASSES = 4
LABELS = made_labels(WIDTH, CLASSES, 1)
PERSONS = [2, 1, 4, 0, 1]
SCARCE: dict[str, tuple[list[int], list[int], list[float]]] = {
    "no objects": ([1, 2], [0, 0], [0.5, 0.5]),
    "no memory": ([1, 2], [2, 1], [0.0, 0.0]),
    "nothing but one person": ([1], [0], [0.0]),
    "a frame without persons": ([0, 2], [2, 0], [0.5, 0.0]),
    "no persons at all": ([0, 0], [1, 0], [0.5, 0.5]),
}


class PersonContract:
    """Tests of heads that read `FrameTokens` or `FrameViews`. `name` is the method's."""

    @pytest.fixture
    def settings(self, name: str) -> Settings:
        return Settings(head=name, encoder=Encoder(model=str(TINY_CLIP), pretrained="random"))

    @pytest.fixture
    def made(self, name: str) -> ModuleType:
        """What makes features of the kind that the head reads; both kinds are changed by functions of one name."""
        return made_views if method(name).runs_encoder else made_frames

    def batch(self, made: ModuleType, persons: list[int], objects: list[int], neighbours: list[float]) -> Batch[Any]:
        """Frames with so many persons and objects; of windows of views as many as a short video has."""
        if made is made_views:
            return made_views.made_windows(persons, [1 + round(8 * share) for share in neighbours], side=64)
        return made_frames.made_frames(WIDTH, persons, objects, neighbours)

    @pytest.fixture
    def ragged(self, made: ModuleType) -> Batch[Any]:
        return self.batch(made, PERSONS, objects=[3, 0, 1, 2, 5], neighbours=[0.5, 1.0, 0.0, 0.3, 0.7])

    @pytest.fixture
    def head(self, settings: Settings) -> Head[Any]:
        return enliven(build(settings, WIDTH)).eval()

    def loss(self, head: Head[Any], batch: Batch[Any], settings: Settings) -> torch.Tensor:
        class_N = torch.arange(len(batch.rows)) % CLASSES
        return head.loss(head(batch, LABELS), class_N, LABELS, batch, settings.training)

    def test_every_person_gets_a_logit_of_every_text(self, head: Head[Any], ragged: Batch[Any]) -> None:
        logits_NM = head(ragged, LABELS)
        assert logits_NM.shape == (sum(PERSONS), CLASSES)
        assert logits_NM.dtype == torch.float32

    def test_every_person_gets_a_probability_and_a_cosine_of_every_class(
        self, head: Head[Any], ragged: Batch[Any]
    ) -> None:
        logits_NM = head(ragged, LABELS)
        probability_NK, cosine_NK = head.probabilities(logits_NM, LABELS), head.similarity(logits_NM, LABELS)
        assert probability_NK.shape == cosine_NK.shape == (sum(PERSONS), CLASSES)
        assert probability_NK.dtype == cosine_NK.dtype == torch.float64
        torch.testing.assert_close(probability_NK.sum(1), torch.ones(sum(PERSONS), dtype=torch.float64))
        assert (cosine_NK.abs() <= 1 + 1e-6).all()

    def test_scores_are_the_same_alone_and_in_any_company(
        self, head: Head[Any], made: ModuleType, ragged: Batch[Any]
    ) -> None:
        logits_NM = head(ragged, LABELS)
        for frame in range(len(PERSONS)):
            own_NM = head(made.alone(ragged, frame), LABELS)
            wanted_NM = logits_NM[ragged.rows.sample_N == frame]
            torch.testing.assert_close(own_NM, wanted_NM, rtol=1e-5, atol=1e-5)

    def test_what_lies_where_nothing_is_does_not_matter(
        self, head: Head[Any], made: ModuleType, ragged: Batch[Any]
    ) -> None:
        clean_NM, dirty_NM = head(ragged, LABELS), head(made.with_garbage(ragged), LABELS)
        torch.testing.assert_close(dirty_NM, clean_NM, rtol=1e-5, atol=1e-5)

    def test_the_order_of_persons_does_not_matter(self, head: Head[Any], made: ModuleType) -> None:
        batch, order_N = self.batch(made, [3], objects=[2], neighbours=[0.5]), torch.tensor([2, 0, 1])
        turned_NM = head(made.turned(batch, order_N), LABELS)
        torch.testing.assert_close(turned_NM, head(batch, LABELS)[order_N], rtol=1e-5, atol=1e-5)

    def test_logits_of_a_class_do_not_depend_on_the_other_classes(self, head: Head[Any], ragged: Batch[Any]) -> None:
        some_NM = head(ragged, some_classes(LABELS, [2, 1]))
        torch.testing.assert_close(some_NM, head(ragged, LABELS)[:, [2, 1]], rtol=1e-5, atol=1e-5)

    def test_scoring_twice_gives_the_same_bits(self, head: Head[Any], ragged: Batch[Any]) -> None:
        assert torch.equal(head(ragged, LABELS), head(ragged, LABELS))

    @pytest.mark.parametrize("scarce", SCARCE)
    def test_scores_and_gradients_stay_finite_where_tokens_are_scarce(
        self, head: Head[Any], made: ModuleType, settings: Settings, scarce: str
    ) -> None:
        batch = self.batch(made, *SCARCE[scarce])
        logits_NM = head.train()(batch, LABELS)
        assert logits_NM.shape == (sum(SCARCE[scarce][0]), CLASSES)
        assert logits_NM.isfinite().all()
        loss = self.loss(head, batch, settings)
        assert loss.isfinite()
        if loss.requires_grad:
            loss.backward()
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

    def test_saved_weights_give_the_same_scores_again(
        self, settings: Settings, head: Head[Any], ragged: Batch[Any]
    ) -> None:
        file = io.BytesIO()
        torch.save(head.state_dict(), file)
        file.seek(0)
        again = build(settings, WIDTH).eval()
        again.load_state_dict(torch.load(file, weights_only=True))
        assert torch.equal(head(ragged, LABELS), again(ragged, LABELS))

    def test_every_parameter_trains_in_exactly_one_group(self, settings: Settings, head: Head[Any]) -> None:
        groups = head.parameter_groups(1e-3, settings.training)
        grouped = [id(p) for group in groups for p in group["params"]]
        assert sorted(grouped) == sorted(id(p) for p in head.parameters() if p.requires_grad)
        assert all(group["lr"] > 0 and group["weight_decay"] >= 0 for group in groups)

    def test_a_gradient_reaches_every_parameter(self, settings: Settings, head: Head[Any], ragged: Batch[Any]) -> None:
        loss = self.loss(head.train(), ragged, settings)
        assert loss.requires_grad == bool(list(head.parameters()))
        if loss.requires_grad:
            loss.backward()
        assert [name for name, p in head.named_parameters() if p.grad is None or not p.grad.any()] == []
        assert not [name for name, buffer in head.named_buffers() if buffer.requires_grad]
