"""What every head must hold that judges clips by their tokens. A test class takes it over and says how to make a head.

Heads are tested away from their start (`enliven`), where layers that begin at zero would hide mistakes.
"""

import io

import pytest
import torch

from tests.methods.enliven import enliven
from tests.methods.made_clips import (
    made_batch,
    made_labels,
    one_each,
    some_classes,
    some_clips,
    with_garbage,
    without_padding,
)
from zsstad_core.methods.common.features import Batch, ClipTokens
from zsstad_core.methods.common.head import Head
from zsstad_core.methods.common.labels import Labels
from zsstad_core.settings.training import Training

WIDTH = 64
CLASSES = 4
PHRASINGS = 3
SCARCE = {"one frame": [1], "a frame of several clips": [1, 1, 1], "no clip": [], "no frame": [0, 8]}


class ClipContract:
    """Tests of heads that read `ClipTokens`, whatever the method."""

    phrasings = PHRASINGS
    """Texts of a class that the head is given; 1 where it reads one."""

    def make(self, seed: int) -> Head[ClipTokens]:
        """A head for tokens of WIDTH numbers, initialised from `seed`."""
        raise NotImplementedError

    @pytest.fixture
    def head(self) -> Head[ClipTokens]:
        return enliven(self.make(2)).eval()

    @pytest.fixture
    def batch(self) -> Batch[ClipTokens]:
        return made_batch(WIDTH, real=[8, 3, 8, 1, 5])

    @pytest.fixture
    def labels(self) -> Labels:
        return made_labels(WIDTH, CLASSES, self.phrasings)

    def loss(self, head: Head[ClipTokens], batch: Batch[ClipTokens], labels: Labels) -> torch.Tensor:
        class_N = torch.arange(len(batch.rows)) % CLASSES
        torch.manual_seed(4)
        return head.loss(head(batch, labels), class_N, labels, batch, Training())

    def test_every_clip_gets_logits_of_every_text(
        self, head: Head[ClipTokens], batch: Batch[ClipTokens], labels: Labels
    ) -> None:
        logits_NM = head(batch, labels)
        assert logits_NM.shape == (5, CLASSES * self.phrasings)
        assert logits_NM.dtype == torch.float32

    def test_every_clip_gets_a_probability_and_a_cosine_of_every_class(
        self, head: Head[ClipTokens], batch: Batch[ClipTokens], labels: Labels
    ) -> None:
        logits_NM = head(batch, labels)
        probability_NK, cosine_NK = head.probabilities(logits_NM, labels), head.similarity(logits_NM, labels)
        assert probability_NK.shape == cosine_NK.shape == (5, CLASSES)
        assert probability_NK.dtype == cosine_NK.dtype == torch.float64
        torch.testing.assert_close(probability_NK.sum(1), torch.ones(5, dtype=torch.float64))
        assert (cosine_NK.abs() <= 1 + 1e-6).all()

    def test_scores_of_a_clip_depend_on_this_clip_alone(
        self, head: Head[ClipTokens], batch: Batch[ClipTokens], labels: Labels
    ) -> None:
        before_NM = head(batch, labels)
        others = batch.features.frame_NTD.clone()
        others[1:] = made_batch(WIDTH, real=[8] * 4, seed=9).features.frame_NTD
        after_NM = head(Batch(batch.rows, ClipTokens(others, batch.features.real_NT)), labels)
        torch.testing.assert_close(after_NM[0], before_NM[0], rtol=1e-5, atol=1e-5)
        assert not torch.allclose(after_NM[1:], before_NM[1:], rtol=1e-3, atol=1e-3)

    @pytest.mark.parametrize("size", [1, 2, 3])
    def test_scores_are_the_same_at_any_batch_size(
        self, head: Head[ClipTokens], batch: Batch[ClipTokens], labels: Labels, size: int
    ) -> None:
        parts = [head(some_clips(batch, slice(first, first + size)), labels) for first in range(0, 5, size)]
        torch.testing.assert_close(torch.cat(parts), head(batch, labels), rtol=1e-5, atol=1e-5)

    def test_the_order_of_clips_does_not_matter(
        self, head: Head[ClipTokens], batch: Batch[ClipTokens], labels: Labels
    ) -> None:
        features, order = batch.features, torch.tensor([3, 1, 4, 0, 2])
        turned = Batch(batch.rows, ClipTokens(features.frame_NTD[order], features.real_NT[order]))
        torch.testing.assert_close(head(turned, labels), head(batch, labels)[order], rtol=1e-5, atol=1e-5)

    def test_frames_that_do_not_exist_count_for_nothing(
        self, head: Head[ClipTokens], batch: Batch[ClipTokens], labels: Labels
    ) -> None:
        logits_NM = head(batch, labels)
        torch.testing.assert_close(head(with_garbage(batch), labels), logits_NM, rtol=1e-5, atol=1e-5)
        for clip in range(5):
            alone_1M = head(without_padding(batch, clip), labels)
            torch.testing.assert_close(alone_1M[0], logits_NM[clip], rtol=1e-5, atol=1e-5)

    def test_logits_of_a_class_do_not_depend_on_the_other_classes(
        self, head: Head[ClipTokens], batch: Batch[ClipTokens], labels: Labels
    ) -> None:
        all_NKP = head(batch, labels).unflatten(1, (CLASSES, self.phrasings))
        some_NKP = head(batch, some_classes(labels, [2, 0])).unflatten(1, (2, self.phrasings))
        torch.testing.assert_close(some_NKP, all_NKP[:, [2, 0]], rtol=1e-5, atol=1e-5)

    def test_scoring_twice_gives_the_same_bits(
        self, head: Head[ClipTokens], batch: Batch[ClipTokens], labels: Labels
    ) -> None:
        logits_NM = head(batch, labels)
        assert torch.equal(head(batch, labels), logits_NM)
        assert torch.equal(head.probabilities(logits_NM, labels), head.probabilities(logits_NM, labels))

    @pytest.mark.parametrize("scarce", SCARCE)
    def test_scores_and_gradients_stay_finite_where_clips_or_frames_are_scarce(
        self, head: Head[ClipTokens], labels: Labels, scarce: str
    ) -> None:
        batch = made_batch(WIDTH, SCARCE[scarce])
        logits_NM = head.train()(batch, labels)
        assert logits_NM.shape == (len(batch.rows), CLASSES * self.phrasings)
        assert logits_NM.isfinite().all()
        loss = self.loss(head, batch, labels)
        assert loss.isfinite()
        loss.backward()
        assert all(p.grad is None or p.grad.isfinite().all() for p in head.parameters())

    def test_initial_weights_come_from_the_seed_alone(self) -> None:
        torch.manual_seed(1)
        before = torch.random.get_rng_state()
        weights = self.make(2).state_dict()
        assert torch.equal(torch.random.get_rng_state(), before), "making a head moved torch's random state"
        torch.manual_seed(99)
        again = self.make(2).state_dict()
        assert weights.keys() == again.keys()
        assert all(torch.equal(weights[key], again[key]) for key in weights)
        differs = [not torch.equal(weights[key], value) for key, value in self.make(5).state_dict().items()]
        assert any(differs) == bool(weights)

    def test_the_loss_depends_on_torchs_random_numbers_alone(
        self, head: Head[ClipTokens], batch: Batch[ClipTokens], labels: Labels
    ) -> None:
        assert torch.equal(self.loss(head, batch, labels), self.loss(head, batch, labels))

    def test_saved_weights_give_the_same_scores_again(
        self, head: Head[ClipTokens], batch: Batch[ClipTokens], labels: Labels
    ) -> None:
        file = io.BytesIO()
        torch.save(head.state_dict(), file)
        file.seek(0)
        again = self.make(7).eval()
        again.load_state_dict(torch.load(file, weights_only=True))
        assert torch.equal(head(batch, labels), again(batch, labels))

    def test_every_parameter_trains_in_exactly_one_group(self, head: Head[ClipTokens]) -> None:
        groups = head.parameter_groups(1e-3, Training())
        grouped = [id(p) for group in groups for p in group["params"]]
        assert sorted(grouped) == sorted(id(p) for p in head.parameters() if p.requires_grad)
        assert all(group["lr"] > 0 and group["weight_decay"] >= 0 for group in groups)

    def test_a_gradient_reaches_every_parameter(
        self, head: Head[ClipTokens], batch: Batch[ClipTokens], labels: Labels
    ) -> None:
        self.loss(head.train(), batch, labels).backward()
        idle = [name for name, p in head.named_parameters() if p.grad is None or not p.grad.any()]
        assert idle == []

    def test_nothing_waits_for_a_number_of_the_device(self, head: Head[ClipTokens], labels: Labels) -> None:
        """A `meta` tensor has no numbers: whatever asks for one, or makes a tensor on the CPU, fails."""
        batch = made_batch(WIDTH, [8, 8])
        features = ClipTokens(batch.features.frame_NTD.to("meta"), batch.features.real_NT.to("meta"))
        moved = Batch(one_each(2, "meta"), features)
        on_meta = labels.to("meta")
        logits_NM = head.to("meta")(moved, on_meta)
        assert head.probabilities(logits_NM, on_meta).device.type == "meta"
        assert (
            head.loss(logits_NM, torch.zeros(2, dtype=torch.long, device="meta"), on_meta, moved, Training()).shape
            == ()
        )
