"""Checks that ask the model itself: its tokenizer, and its weights where they are here. Only these load torch."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zsstad_core.doctor import classes
from zsstad_core.doctor.finding import Finding
from zsstad_core.doctor.known import Known
from zsstad_core.doctor.weights import is_vit_b32
from zsstad_core.frozen.encoder_identity import model_name, weights_file
from zsstad_core.settings.frozen import Encoder


def tokenized(known: Known) -> list[Finding]:
    """Raises ModelError where the tokenizer of the model cannot be had (some are on a hub)."""
    from zsstad_core.frozen.encoder_weights import tokenizer

    split = tokenizer(known.settings.encoder)
    length = int(split.context_length)

    def ids(texts: Sequence[str]) -> NDArray[np.int64]:
        # Room for more than the model reads shows what would be cut.
        rows: NDArray[np.int64] = split(list(texts), context_length=8 * length).numpy()
        return rows

    return classes.tokenized(known.texts, ids, length)


def why_not_compared(encoder: Encoder) -> str:
    """Why the weights cannot be compared with published values; nothing where they can."""
    if not is_vit_b32(encoder):
        return "there are published values of OpenAI's ViT-B/32 alone"
    if weights_file(encoder) is None and not _fetched(encoder):
        return "the weights are not fetched yet; make text first"
    return ""


def _fetched(encoder: Encoder) -> bool:
    """Whether the tag's weights are in open_clip's cache: nothing is fetched to look at it."""
    import open_clip
    from huggingface_hub import try_to_load_from_cache

    entry = open_clip.get_pretrained_cfg(model_name(encoder), encoder.pretrained)
    hub = str(entry.get("hf_hub", "")).rstrip("/")
    files = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
    return bool(hub) and any(isinstance(try_to_load_from_cache(hub, file), str) for file in files)


def encode(encoder: Encoder, texts: Sequence[str]) -> NDArray[np.float32]:
    """Text tokens float32 [K, D] by the encoder of some settings, on the CPU."""
    from zsstad_core.frozen.encoder import Encoder as Model

    return Model(encoder, "cpu").encode_texts(texts)
