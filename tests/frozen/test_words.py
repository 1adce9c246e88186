"""Texts word by word, against the text encoder itself."""

import numpy as np
import pytest
import torch

from tests.conftest import TINY_CLIP
from zsstad_core.cache.stages import WORDS
from zsstad_core.errors import DataError, ModelError
from zsstad_core.extraction.words import FILE, as_files, read_words
from zsstad_core.frozen.encoder import Encoder
from zsstad_core.frozen.words import word_tokens
from zsstad_core.settings.frozen import Encoder as EncoderSettings
from zsstad_core.work import Content

TEXTS = ["wave", "juggle a ball", "brush hair with a very long brush"]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(EncoderSettings(model=str(TINY_CLIP), pretrained="random", batch=2), "cpu")


def test_the_token_at_the_end_of_a_text_is_the_texts_own(encoder: Encoder) -> None:
    words = encoder.encode_words(TEXTS)
    end_M = words.id_ML.argmax(1)  # the end token has the greatest number
    own_MD = words.token_MLD[np.arange(len(TEXTS)), end_M]
    np.testing.assert_allclose(own_MD, encoder.encode_texts(TEXTS), rtol=1e-5, atol=1e-6)


def test_the_encoder_run_from_the_embeddings_gives_the_tokens_again(encoder: Encoder) -> None:
    words = encoder.encode_words(TEXTS)
    model = encoder._model
    x_MLW = torch.from_numpy(words.embedding_MLW) + model.positional_embedding
    with torch.inference_mode():
        out_MLD = model.ln_final(model.transformer(x_MLW, attn_mask=model.attn_mask)) @ model.text_projection
    np.testing.assert_allclose(out_MLD.numpy(), words.token_MLD, rtol=1e-4, atol=1e-5)


def test_a_text_has_the_same_words_in_any_batch(encoder: Encoder) -> None:
    alone, together = encoder.encode_words(TEXTS[2:]), encoder.encode_words(TEXTS)
    np.testing.assert_allclose(alone.token_MLD[0], together.token_MLD[2], rtol=1e-5, atol=1e-6)
    assert (alone.id_ML[0] == together.id_ML[2]).all()


def test_a_text_that_is_too_long_is_refused(encoder: Encoder) -> None:
    with pytest.raises(DataError, match="shorten it"):
        encoder.encode_words(["word " * 100])


def test_a_text_encoder_of_another_build_is_one_line() -> None:
    with pytest.raises(ModelError, match="Other has another"):
        word_tokens(torch.nn.Linear(2, 2), torch.zeros(1, 4, dtype=torch.int64), "Other")


def test_a_unit_gives_back_the_words_that_were_written(encoder: Encoder, tmp_path) -> None:

    words = encoder.encode_words(TEXTS)
    from tests.cache.made_artifacts import undivided

    artifact = undivided(tmp_path, WORDS, {"schema": 1})
    (group,) = artifact.begin()
    with artifact.publish(group) as folder:
        Content(tokens=words.token_MLD, files=as_files(words)).write(folder)
    artifact.complete()
    found = read_words(artifact.whole_unit())
    assert all((left == right).all() for left, right in zip(words, found, strict=True))
    assert artifact.whole_unit().file(FILE).is_file()
