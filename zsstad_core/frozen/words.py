"""Texts word by word: the text encoder's output and its input embedding at every position.

Shapes: M texts, L positions (the encoder's context length), D width of the joint embedding, W width of the text
encoder.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from zsstad_core.errors import ModelError


class WordTokens(NamedTuple):
    """Texts word by word, including positions after the end of a text, as the encoder has them.

    token_MLD: float32, the output at every position after the last LayerNorm, projected and not normalised; at the end
    of a text it is the text's token. id_ML: int64, the tokeniser's token ids. embedding_MLW: float32, the embeddings of
    the ids before positions are added.
    """

    token_MLD: NDArray[np.float32]
    id_ML: NDArray[np.int64]
    embedding_MLW: NDArray[np.float32]


def word_tokens(model: Any, id_ML: Tensor, name: str) -> tuple[Tensor, Tensor]:
    """Projected tokens [M, L, D] and embeddings [M, L, W] of token ids [M, L], by an open_clip model, float32.

    The tokens are read off a forward pass of the model. name: the model's name in messages. Raises ModelError for a
    text encoder that is not open_clip's own transformer.
    """
    text = getattr(model, "text", model)
    last, embedding = getattr(text, "ln_final", None), getattr(text, "token_embedding", None)
    if not isinstance(last, nn.Module) or not isinstance(embedding, nn.Module):
        raise ModelError(f"encoder.model: word tokens are of open_clip's own text transformer; {name} has another")
    normed: list[Tensor] = []
    hook = last.register_forward_hook(lambda _module, _args, output: normed.append(output))
    try:
        model.encode_text(id_ML, normalize=False)
    finally:
        hook.remove()
    projection = text.text_projection
    if projection is None:
        projected = normed[0]
    else:
        projected = projection(normed[0]) if isinstance(projection, nn.Module) else normed[0] @ projection
    return projected.float(), embedding(id_ML).float()


def join_words(parts: list[tuple[Tensor, Tensor, Tensor]]) -> WordTokens:
    """Concatenate the tokens, ids and embeddings of several batches."""
    token_MLD, id_ML, embedding_MLW = (torch.cat(part).cpu().numpy() for part in zip(*parts, strict=True))
    return WordTokens(token_MLD, id_ML, embedding_MLW)
