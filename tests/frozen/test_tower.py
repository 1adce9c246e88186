"""The encoder block by block against open_clip's own, and what methods rest on: freezing, masks, maps, hooks, LoRA."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from open_clip.modified_resnet import ModifiedResNet
from open_clip.timm_model import TimmModel
from open_clip.transformer import QuickGELU, VisionTransformer
from torch import Tensor, nn

from tests.methods.enliven import enliven
from tests.methods.stclip.made_views import MEAN, STD, made_tower, made_vit
from zsstad_core import light_imports
from zsstad_core.errors import ModelError
from zsstad_core.frozen import encoder_weights, tower
from zsstad_core.frozen.encoder import normalise
from zsstad_core.frozen.lora import Lora
from zsstad_core.frozen.tower import Tower
from zsstad_core.settings.frozen import Encoder as EncoderSettings

TINY_CLIP = str(Path(__file__).parents[1] / "assets" / "tiny-clip.json")

ARCHITECTURES: dict[str, dict[str, Any]] = {
    "gelu": {},
    "quick_gelu": {"act_layer": QuickGELU},
    "L/14's shape, small": {"side": 56, "patch": 14, "layers": 6, "heads": 8, "mlp_ratio": 4.0, "act_layer": QuickGELU},
    "layer scale": {"ls_init_value": 0.3},
    "patch dropout": {"patch_dropout": 0.5},
    "CLIPA": {
        "no_ln_pre": True,
        "pool_type": "avg",
        "final_ln_after_pool": True,
        "pos_embed_type": "sin_cos_2d",
    },
    "CoCa": {"attentional_pool": True, "attn_pooler_heads": 4},
    "normed queries and keys": {"qk_norm": True},
    "every custom norm": {"scale_heads": True, "scale_attn_inner": True, "scale_attn": True, "scale_fc": True},
}


def views(tower: Any, count: int = 3, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, tower.size, tower.size, 3), dtype=torch.uint8, generator=generator)


def of_open_clip(visual: nn.Module, view_VSSC: Tensor, mean: Any = MEAN, std: Any = STD) -> Tensor:
    with torch.no_grad():
        out = visual(normalise(view_VSSC, mean, std))
    return out[0] if isinstance(out, tuple) else out


def with_lora(rank: int = 4, **changes: Any) -> Tower:
    return enliven(made_tower(rank, **changes))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_without_lora_and_tokens_of_its_own_it_computes_what_open_clip_does(name: str) -> None:
    visual = made_vit(**ARCHITECTURES[name])
    ours = Tower(visual, MEAN, STD, lora_rank=8).train()  # LoRA's B is zero; nothing in it knows of training
    torch.testing.assert_close(ours(views(ours)), of_open_clip(visual, views(ours)), rtol=1e-5, atol=1e-5)


def test_the_tower_of_the_settings_computes_what_the_encoder_of_the_settings_does() -> None:
    settings = EncoderSettings(model=TINY_CLIP, pretrained="random", seed=3)
    model = encoder_weights.load(settings).model
    ours = tower.load(settings, lora_rank=2)
    mean, std = (model.visual.preprocess_cfg[key] for key in ("mean", "std"))
    assert (ours.mean, ours.std) == (mean, std)
    wanted = of_open_clip(model.visual, views(ours), mean, std)
    torch.testing.assert_close(ours(views(ours)), wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("build", "kind"),
    [
        (lambda: ModifiedResNet(layers=[1, 1, 1, 1], output_dim=8, heads=2, image_size=32, width=8), "ModifiedResNet"),
        (lambda: TimmModel("test_vit", embed_dim=8, pool="", proj="linear"), "VisionTransformer"),
        (lambda: TimmModel("test_convnext", embed_dim=8), "ConvNeXt"),
    ],
    ids=["ResNet", "ViT of timm", "ConvNeXt"],
)
def test_a_tower_that_is_not_open_clips_vit_is_refused_in_one_line(build: Callable[[], nn.Module], kind: str) -> None:
    light_imports.import_timm()
    visual = build()
    with pytest.raises(ModelError, match=f"image encoder is {kind}; .* take a ViT") as error:
        Tower(visual, MEAN, STD)
    assert "\n" not in str(error.value)


def test_attention_that_open_clip_itself_cannot_run_is_refused() -> None:
    with pytest.raises(ModelError, match="scaled cosine attention"):
        Tower(made_vit(scaled_cosine_attn=True), MEAN, STD)


def test_no_optimiser_and_no_checkpoint_can_hold_a_weight_of_the_encoder() -> None:
    ours = made_tower(lora_rank=2)
    names = {f"blocks.{b}.lora.{i}.{w}" for b in range(3) for i in (0, 1) for w in ("a_RI", "b_OR")}
    assert {name for name, _ in ours.named_parameters()} == names == set(ours.state_dict())
    assert not list(made_tower(lora_rank=0).parameters())


def test_the_model_it_was_made_of_stays_as_it_is_and_is_not_held_twice() -> None:
    visual = made_vit()
    keys, wanted = list(visual.state_dict()), of_open_clip(visual, views(made_tower()))
    ours = Tower(visual, MEAN, STD, lora_rank=2)
    assert list(visual.state_dict()) == keys
    assert isinstance(visual, VisionTransformer)
    assert all(parameter.requires_grad for parameter in visual.parameters())
    assert torch.equal(of_open_clip(visual, views(ours)), wanted)
    assert ours.ends.conv1.weight.data_ptr() == visual.conv1.weight.data_ptr()


def test_a_gradient_reaches_both_halves_of_lora_in_every_block_and_the_tokens_put_in() -> None:
    ours = with_lora()
    extra = torch.randn(2, 2, ours.width, requires_grad=True)
    ours.run(ours.sequence(ours.embed(views(ours, 2)), extra)).sin().sum().backward()
    assert extra.grad is not None
    assert extra.grad.abs().min() > 0
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in ours.parameters())


def test_lora_starts_as_nothing_and_adds_a_low_rank_layer_over_its_rank() -> None:
    lora, x, frozen = Lora(6, 5, rank=4), torch.randn(7, 6), torch.randn(7, 5)
    assert torch.equal(lora(frozen.clone(), x), frozen)
    bound = (1 / 6) ** 0.5  # kaiming uniform with a = sqrt(5)
    assert 0.5 * bound < lora.a_RI.abs().max() <= bound
    nn.init.normal_(lora.b_OR)
    torch.testing.assert_close(lora(frozen.clone(), x), frozen + x @ (lora.b_OR @ lora.a_RI).T / 4)


@pytest.mark.parametrize("name", ["quick_gelu", "every custom norm", "CoCa"])
def test_merged_weights_give_open_clips_own_model_the_same_tokens(name: str) -> None:
    ours = with_lora(**{"act_layer": nn.GELU, **ARCHITECTURES[name]})
    plain = made_vit(seed=9, **ARCHITECTURES[name])
    plain.load_state_dict(ours.merge_lora(), strict=True)
    torch.testing.assert_close(of_open_clip(plain, views(ours)), ours(views(ours)), rtol=1e-5, atol=1e-5)
    unmerged = made_vit(**ARCHITECTURES[name])
    assert not torch.allclose(of_open_clip(unmerged, views(ours)), ours(views(ours)), atol=1e-2)


def test_evaluating_and_training_again_changes_no_token() -> None:
    ours = with_lora()
    first = ours.eval()(views(ours))
    saved = {name: weight.clone() for name, weight in ours.state_dict().items()}
    again = made_tower().eval()
    again.load_state_dict(saved)
    assert torch.equal(again(views(ours)), first)
    assert torch.equal(ours.train()(views(ours)), first)


def test_extra_tokens_stand_between_class_token_and_patches_without_a_position() -> None:
    ours = made_tower()
    patch, extra = ours.embed(views(ours, 2)), torch.randn(2, 3, ours.width)
    plain, mixed = ours.sequence(patch), ours.sequence(patch, extra)
    assert torch.equal(mixed[:, 1:4], extra)
    assert torch.equal(torch.cat([mixed[:, :1], mixed[:, 4:]], 1), plain)


def test_padding_tokens_change_nothing() -> None:
    ours = with_lora()
    patch, extra = ours.embed(views(ours, 2)), torch.randn(2, 2, ours.width)
    padded = torch.cat([extra, torch.full((2, 3, ours.width), 1e3)], 1)
    real = torch.ones(2, 1 + 5 + ours.patches, dtype=torch.bool)
    real[:, 3:6] = False
    maps: list[Tensor] = []
    out = ours.run(
        ours.sequence(patch, padded), real, after=lambda _, __, m: maps.append(m), map_rows=slice(1, 3)  # type: ignore[arg-type, func-returns-value]
    )  # fmt: skip
    wanted = ours.run(ours.sequence(patch, extra))
    torch.testing.assert_close(out[real].view_as(wanted), wanted, rtol=1e-5, atol=1e-5)
    assert all(not m[..., 3:6].any() for m in maps)


def test_maps_are_each_blocks_own_attention_averaged_over_heads() -> None:
    visual = made_vit()
    ours = Tower(visual, MEAN, STD)
    seen: list[tuple[int, Tensor, Tensor | None]] = []
    first = ours.sequence(ours.embed(views(ours, 2)))
    ours.run(first, after=lambda number, x, m: seen.append((number, x, m)), map_rows=slice(2, 5))  # type: ignore[func-returns-value]
    x = first
    assert [number for number, _, _ in seen] == [0, 1, 2]
    for source, (_, tokens, got) in zip(visual.transformer.resblocks, seen, strict=True):
        normed = source.ln_1(x)
        wanted = source.attn(normed, normed, normed, need_weights=True)[1]
        torch.testing.assert_close(got, wanted[:, 2:5], rtol=1e-5, atol=1e-6)
        x = tokens


def test_what_a_hook_returns_goes_into_the_next_block() -> None:
    ours = made_tower()
    start = ours.sequence(ours.embed(views(ours, 1)))
    ended = ours.run(start, after=lambda number, x, _: x * 0 if number == 1 else None)
    only_last, _ = ours.blocks[2](torch.zeros_like(start))
    torch.testing.assert_close(ended, only_last)


def test_the_first_tokens_of_the_last_block_alone_are_the_same_tokens() -> None:
    ours = with_lora(qk_norm=True)
    start = ours.sequence(ours.embed(views(ours)))
    torch.testing.assert_close(ours.run(start, last=2), ours.run(start)[:, :2], rtol=1e-5, atol=1e-5)


def test_checkpointing_gives_the_same_gradients_from_a_fraction_of_the_memory() -> None:
    gradients, kept = [], []
    for checkpointing in (False, True):
        ours = with_lora(checkpointing=checkpointing, layers=6)
        sizes: list[int] = []

        def pack(tensor: Tensor, sizes: list[int] = sizes) -> Tensor:
            sizes.append(tensor.numel())
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            total = ours(views(ours)).sin().sum()
        total.backward()
        kept.append(sum(sizes))
        gradients.append([p.grad for p in ours.parameters()])
    for plain, checked in zip(*gradients, strict=True):
        assert torch.equal(plain, checked)
    assert kept[1] < kept[0] / 4


def test_half_precision_stays_near_and_the_sum_through_the_blocks_stays_float32() -> None:
    ours = with_lora()
    with torch.autocast("cpu", torch.bfloat16):
        half = ours(views(ours))
        assert ours.run(ours.sequence(ours.embed(views(ours)))).dtype == torch.float32
        half.sin().sum().backward()
    distance = (half - ours(views(ours))).norm(dim=1) / ours(views(ours)).norm(dim=1)
    assert distance.max() < 0.03
    assert all(p.grad is not None and p.grad.isfinite().all() for p in ours.parameters())


def test_every_plain_vit_of_open_clip_is_one_that_the_tower_takes() -> None:
    """Names that open_clip builds from its own blocks; only shapes are made, on the meta device."""
    taken = 0
    for name in open_clip.list_models():
        if name.startswith("config-"):  # another test's
            continue
        vision = (open_clip.get_model_config(name) or {})["vision_cfg"]
        if "timm_model_name" in vision or not isinstance(vision["layers"], int):
            continue
        if vision["width"] > 768:  # the same blocks, only larger
            continue
        with torch.device("meta"):
            visual = open_clip.model._build_vision_tower(64, vision)
        assert Tower(visual, MEAN, STD, lora_rank=8).width == vision["width"]
        taken += 1
    assert taken >= 20
