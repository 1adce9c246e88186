"""A narrow CLIP of open_clip's architecture, its weights out of `noise`, written without open_clip or torch."""

import json
import math
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.golden.noise import noise

JOINT, SIDE, PATCH = 16, 32, 8
VISION_WIDTH, VISION_LAYERS = 32, 2
TEXT_WIDTH, TEXT_LAYERS, CONTEXT, VOCABULARY = 8, 1, 16, 49408
CONFIG = {
    "embed_dim": JOINT,
    "vision_cfg": {
        "image_size": SIDE,
        "layers": VISION_LAYERS,
        "width": VISION_WIDTH,
        "head_width": 16,
        "patch_size": PATCH,
    },
    "text_cfg": {
        "context_length": CONTEXT,
        "vocab_size": VOCABULARY,
        "width": TEXT_WIDTH,
        "heads": 2,
        "layers": TEXT_LAYERS,
    },
}


def write_clip(folder: Path) -> None:
    """clip.json and clip.safetensors."""
    (folder / "clip.json").write_text(json.dumps(CONFIG))
    header: dict[str, object] = {}
    content = b""
    for name, shape in _shapes().items():
        data = _weight(name, shape).astype("<f4").tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(shape),
            "data_offsets": [len(content), len(content) + len(data)],
        }
        content += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (folder / "clip.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + content)


def _shapes() -> dict[str, tuple[int, ...]]:
    patches = (SIDE // PATCH) ** 2
    return {
        "positional_embedding": (CONTEXT, TEXT_WIDTH),
        "text_projection": (TEXT_WIDTH, JOINT),
        "logit_scale": (),
        "token_embedding.weight": (VOCABULARY, TEXT_WIDTH),
        **_norm("ln_final", TEXT_WIDTH),
        **_blocks("transformer", TEXT_WIDTH, TEXT_LAYERS),
        "visual.class_embedding": (VISION_WIDTH,),
        "visual.positional_embedding": (patches + 1, VISION_WIDTH),
        "visual.proj": (VISION_WIDTH, JOINT),
        "visual.conv1.weight": (VISION_WIDTH, 3, PATCH, PATCH),
        **_norm("visual.ln_pre", VISION_WIDTH),
        **_norm("visual.ln_post", VISION_WIDTH),
        **_blocks("visual.transformer", VISION_WIDTH, VISION_LAYERS),
    }


def _blocks(name: str, width: int, layers: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in range(layers):
        block = f"{name}.resblocks.{layer}"
        shapes |= {
            **_norm(f"{block}.ln_1", width),
            f"{block}.attn.in_proj_weight": (3 * width, width),
            f"{block}.attn.in_proj_bias": (3 * width,),
            f"{block}.attn.out_proj.weight": (width, width),
            f"{block}.attn.out_proj.bias": (width,),
            **_norm(f"{block}.ln_2", width),
            f"{block}.mlp.c_fc.weight": (4 * width, width),
            f"{block}.mlp.c_fc.bias": (4 * width,),
            f"{block}.mlp.c_proj.weight": (width, 4 * width),
            f"{block}.mlp.c_proj.bias": (width,),
        }
    return shapes


def _norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _weight(name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    drawn = noise(name, *shape)
    if ".ln_" in f".{name}" and name.endswith("weight"):
        return 1 + drawn / 8
    if name.endswith("bias"):
        return drawn / 8
    fan_in = math.prod(shape[1:]) if len(shape) > 1 and "embedding" not in name else 1
    return drawn * np.float32(1.7 / math.sqrt(fan_in))
