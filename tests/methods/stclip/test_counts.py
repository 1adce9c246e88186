"""ST-CLIP's published figures of cost, from the written-out version on the meta device: nothing is computed.

"GFLOPs" of the paper are multiplications (MACs). Its J-HMDB figure is without LoRA, which can be merged, and contains
the labels' way through the text encoder; its AVA figures are with LoRA apart, and without the text encoder.
"""

from functools import cache
from typing import Any

import pytest
import torch
from open_clip.transformer import QuickGELU, TextTransformer, VisionTransformer
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from tests.methods.made_clips import made_labels
from tests.methods.stclip import counts, plain
from tests.methods.stclip.made_views import JOINT, MEAN, STD, made_head, made_windows
from zsstad_core.frozen.tower import Tower
from zsstad_core.methods.stclip.model import Stclip
from zsstad_core.methods.stclip.settings import Stclip as StclipSettings

B16 = {"patch_size": 16, "width": 768, "layers": 12, "heads": 12, "output_dim": 512}
L14 = {"patch_size": 14, "width": 1024, "layers": 24, "heads": 16, "output_dim": 768}
GIGA = 1e9


def full_size(shape: dict[str, int], **changes: Any) -> Stclip:
    own = StclipSettings(**changes)
    with torch.device("meta"):
        visual = VisionTransformer(image_size=224, mlp_ratio=4.0, act_layer=QuickGELU, **shape)  # type: ignore[arg-type]
        return Stclip(own, Tower(visual, MEAN, STD, lora_rank=own.lora_rank), seed=0)


def macs(call: Any, *arguments: Any) -> float:
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad(), sdpa_kernel(SDPBackend.MATH):  # the fused kernels of a CPU are not counted
        call(*arguments)
    return counter.get_total_flops() / 2 / GIGA


@cache
def frame_macs(shape: str, persons: int, labels: int, **changes: Any) -> float:
    """A frame with its window, written out; counted with one and two blocks, of which every further one is a copy."""
    size = {"B16": B16, "L14": L14}[shape]
    view = torch.empty(224, 224, 3, dtype=torch.uint8, device="meta")
    text_KD = torch.empty(labels, size["output_dim"], device="meta")
    one, two = (
        macs(plain.frame_logits, head, [view] * 9, view, [view] * persons, text_KD)
        for head in (full_size({**size, "layers": layers}, **changes) for layers in (1, 2))
    )
    return one + (size["layers"] - 1) * (two - one)


def text_macs() -> float:
    """One class name through B/16's text encoder."""
    with torch.device("meta"):
        text = TextTransformer(width=512, heads=8, layers=12, output_dim=512).train()  # the slow path, which is counted
        return macs(text, torch.zeros(1, 77, dtype=torch.long))


def test_trainable_parameters_at_vit_b_16() -> None:
    head = full_size(B16)
    assert counts.published_parameters(head) == {
        "projectors": 4_724_736,
        "prompting": 37_828_608,
        "lora": 737_280,
        "temporal": 7_094_784,
        "adapter": 4_723_968,
    }
    assert sum(counts.published_parameters(head).values()) == 55_109_376  # the paper's 55.11 M
    trained = sum(p.numel() for p in head.parameters() if p.requires_grad)
    assert sum(counts.trained_parameters(head).values()) == trained == 50_385_408


def test_trainable_parameters_at_vit_l_14() -> None:
    parts = counts.published_parameters(full_size(L14))
    interaction = parts["lora"] + parts["temporal"] + parts["adapter"]
    assert interaction == 22_967_296  # table 12: 22.97 M
    assert parts["projectors"] + parts["prompting"] == 189_001_728  # table 12: 189 M


def test_macs_of_a_40_frame_clip_with_and_without_the_whole_frame() -> None:
    text = 6 * text_macs()
    with_frame = 40 * frame_macs("B16", 1, 6, lora_rank=0) + text
    without = 40 * frame_macs("B16", 1, 6, lora_rank=0, whole_frame=False) + text
    assert with_frame == pytest.approx(2429.1, abs=0.1)  # table 10: 2431.51
    assert without == pytest.approx(1726.6, abs=0.1)


def test_macs_of_an_ava_frame_with_three_persons() -> None:
    interaction = frame_macs("L14", 3, 62, prompting="none")
    whole_frame = (interaction - frame_macs("L14", 3, 62, prompting="none", whole_frame=False)) / 3
    prompting = frame_macs("L14", 3, 62) - interaction
    spotting = frame_macs("L14", 3, 62, prompt_tokens="interest") - interaction
    assert interaction == pytest.approx(582.6, abs=0.1)  # table 12: 583.04
    assert interaction - 2 * whole_frame == pytest.approx(419.5, abs=0.1)
    assert prompting == pytest.approx(21.64, abs=0.01)  # table 12: 21.67
    assert 40.4 <= spotting <= 41.2  # table 12: 40.88


@pytest.mark.parametrize("persons", [1, 3, 6])
def test_a_batch_costs_less_than_its_frames_written_out(persons: int) -> None:
    head = made_head(StclipSettings(lora_rank=8))
    batch, labels = made_windows([persons] * 4), made_labels(JOINT, 5, 1)

    def published() -> list[Tensor]:
        return [plain.logits(head, batch, labels.text_MD, frame) for frame in range(4)]

    # A crop and a whole frame cost the same, so the frame once a person doubles that part.
    assert macs(head, batch, labels) < (0.95 if persons == 1 else 0.75) * macs(published)
