import logging

import numpy as np
import open_clip
import pytest
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image

from tests.conftest import TINY_CLIP
from tests.frozen.one_view import view
from zsstad_core.errors import DataError, ModelError
from zsstad_core.frozen import encoder_weights
from zsstad_core.frozen.encoder import Encoder, normalise
from zsstad_core.frozen.tower import load as load_tower
from zsstad_core.settings.frozen import Encoder as Settings

TEXTS = ["brush_hair", "catch", "a person who climbs stairs"]


def tiny(**changes):
    return Settings(model=str(TINY_CLIP), pretrained="random", **changes)


def noise(count, size=64, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def encoder():
    return Encoder(tiny(batch=4), "cpu")


def test_tokens_are_those_of_open_clips_own_pipeline(encoder):
    loaded = encoder_weights.load(tiny())
    preprocess = image_transform_v2(PreprocessCfg(**loaded.model.visual.preprocess_cfg), is_train=False)
    frame = np.random.default_rng(1).integers(0, 256, (90, 130, 3), dtype=np.uint8)
    with torch.inference_mode():
        expected = loaded.model.encode_image(preprocess(Image.fromarray(frame))[None])
        texts = loaded.model.encode_text(loaded.tokenizer(TEXTS))
    tokens = encoder.encode_views(view(frame, None, encoder.size)[None])
    assert tokens.dtype == np.float16
    np.testing.assert_allclose(tokens, expected.numpy(), rtol=1e-3, atol=1e-4)  # float16 keeps eleven bits
    ours = encoder.encode_texts(TEXTS)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, texts.numpy(), rtol=1e-5, atol=1e-5)


def test_tokens_before_the_projection_are_what_it_projects(encoder):
    views, proj = noise(5), encoder_weights.load(tiny()).model.visual.proj.detach().numpy()
    before = encoder.encode_views(views, projected=False).astype(np.float32)
    assert before.shape == (5, encoder.unprojected_width)
    np.testing.assert_allclose(before @ proj, encoder.encode_views(views), rtol=1e-2, atol=1e-2)
    assert np.array_equal(encoder.encode_views(views), Encoder(tiny(batch=4), "cpu").encode_views(views))


def test_tokens_before_the_projection_are_those_of_the_tower(encoder):
    views = noise(3)
    tower = load_tower(tiny())
    with torch.no_grad():
        expected = tower.class_tokens(tower.embed(torch.from_numpy(views)))
    found = encoder.encode_views(views, projected=False)
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-3, atol=1e-3)


def test_pixels_reach_the_model_as_open_clip_normalises_them(encoder):
    transform = open_clip.image_transform(64, False, mean=encoder.mean, std=encoder.std)
    pixels = noise(3)
    expected = torch.stack([transform(Image.fromarray(square)) for square in pixels])
    torch.testing.assert_close(normalise(torch.tensor(pixels), encoder.mean, encoder.std), expected, rtol=0, atol=1e-6)


def test_tokens_are_neither_normalised_nor_of_another_width(encoder):
    tokens = encoder.encode_views(noise(2)).astype(np.float32)
    assert tokens.shape == (2, encoder.width) == (2, 64)
    assert (np.linalg.norm(tokens, axis=1) > 2).all()


def test_a_token_is_the_same_alone_and_in_any_batch(encoder):
    pixels = noise(11)  # batches of 4, 4 and 3
    together = encoder.encode_views(pixels).astype(np.float32)
    alone = np.concatenate([encoder.encode_views(pixels[n : n + 1]) for n in range(11)]).astype(np.float32)
    np.testing.assert_allclose(together, alone, rtol=2e-3, atol=1e-3)
    texts = [f"number {n}" for n in range(11)]
    alone = np.concatenate([encoder.encode_texts([text]) for text in texts])
    np.testing.assert_allclose(encoder.encode_texts(texts), alone, rtol=0, atol=1e-5)


def test_nothing_to_encode_gives_no_tokens(encoder):
    assert encoder.encode_views(noise(0)).shape == (0, 64)
    assert encoder.encode_texts([]).shape == (0, 64)


