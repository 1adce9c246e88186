"""Writes and reads a trained head's weights as a file of the cache."""

import io
from collections.abc import Mapping
from typing import Any

import torch

from zsstad_core.cache.artifact import Artifact
from zsstad_core.errors import CacheError
from zsstad_core.methods.common.head import Head

FILE = "head.pt"


def as_bytes(weights: Mapping[str, Any]) -> bytes:
    """A state_dict, or a checkpoint that holds one, as the bytes that torch saves."""
    buffer = io.BytesIO()
    torch.save(dict(weights), buffer)
    return buffer.getvalue()


def load_into(head: Head[Any], artifact: Artifact) -> None:
    """Load the weights of a train artifact into `head`. Raises CacheError where they belong to another head.

    Parameters that earlier versions saved, and that no score ever depended on, are left out (`Head.dropped`).
    """
    file = artifact.whole_unit().file(FILE)
    weights = torch.load(file, map_location="cpu", weights_only=True)
    try:
        head.load_state_dict({name: w for name, w in weights.items() if not name.endswith(head.dropped)})
    except RuntimeError as error:
        first = str(error).splitlines()[-1].strip()
        raise CacheError(f"{file}: not the weights of this head ({first}); train again") from error
