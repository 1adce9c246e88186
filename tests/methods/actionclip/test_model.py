"""The temporal transformer and the head around it: counts, written-out versions, gradients, scores."""

import pytest
import torch
import torch.nn.functional as F

from tests.methods.actionclip import plain
from tests.methods.clip_contract import CLASSES, WIDTH, ClipContract
from tests.methods.enliven import enliven
from tests.methods.made_clips import made_batch, made_labels
from zsstad_core.datasets.label_types import LabelTypes
from zsstad_core.errors import ModelError
from zsstad_core.methods import registry
from zsstad_core.methods.actionclip.model import ActionClip
from zsstad_core.methods.actionclip.settings import POSITIONS, Actionclip
from zsstad_core.methods.actionclip.temporal import Block, TemporalTransformer
from zsstad_core.methods.common.features import Batch, ClipTokens
from zsstad_core.methods.common.head import Head
from zsstad_core.methods.common.labels import Labels
from zsstad_core.settings.pipeline import Settings
from zsstad_core.settings.training import Training


class TestAmongTheBatch(ClipContract):
    def make(self, seed: int) -> Head[ClipTokens]:
        return ActionClip(Actionclip(), WIDTH, seed)


class TestAmongAllClasses(ClipContract):
    def make(self, seed: int) -> Head[ClipTokens]:
        return ActionClip(Actionclip(loss="classes"), WIDTH, seed)


class TestOnePhrasingAClass(ClipContract):
    phrasings = 1

    def make(self, seed: int) -> Head[ClipTokens]:
        return ActionClip(Actionclip(templates=["{}"]), WIDTH, seed)


@pytest.mark.parametrize(("width", "published"), [(512, 18_953_728), (768, 42_586_368)])
def test_parameters_are_as_many_as_published(width: int, published: int) -> None:
    with torch.device("meta"):
        temporal = TemporalTransformer(width, Actionclip().layers, POSITIONS)
    assert sum(p.numel() for p in temporal.parameters()) == published
    assert sum(p.numel() for p in temporal.blocks.parameters()) == published - 77 * width
    assert [block.heads for block in temporal.blocks] == [width // 64] * 6  # type: ignore[misc]


def test_the_registry_builds_what_the_settings_say() -> None:
    settings = Settings.model_validate(
        {"head": "actionclip", "heads": {"actionclip": {"layers": 2, "temperature": 0.5}}, "training": {"seed": 8}}
    )
    head, same = registry.build(settings, WIDTH), ActionClip(settings.heads.actionclip, WIDTH, 8)
    assert len(head.temporal.blocks) == 2
    assert head.temperature == 0.5
    for name, weight in same.state_dict().items():
        assert torch.equal(head.state_dict()[name], weight)


def test_initial_weights_are_spread_as_in_the_official_code() -> None:
    block = Block(256)
    for linear in (block.out, block.fc1, block.fc2):
        assert linear.weight.std().item() == pytest.approx(0.02, rel=0.02)
    bound = (6 / (256 + 3 * 256)) ** 0.5  # Xavier's, of the one matrix of query, key and value
    assert block.query_key_value.weight.abs().max().item() == pytest.approx(bound, rel=0.01)
    assert block.query_key_value.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.02)
    assert all(not p.any() for name, p in block.named_parameters() if name.endswith("bias"))
    assert TemporalTransformer(256, 1, POSITIONS).position_PD.std().item() == pytest.approx(0.02, rel=0.03)


@pytest.mark.parametrize("width", [64, 192])
def test_a_block_is_the_one_written_out(width: int) -> None:
    block = enliven(Block(width)).double()
    frames_TD = made_batch(width, [5], frames=5).features.frame_NTD[0].double()
    everything = torch.ones(1, 1, 5, 5, dtype=torch.bool)
    wanted = torch.stack(plain.block(block, list(frames_TD)))
    torch.testing.assert_close(block(frames_TD[None], everything)[0], wanted, rtol=1e-5, atol=1e-5)


