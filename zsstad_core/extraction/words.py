"""Write word tokens of the class texts to a unit of the cache, and read them back."""

import io

import numpy as np

from zsstad_core.cache.tokens import read_tokens
from zsstad_core.cache.units import Unit
from zsstad_core.frozen.words import WordTokens

FILE = "words.npz"
"""Token ids and embeddings, beside the array of tokens."""


def as_files(words: WordTokens) -> dict[str, bytes]:
    """The files of a unit that holds `words.token_MLD` as its tokens."""
    buffer = io.BytesIO()
    np.savez(buffer, id_ML=words.id_ML, embedding_MLW=words.embedding_MLW)
    return {FILE: buffer.getvalue()}


def read_words(unit: Unit) -> WordTokens:
    """The words of a unit. Raises CacheError if it is damaged."""
    with np.load(unit.file(FILE), allow_pickle=False) as file:
        return WordTokens(read_tokens(unit).astype(np.float32), file["id_ML"], file["embedding_MLW"])
