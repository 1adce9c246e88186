"""What ST-CLIP's views and tokens depend on, and what it is refused for before anything is computed."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TINY_CLIP
from tests.datasets.made_ava import write_annotation, write_places
from tests.made_plans import changed, keys, plan, write_dataset
from zsstad_core.configure import SettingsFile, load
from zsstad_core.errors import SettingsError, UnfitHeadError
from zsstad_core.plan.plan import Plan
from zsstad_core.plan.reachable import reachable

VIEWS = {"tokens-pixel", "tokens-person_pixel", "tokens-groundtruth_pixel"}
LEARNED = {"train", "score", "evaluate"}
TINY = {"encoder.model": str(TINY_CLIP), "encoder.pretrained": "random"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plan")
    write_dataset(folder / "jhmdb")
    return folder


def stclip(folder: Path, **asked: Any) -> Plan:
    return plan(folder, head="stclip", **asked)


def redone(folder: Path, name: str, value: Any, **base: Any) -> set[str]:
    return changed(keys(stclip(folder, **base)), keys(stclip(folder, **{**base, name: value})))


@pytest.mark.parametrize(
    ("asked", "tokens"),
    [
        ({}, VIEWS),
        ({"scoring.boxes": "groundtruth"}, VIEWS - {"tokens-person_pixel"}),
        (
            {"heads.stclip.lora_in_crops": False},
            {"tokens-frame", "tokens-pixel", "tokens-person_unprojected", "tokens-groundtruth_unprojected"},
        ),
        (
            {"heads.stclip.lora_in_crops": False, "heads.stclip.whole_frame": False},
            {"tokens-pixel", "tokens-person_unprojected", "tokens-groundtruth_unprojected"},
        ),
        ({"heads.stclip.lora_in_crops": False, "heads.stclip.person_tokens": "patches"}, VIEWS | {"tokens-frame"}),
        ({"encoder.pixels": "decoded"}, set()),
        (
            {"encoder.pixels": "decoded", "heads.stclip.lora_in_crops": False},
            {"tokens-frame", "tokens-person_unprojected", "tokens-groundtruth_unprojected"},
        ),
    ],
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value),
)
def test_only_what_the_settings_read_is_extracted(folder: Path, asked: dict[str, Any], tokens: set[str]):
    made = stclip(folder, **asked)
    assert {artifact.stage.name for artifact in made.extract() if artifact.stage.name.startswith("tokens-")} == tokens


def test_where_views_come_from_changes_no_key(folder: Path):
    cached, fresh = keys(stclip(folder)), keys(stclip(folder, **{"encoder.pixels": "decoded"}))
    assert fresh == {stage: key for stage, key in cached.items() if stage not in VIEWS}


def test_views_hear_of_no_weights_and_learning_does(folder: Path):
    by_text = {"text", *LEARNED}
    assert redone(folder, "encoder.pretrained", "laion2b_s34b_b88k") == by_text
    assert redone(folder, "encoder.seed", 1, **TINY) == by_text
    assert redone(folder, "encoder.precision", "bf16") == by_text
    assert redone(folder, "encoder.crop", "pad") == VIEWS | LEARNED


def test_views_hear_of_the_size_and_the_interpolation_that_the_encoder_wants(folder: Path, tmp_path: Path):
    config = json.loads(TINY_CLIP.read_text())
    config["vision_cfg"]["image_size"] = 48
    smaller, bilinear = tmp_path / "smaller.json", tmp_path / "bilinear.json"
    smaller.write_text(json.dumps(config))
    wrapped = {"model_cfg": json.loads(TINY_CLIP.read_text()), "preprocess_cfg": {"interpolation": "bilinear"}}
    bilinear.write_text(json.dumps(wrapped))
    for other in (smaller, bilinear):
        assert redone(folder, "encoder.model", str(other), **TINY) == VIEWS | LEARNED | {"text"}


@pytest.mark.parametrize(
    ("name", "value", "more"),
    [
        ("frames_before", 3, set()),
        ("frames_after", 0, set()),
        ("temporal", "average", set()),
        ("temporal_layers", 2, set()),
        ("person_tokens", "patches", set()),
        ("adapter", "fc", set()),
        ("whole_frame", False, set()),
        ("lora_rank", 4, set()),
        ("prompting", "last", set()),
        ("prompt_tokens", "interest", set()),
        ("interest_tokens", 50, set()),
        ("interest_class_token", False, set()),
        ("prompt_scale", 1.0, set()),
        ("persons", 5, set()),
        ("temperature", 0.1, set()),
        (
            "lora_in_crops",
            False,
            {"tokens-frame", "tokens-person_unprojected", "tokens-groundtruth_unprojected"},
        ),
    ],
)
def test_its_own_settings_are_learned_anew_from_the_same_views(folder: Path, name: str, value: Any, more: set[str]):
    assert redone(folder, f"heads.stclip.{name}", value) == LEARNED | more


@pytest.mark.parametrize("name", ["block_lr_factor", "bias_lr_factor"])
def test_how_fast_parts_of_iclip_learn_is_iclips_alone(folder: Path, name: str):
    assert redone(folder, f"heads.iclip.{name}", 1.0) == set()


def test_how_memory_is_saved_redoes_nothing(folder: Path):
    assert redone(folder, "heads.stclip.checkpointing", True) == set()


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a ResNet": ({"encoder.model": "RN50"}, r"encoder\.model is RN50, .* is a ResNet; stclip works inside"),
    "a tower of timm": ({"encoder.model": "ViT-B-16-SigLIP"}, r"timm's vit_base_patch16_siglip_224; stclip works"),
    "pooled patches": ({"encoder.model": "ViT-L-14-CLIPA"}, r"image token is pooled \(\w+\)"),
    "attentional pooling": ({"encoder.model": "coca_ViT-B-32"}, "attentional pooling"),
    "more interest tokens than there are": (
        {**TINY, "heads.stclip.prompt_tokens": "interest"},
        r"heads\.stclip\.interest_tokens is 100; .* has 18 tokens to choose from: take at most 18",
    ),
    "tokens from files": ({"encoder.tokens_from": "tokens"}, r"stclip reads pixels .* set encoder\.tokens_from=null"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_it_cannot_run_with_is_refused_in_one_line_before_anything_is_computed(folder: Path, why: str):
    asked, says = REFUSED[why]
    with pytest.raises(SettingsError, match=says) as error:
        stclip(folder, **asked)
    assert "\n" not in str(error.value)


def test_as_many_interest_tokens_as_there_are_do(folder: Path):
    stclip(folder, **TINY, **{"heads.stclip.prompt_tokens": "interest", "heads.stclip.interest_tokens": 18})


def test_a_window_that_nothing_extracts_is_refused_and_its_recipe_extracts_it(tmp_path: Path):
    """AVA: only keyframes are extracted by default."""
    write_annotation(tmp_path / "ava")
    write_places(tmp_path / "ava")
    for video in (tmp_path / "ava" / "videos").iterdir():
        (video / f"{video.name}_000001.jpg" if video.is_dir() else video).write_text(video.name)
    own = {"dataset": "ava", "split": "3", "datasets.ava.root": str(tmp_path / "ava"), "training.loss": "ava"}
    with pytest.raises(UnfitHeadError, match=r"datasets\.ava\.around is 0; windows of stclip hold 4 frames on a side"):
        stclip(tmp_path, **own)
    stclip(tmp_path, **own, **{"datasets.ava.around": 4})
    stclip(tmp_path, **own, **{"heads.stclip.temporal": "none"})
    plan(tmp_path, **own)  # iCLIP's memory is of keyframes

    (tmp_path / "pipeline.yaml").write_text(f"datasets: {{ava: {{root: {tmp_path / 'ava'}}}}}\nsplit: '3'\n")
    recipe = load(tmp_path / "pipeline.yaml", choices={"dataset": "ava", "head": "stclip"})
    assert (recipe.datasets.ava.around, recipe.heads.stclip.prompt_tokens) == (4, "interest")
    assert (recipe.training.iterations, recipe.training.warmup, recipe.training.lr) == (20_000, 2_000, 4e-4)
    Plan(recipe)


def test_settings_that_it_cannot_run_with_do_not_keep_garbage_from_being_told(folder: Path):
    """`make gc` plans every head: one that cannot run has made nothing."""
    (folder / "pipeline.yaml").write_text("encoder: {model: RN50}\n")
    words = f"datasets.jhmdb.root={folder / 'jhmdb'} cache.root={folder / 'cache'}"
    file = SettingsFile.read(folder / "pipeline.yaml")
    found = reachable(file.settings(overrides=words), file, words)
    assert any(name.startswith("tokens-person-") for name in found.names)
    assert not any("pixel" in name for name in found.names)


def test_the_recipe_is_the_published_training(folder: Path):
    (folder / "empty.yaml").write_text("")
    recipe = load(folder / "empty.yaml", choices={"dataset": "jhmdb", "head": "stclip"})
    training, scoring = recipe.training, recipe.scoring
    assert (training.iterations, training.warmup, training.warmup_factor, training.lr) == (3_000, 800, 0.25, 2.5e-4)
    assert (training.batch, training.weight_decay, training.momentum) == (8, 1e-7, 0.9)
    assert (scoring.select, scoring.first) == ("first", 3)


def test_other_heads_hear_nothing_of_it(folder: Path):
    plan(folder, **{"encoder.model": "RN50"})
