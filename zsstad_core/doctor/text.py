"""Checks that run the model: its tokenizer, and its weights if they are on disk. Only these checks load torch."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zsstad_core.doctor import classes
from zsstad_core.doctor.finding import Finding
from zsstad_core.doctor.plan_tables import PlanTables
from zsstad_core.doctor.weights import is_vit_b32
from zsstad_core.frozen.encoder_identity import model_name, weights_file
from zsstad_core.settings.frozen import Encoder


def tokenized(tables: PlanTables) -> list[Finding]:
    """Run `classes.tokenized` with the model's tokenizer. Raises ModelError if it cannot be fetched."""
    from zsstad_core.frozen.encoder_weights import tokenizer

    split = tokenizer(tables.settings.encoder)
    length = int(split.context_length)

    def ids(texts: Sequence[str]) -> NDArray[np.int64]:
        # Room for more tokens than the model reads shows what it cuts.
        rows: NDArray[np.int64] = split(list(texts), context_length=8 * length).numpy()
        return rows

    return classes.tokenized(tables.texts, ids, length)


def why_not_compared(encoder: Encoder) -> str:
    """The reason why the weights cannot be compared with published values; empty if they can."""
    if not is_vit_b32(encoder):
        return "there are published values of OpenAI's ViT-B/32 alone"
    if weights_file(encoder) is None and not _fetched(encoder):
        return "the weights are not fetched yet; make text first"
    return ""


def _fetched(encoder: Encoder) -> bool:
    """Whether the weights of the tag are in open_clip's cache; fetches nothing."""
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
