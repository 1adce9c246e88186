"""Checks before hours of extraction whether ST-CLIP can run under given settings. Imports no torch.

What the encoder's config does not show, the head itself checks when it is built (`model`, `frozen.tower`).
"""

from typing import Any

from zsstad_core.errors import UnfitHeadError
from zsstad_core.frozen.encoder_identity import model_config, view_rules
from zsstad_core.settings.pipeline import Settings


def refuse(settings: Settings) -> None:
    """Raise UnfitHeadError where ST-CLIP cannot run under the settings.

    It cannot run on tokens from files, with an encoder that is not open_clip's own ViT with a class token, or with more
    interest tokens than a frame has. Also raises as `encoder_identity.view_rules`.
    """
    if settings.encoder.tokens_from:
        raise UnfitHeadError(
            f"encoder.tokens_from is {settings.encoder.tokens_from}; stclip reads pixels and runs the encoder itself: "
            "set encoder.tokens_from=null, and name encoder.model and encoder.pretrained"
        )
    vision = model_config(settings.encoder)["model_cfg"]["vision_cfg"]
    if (kind := _not_a_vit(vision)) is not None:
        raise UnfitHeadError(
            f"encoder.model is {settings.encoder.model}, whose image encoder is {kind}; stclip works inside "
            "open_clip's own ViT with a class token: take a ViT (ViT-B-16, ViT-L-14)"
        )
    _refuse_too_many_interest_tokens(settings, vision)


def _not_a_vit(vision: dict[str, Any]) -> str | None:
    """What the image encoder is, by its config; None if it is a ViT with a class token."""
    if "timm_model_name" in vision:
        return f"timm's {vision['timm_model_name']}"
    if isinstance(vision.get("layers"), list | tuple):
        return "a ResNet"
    if vision.get("attentional_pool"):
        return "a ViT with attentional pooling"
    if (pool := vision.get("pool_type", "tok")) != "tok":
        return f"a ViT whose image token is pooled ({pool})"
    return None


def _refuse_too_many_interest_tokens(settings: Settings, vision: dict[str, Any]) -> None:
    own = settings.heads.stclip
    if own.prompt_tokens != "interest" or own.prompting == "none":
        return
    patches = (view_rules(settings.encoder).size // int(vision.get("patch_size", 16))) ** 2  # open_clip's default
    fewest = int(own.interest_class_token) + 1 + patches
    if own.interest_tokens > fewest:
        raise UnfitHeadError(
            f"heads.stclip.interest_tokens is {own.interest_tokens}; with {settings.encoder.model} a frame with one "
            f"person has {fewest} tokens to choose from: take at most {fewest}"
        )