def test_bf16_stays_near_fp32(encoder):
    fast = Encoder(tiny(precision="bf16"), "cpu")
    assert fast.weights == encoder.weights
    for exact, rounded in (
        (encoder.encode_views(noise(8)), fast.encode_views(noise(8))),
        (encoder.encode_texts(TEXTS), fast.encode_texts(TEXTS)),
    ):
        exact, rounded = exact.astype(np.float32), rounded.astype(np.float32)
        length = np.linalg.norm(exact, axis=1)
        assert (np.linalg.norm(exact - rounded, axis=1) / length < 0.03).all()
        assert not np.array_equal(exact, rounded)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gives_the_tokens_of_the_cpu(encoder):
    gpu = Encoder(tiny(), "cuda")
    np.testing.assert_allclose(
        gpu.encode_views(noise(8)).astype(np.float32), encoder.encode_views(noise(8)), rtol=2e-3, atol=2e-3
    )


def test_a_seed_always_gives_the_same_random_weights(encoder):
    state = torch.get_rng_state()
    again, other = Encoder(tiny(), "cpu"), Encoder(tiny(seed=1), "cpu")
    assert torch.equal(torch.get_rng_state(), state)  # and nobody else's random numbers move
    assert again.weights == encoder.weights != other.weights
    np.testing.assert_array_equal(again.encode_views(noise(2)), encoder.encode_views(noise(2)))


def test_random_weights_are_named_loudly():
    assert Encoder(tiny(seed=3), "cpu").description == "tiny-clip, RANDOM weights (seed 3)"


def test_a_text_that_would_be_cut_off_is_refused(encoder):
    fits = "a " * 75  # with start and end 77 tokens, all that the model reads
    assert encoder.encode_texts([fits.strip()]).shape == (1, 64)
    for long in ("a " * 76, "hair " * 2000):
        with pytest.raises(DataError, match="more than the 77 tokens"):
            encoder.encode_texts(["catch", long])


@pytest.mark.fault(38)
@pytest.mark.parametrize("damage", [float("nan"), 1e6])
def test_a_token_that_float16_cannot_hold_is_refused(damage):
    broken = Encoder(tiny(batch=2), "cpu")
    own = broken._model.encode_image

    def encode_image(pixels, normalize):
        bright = pixels.mean((1, 2, 3), keepdim=True)[:, :, 0, 0] > 1  # the white view of the test
        return own(pixels, normalize=normalize) * torch.where(bright, damage, 1.0)

    broken._model.encode_image = encode_image
    pixels = np.concatenate([noise(3), np.full((1, 64, 64, 3), 255, np.uint8), noise(1)])
    with pytest.raises(ModelError, match="view 3 of 5: its token is not finite"):
        broken.encode_views(pixels)


def test_views_of_another_size_are_refused(encoder):
    with pytest.raises(ValueError, match="uint8"):
        encoder.encode_views(noise(1, size=32))


@pytest.mark.fault(41)
def test_a_full_gpu_halves_the_batch_and_loses_nothing(encoder):
    small = Encoder(tiny(batch=8), "cpu")
    own, sizes = small._model.encode_image, []

    def encode_image(pixels, normalize):
        sizes.append(len(pixels))
        if len(pixels) > 2:
            raise torch.OutOfMemoryError("no room")
        return own(pixels, normalize=normalize)

    small._model.encode_image = encode_image
    np.testing.assert_allclose(small.encode_views(noise(5)), encoder.encode_views(noise(5)), rtol=2e-3, atol=1e-3)
    assert sizes == [5, 2, 2, 1]
    small.encode_views(noise(3))
    assert sizes[4:] == [2, 1]  # it remembers

    small._model.encode_image = lambda *_, **__: (_ for _ in ()).throw(torch.OutOfMemoryError("no room"))
    with pytest.raises(ModelError, match="memory for one view"):
        small.encode_views(noise(1))


def test_another_crop_than_the_models_own_is_said(caplog):
    with caplog.at_level(logging.WARNING):
        Encoder(tiny(crop="squash"), "cpu")
    assert "trained on views of crop clip; encoder.crop is squash" in caplog.text


def test_the_real_architecture_runs():
    encoder = Encoder(Settings(model="ViT-B-32", pretrained="random"), "cpu")
    assert (encoder.size, encoder.width, encoder.interpolation) == (224, 512, "bicubic")
    assert encoder.encode_views(noise(2, size=224)).shape == (2, 512)
