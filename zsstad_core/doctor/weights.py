"""Checks for weights that do not belong to the architecture, and for tokens without information.

Published numbers exist only for ViT-B/32: text embeddings with OpenAI's weights, made by two other projects
(`vit_b32_openai.json` names them). They tell OpenAI's weights from others, and QuickGELU from GELU: with random weights
the wrong activation moves an embedding by 0.011 per number on average; fp16, in which some of the values were made,
rounds by less than 0.001. The image encoder is not compared, because that needs the picture of those projects.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zsstad_core.doctor.finding import Finding
from zsstad_core.frozen import encoder_identity
from zsstad_core.settings.frozen import Encoder

type Encode = Callable[[Encoder, Sequence[str]], NDArray[np.floating]]

_NUMBER, _SUM = 0.003, 0.15  # the mean difference of single numbers, and the largest difference of sums over 512
_NEAR_ZERO = 0.05  # cosine; with CLIP it is 0.1 to 0.35 for any image and text
_QUICK = re.compile(r"openai|metaclip|dfn(?!.*h14)", re.I)
_NOT_QUICK = re.compile(r"laion|datacomp|commonpool|siglip", re.I)


def random_weights(encoder: Encoder) -> list[Finding]:
    """Find random weights."""
    if encoder.tokens_from or encoder.pretrained != "random":
        return []
    return [
        Finding(
            "RANDOM weights",
            "all weights of the encoder; what it makes means nothing",
            f"encoder.model={encoder.model} encoder.pretrained=random",
            "set encoder.pretrained to a tag (openai) or a file of trained weights",
        )
    ]


def activation_by_name(encoder: Encoder) -> list[Finding]:
    """Find a weights file whose name belongs to another activation than the model has (a tag sets its activation)."""
    if encoder.tokens_from or not (file := encoder_identity.weights_file(encoder)) or encoder.model.endswith(".json"):
        return []
    name = encoder_identity.model_name(encoder)
    quick = name.endswith("-quickgelu")
    if quick == bool(_QUICK.search(file.name)) or not (_QUICK if not quick else _NOT_QUICK).search(file.name):
        return []
    return [_activation(f"the file is called {file.name}", name, quick)]


def _activation(how: str, name: str, quick: bool) -> Finding:
    plain = name.removesuffix("-quickgelu")
    has, wants = ("QuickGELU", "GELU") if quick else ("GELU", "QuickGELU")
    return Finding(
        "weights of another activation",
        f"1 of 1 encoders computes with {has}, the weights were trained with {wants}",
        f"{name}: {how}",
        f"set encoder.model={plain if quick else f'{plain}-quickgelu'}",
    )


def published() -> Mapping[str, Mapping[str, Any]]:
    """Some texts -> the first numbers and the sum of the text's embedding by OpenAI's ViT-B/32."""
    content = json.loads(Path(__file__).with_name("vit_b32_openai.json").read_text())
    texts: Mapping[str, Mapping[str, Any]] = content["texts"]
    return texts


def is_published(tokens_KD: NDArray[np.floating]) -> bool:
    """Whether tokens are the published embeddings, in the order of `published`."""
    values = list(published().values())
    apart = [abs(row[: len(value["first"])] - value["first"]) for row, value in zip(tokens_KD, values, strict=True)]
    sums = [abs(float(row.sum(dtype=np.float64)) - value["sum"]) for row, value in zip(tokens_KD, values, strict=True)]
    return float(np.concatenate(apart).mean()) <= _NUMBER and max(sums) <= _SUM


def is_vit_b32(encoder: Encoder) -> bool:
    """Whether the encoder is the model with published values, with weights that may be OpenAI's."""
    if encoder.tokens_from or encoder.model.endswith(".json") or encoder.pretrained == "random":
        return False
    named = encoder_identity.model_name(encoder).removesuffix("-quickgelu") == "ViT-B-32"
    return named and (encoder.pretrained == "openai" or encoder_identity.weights_file(encoder) is not None)


def not_as_published(encoder: Encoder, encode: Encode) -> list[Finding]:
    """Compare ViT-B/32 with the published values. encode: gives the tokens of texts by the encoder of some settings.

    A file of other weights than OpenAI's is a finding only if its name says that they are OpenAI's.
    """
    texts = list(published())
    exact = encoder.model_copy(update={"precision": "fp32"})
    if is_published(encode(exact, texts)):
        return []
    name = encoder_identity.model_name(encoder)
    quick = name.endswith("-quickgelu")
    if encoder.pretrained != "openai":
        other = name.removesuffix("-quickgelu") if quick else f"{name}-quickgelu"
        if is_published(encode(exact.model_copy(update={"model": other}), texts)):
            return [_activation("with the other one the published text embeddings of OpenAI come out", name, quick)]
    if encoder.pretrained != "openai" and not re.search("openai", Path(encoder.pretrained).name, re.I):
        return []
    return [
        Finding(
            "weights that are not OpenAI's ViT-B/32",
            f"the text embeddings of {len(texts)} texts are not those that were published",
            f'"{texts[0]}", by encoder.pretrained={encoder.pretrained}',
            "fetch the weights again, or name them as what they are",
        )
    ]


def tokens_say_nothing(kind: str, tokens_ND: NDArray[np.floating], text_KD: NDArray[np.floating]) -> list[Finding]:
    """Find image tokens of a kind that are all the same, or have no direction in common with the class texts."""
    if len(tokens_ND) < 2:
        return []
    unit_ND, unit_KD = _unit(tokens_ND), _unit(text_KD)
    if float((unit_ND @ unit_ND.mean(0)).min()) > 1 - 1e-6:
        return [
            Finding(
                "tokens that are all the same",
                f"{len(tokens_ND)} {kind} tokens of {len(tokens_ND)} that were looked at",
                f"first numbers {np.round(tokens_ND[0, :3].astype(float), 4).tolist()}",
                "check the weights, and where tokens come from (encoder.tokens_from)",
            )
        ]
    if unit_ND.shape[1] != unit_KD.shape[1]:
        return []
    cosine_NK = unit_ND @ unit_KD.T
    if np.abs(cosine_NK).max() >= _NEAR_ZERO:
        return []
    return [
        Finding(
            "image and text tokens that have nothing in common",
            f"all {cosine_NK.size} cosines of {len(tokens_ND)} {kind} tokens and {len(text_KD)} texts are below "
            f"{_NEAR_ZERO}",
            f"the largest is {np.abs(cosine_NK).max():.3f}",
            "make both with the same encoder and weights",
        )
    ]


def _unit(rows: NDArray[np.floating]) -> NDArray[np.float64]:
    rows = rows.astype(np.float64)
    unit: NDArray[np.float64] = rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-12)
    return unit