def test_logits_and_their_gradients_are_those_written_out() -> None:
    head = enliven(ActionClip(Actionclip(layers=2), 128, seed=2)).double()
    labels = made_labels(128, CLASSES, 2)
    labels = Labels(labels.names, labels.text_MD.double(), labels.class_M)
    batch = made_batch(128, [8, 3, 1])
    batch = Batch(batch.rows, ClipTokens(batch.features.frame_NTD.double(), batch.features.real_NT))

    rows = []
    for frame_TD, real_T in zip(batch.features.frame_NTD, batch.features.real_NT, strict=True):
        clip_D = plain.clip_token(head.temporal, list(frame_TD[real_T]))
        rows.append(
            torch.stack([100 * (clip_D @ text_D) / (clip_D.norm() * text_D.norm()) for text_D in labels.text_MD])
        )
    wanted_NM = torch.stack(rows)
    logits_NM = head(batch, labels)
    torch.testing.assert_close(logits_NM, wanted_NM, rtol=1e-5, atol=1e-5)

    weight_NM = torch.randn(wanted_NM.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    names, parameters = zip(*head.named_parameters(), strict=True)
    fast = torch.autograd.grad((logits_NM * weight_NM).sum(), parameters)
    slow = torch.autograd.grad((wanted_NM * weight_NM).sum(), parameters)
    for name, one, other in zip(names, fast, slow, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5, msg=lambda text, name=name: f"{name}: {text}")


def test_the_skip_goes_around_the_whole_stack_and_leaves_the_places_out() -> None:
    """With blocks that add nothing, a clip is twice the mean of its frames and once that of their places."""
    temporal = TemporalTransformer(WIDTH, 2, POSITIONS)
    for block in temporal.blocks:
        assert isinstance(block, Block)
        torch.nn.init.zeros_(block.out.weight)
        torch.nn.init.zeros_(block.fc2.weight)
    batch = made_batch(WIDTH, [8, 8])
    clip_ND = temporal(batch.features.frame_NTD, batch.features.real_NT)
    wanted_ND = 2 * batch.features.frame_NTD.mean(1) + temporal.position_PD[:8].mean(0)
    torch.testing.assert_close(clip_ND, wanted_ND, rtol=1e-5, atol=1e-5)


def test_tokens_keep_their_length() -> None:
    """A frame with a longer token weighs more: tokens are not brought to length 1 before the transformer."""
    head, labels = ActionClip(Actionclip(), WIDTH, seed=2).eval(), made_labels(WIDTH, CLASSES, 1)
    batch = made_batch(WIDTH, [2], frames=2)
    longer = batch.features.frame_NTD * torch.tensor([5.0, 1.0])[:, None]
    same_direction = F.normalize(longer, dim=-1)
    torch.testing.assert_close(same_direction, F.normalize(batch.features.frame_NTD, dim=-1))
    moved = head(Batch(batch.rows, ClipTokens(longer, batch.features.real_NT)), labels)
    assert (moved - head(batch, labels)).abs().max() > 1.0


def test_the_order_of_frames_matters() -> None:
    head, labels = enliven(ActionClip(Actionclip(), WIDTH, seed=2)).eval(), made_labels(WIDTH, CLASSES, 1)
    batch = made_batch(WIDTH, [8])
    backwards = ClipTokens(batch.features.frame_NTD.flip(1), batch.features.real_NT)
    assert not torch.allclose(head(Batch(batch.rows, backwards), labels), head(batch, labels), atol=1e-2)


def test_only_the_places_that_a_clip_has_frames_for_learn() -> None:
    head, labels = ActionClip(Actionclip(), WIDTH, seed=2), made_labels(WIDTH, CLASSES, 1)
    batch = made_batch(WIDTH, [8, 5])
    head.loss(head(batch, labels), torch.tensor([0, 1]), labels, batch, Training()).backward()
    gradient_PD = head.temporal.position_PD.grad
    assert gradient_PD is not None
    assert gradient_PD.any(1).tolist() == [True] * 8 + [False] * (POSITIONS - 8)


def test_probabilities_are_the_mean_over_phrasings_of_softmaxes_at_scale_100() -> None:
    head, labels = ActionClip(Actionclip(), WIDTH, seed=2).eval(), made_labels(WIDTH, CLASSES, 3)
    batch = made_batch(WIDTH, [8, 4])
    logits_NM = head(batch, labels)
    clip_ND = head.temporal(batch.features.frame_NTD, batch.features.real_NT)
    for clip, clip_D in enumerate(clip_ND.double()):
        shares, cosines = [], []
        for phrasing in range(3):
            text_KD = torch.stack([labels.text_MD[3 * number + phrasing] for number in range(CLASSES)]).double()
            cosine_K = F.cosine_similarity(clip_D[None], text_KD)
            cosines.append(cosine_K)
            shares.append((100 * cosine_K).softmax(0))
        wanted_K, mean_K = torch.stack(shares).mean(0), torch.stack(cosines).mean(0)
        torch.testing.assert_close(head.probabilities(logits_NM, labels)[clip], wanted_K, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(head.similarity(logits_NM, labels)[clip], mean_K, rtol=1e-4, atol=1e-6)


def test_where_clips_show_several_actions_poses_share_and_the_rest_stand_alone() -> None:
    types = LabelTypes(pose=(0, 2), object=(1,), person=(3,))
    head, labels = ActionClip(Actionclip(), WIDTH, seed=2).eval(), made_labels(WIDTH, CLASSES, 2, types)
    logits_NM = head(made_batch(WIDTH, [8]), labels)
    logits_KP = logits_NM[0].double().view(CLASSES, 2)
    pose_P = logits_KP[[0, 2]].softmax(0)
    alone_P = logits_KP[[1, 3]].sigmoid()
    wanted_K = torch.stack([pose_P[0].mean(), alone_P[0].mean(), pose_P[1].mean(), alone_P[1].mean()])
    torch.testing.assert_close(head.probabilities(logits_NM, labels)[0], wanted_K)


def test_texts_that_are_no_phrasings_are_not_taken_for_them() -> None:
    labels = made_labels(WIDTH, 3, 1)
    head = ActionClip(Actionclip(), WIDTH, seed=2)
    with pytest.raises(ValueError, match="4 texts of 3 classes"):
        head.probabilities(torch.zeros(2, 4), labels)


def test_tokens_that_the_heads_of_attention_do_not_divide_are_refused() -> None:
    with pytest.raises(ModelError, match="its tokens have 200 numbers") as error:
        Block(200)
    assert "\n" not in str(error.value)
