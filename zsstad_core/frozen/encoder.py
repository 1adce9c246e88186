"""The frozen CLIP encoders (open_clip): views and texts in, tokens out.

Shapes: N views, K texts, S side of the encoder's square view, C colours, D width of the joint embedding.
"""

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager
from copy import copy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from open_clip.transformer import Transformer, VisionTransformer
from torch import Tensor, nn

from zsstad_core.errors import DataError, ModelError
from zsstad_core.frozen import encoder_weights
from zsstad_core.frozen.views import Interpolation
from zsstad_core.frozen.words import WordTokens, join_words, word_tokens
from zsstad_core.settings.frozen import Encoder as EncoderSettings

_log = logging.getLogger(__name__)

_RESIZE_MODES = {"shortest": "clip", "squash": "squash", "longest": "pad"}  # open_clip's resize mode -> encoder.crop


class Encoder:
    """Both encoders of one CLIP model, frozen, on one device. For what is loaded, and errors, see
    `encoder_weights.load`.

    size: S, in pixels.
    width: D.
    interpolation: the resize filter that the model was trained with; its views must be made with it.
    mean, std: from the model's own preprocessing, for pixels from 0 to 1.
    weights: SHA-256 of the weights themselves, the same whatever file they came from.
    description: the name in tables beside a result; it says so in capitals where weights are random.

    A token depends on its batch only in the lowest bits (matrix products are split differently). Measured with random
    ViT-B/32 and ViT-B/16 on CPU, as a share of the token's length: fp32 1e-6, far below float16's own rounding; bf16
    1e-2, which is also its distance from fp32 (cosine 0.9999 and more).
    """

    def __init__(self, settings: EncoderSettings, device: str) -> None:
        loaded = encoder_weights.load(settings)
        preprocess = loaded.model.visual.preprocess_cfg
        self.size = _side(preprocess["size"], settings.model)
        self.width = loaded.width
        self.interpolation: Interpolation = "bilinear" if preprocess["interpolation"] == "bilinear" else "bicubic"
        self.mean, self.std = _three(preprocess["mean"]), _three(preprocess["std"])
        self.weights = encoder_weights.digest(loaded.model)
        self.description = loaded.description
        own_crop = _RESIZE_MODES[preprocess["resize_mode"]]
        if own_crop != settings.crop:
            _log.warning(
                "%s was trained on views of crop %s; encoder.crop is %s", self.description, own_crop, settings.crop
            )

        self._device = torch.device(device)
        self._bf16 = settings.precision == "bf16"
        self._model = loaded.model.to(self._device)
        if self._bf16:
            _put_positions_first(self._model)
        self._tokenizer = loaded.tokenizer
        self._batch = settings.batch

    @property
    def unprojected_width(self) -> int:
        """Width of tokens before the projection. Raises ModelError for an image encoder that has no such tokens."""
        visual = self._model.visual
        if not (isinstance(visual, VisionTransformer) and visual.attn_pool is None and visual.pool_type == "tok"):
            raise ModelError(
                "encoder.model: tokens before the projection are of open_clip's own ViT with a class token "
                f"(ViT-B-16, ViT-L-14); {self.description} is none"
            )
        width: int = visual.conv1.out_channels
        return width

    def encode_views(self, views: NDArray[np.uint8], projected: bool = True) -> NDArray[np.float16]:
        """Tokens float16 [N, D] of views uint8 [N, S, S, 3]: the projected class token, not normalised.

        projected: False for the class token before the projection, [N, `unprojected_width`]. Where a GPU's memory is
        too small for `encoder.batch` views, the batch is halved, for all later calls too. Raises ModelError, with the
        view's index, for a token that float16 cannot hold, and where not even one view fits.
        """
        if views.shape[1:] != (self.size, self.size, 3) or views.dtype != np.uint8:
            raise ValueError(
                f"views are {views.dtype} {views.shape}; they must be uint8 [N, {self.size}, {self.size}, 3]"
            )
        tokens = np.empty((len(views), self.width if projected else self.unprojected_width), np.float16)
        start = 0
        while start < len(views):
            part = views[start : start + self._batch]
            try:
                tokens[start : start + len(part)] = self._image_tokens(part, projected)
            except torch.OutOfMemoryError as error:
                self._halve_batch(error, len(part))
                continue
            start += len(part)
        finite = np.isfinite(tokens).all(1)
        if not finite.all():
            raise ModelError(
                f"view {int(np.flatnonzero(~finite)[0])} of {len(views)}: its token is not finite in float16 "
                f"({int((~finite).sum())} such views); the weights of {self.description} are damaged or not meant "
                "for views"
            )
        return tokens

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Tokens float32 [K, D] of texts: the projected end-of-text token, not normalised.

        Raises DataError for a text that the tokeniser would truncate.
        """
        tokens = np.empty((len(texts), self.width), np.float32)
        for start in range(0, len(texts), self._batch):
            part = list(texts[start : start + self._batch])
            tokens[start : start + len(part)] = self._text_tokens(self._tokenized(part))
        return tokens

    def encode_words(self, texts: Sequence[str]) -> WordTokens:
        """Word tokens of texts (`WordTokens`). Raises DataError as `encode_texts`, ModelError as `word_tokens`."""
        parts = []
        for start in range(0, len(texts), self._batch):
            ids = self._tokenized(list(texts[start : start + self._batch])).to(self._device)
            with torch.inference_mode(), self._autocast(), _full_float32():
                tokens, embeddings = word_tokens(self._model, ids, self.description)
            parts.append((tokens, ids, embeddings))
        return join_words(parts)

    def _image_tokens(self, views: NDArray[np.uint8], projected: bool) -> NDArray[np.float16]:
        with torch.inference_mode(), self._autocast(), _full_float32():
            pixels = normalise(torch.tensor(views).to(self._device), self.mean, self.std)
            if projected:
                tokens: Tensor = self._model.encode_image(pixels, normalize=False)
            else:
                tokens = _unprojected(self._model.visual)(pixels)
            return tokens.half().cpu().numpy()

    def _text_tokens(self, ids: Tensor) -> NDArray[np.float32]:
        with torch.inference_mode(), self._autocast(), _full_float32():
            tokens: Tensor = self._model.encode_text(ids.to(self._device), normalize=False)
            return tokens.float().cpu().numpy()

    def _tokenized(self, texts: list[str]) -> Tensor:
        """Token ids [K, context length] of texts. Raises DataError for a text that is too long."""
        length = self._tokenizer.context_length
        # A longer context shows what would be cut off: a text that fits has only padding beyond `length`.
        roomy = self._tokenizer(texts, context_length=8 * length)[:, length:]
        cut = (roomy != roomy[:, -1:]).any(1)
        if cut.any():
            text = texts[int(cut.nonzero()[0])]
            raise DataError(
                f'text "{text[:80]}" has more than the {length} tokens that the text encoder reads; shorten it or '
                "encoder.template, or the templates of the method"
            )
        ids: Tensor = self._tokenizer(texts)
        return ids

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=self._bf16)

    def _halve_batch(self, error: Exception, failed: int) -> None:
        """Take half of the batch that did not fit, `failed` views, from now on."""
        if failed == 1:
            raise ModelError(
                f"{self._device} has not the memory for one view of {self.description}; free it, or take another device"
            ) from error
        self._batch = failed // 2
        torch.cuda.empty_cache()
        _log.warning("%s: out of memory, going on with batches of %d views", self._device, self._batch)


def normalise(views_NSSC: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """uint8 views [N, S, S, C] to float32 [N, C, S, S], with the arithmetic of torchvision's ToTensor and Normalize."""
    pixels_NCSS = views_NSSC.permute(0, 3, 1, 2).contiguous().float().div_(255)
    shift, scale = (torch.tensor(channel, device=views_NSSC.device).view(-1, 1, 1) for channel in (mean, std))
    return pixels_NCSS.sub_(shift).div_(scale)


def _unprojected(visual: VisionTransformer) -> nn.Module:
    """A copy of the image encoder without its projection; open_clip skips the projection where `proj` is None."""
    twin: nn.Module = copy(visual)
    twin._parameters = {**visual._parameters, "proj": None}
    return twin


def _full_float32() -> AbstractContextManager[None]:
    """A context with full fp32: on a GPU, cuDNN would otherwise run convolutions (the patch embedding) in TF32."""
    flags: AbstractContextManager[None] = torch.backends.cudnn.flags(enabled=True, allow_tf32=False)
    return flags


def _put_positions_first(model: nn.Module) -> None:
    """Make open_clip's transformers hold tokens as [positions, N, width]; their output is the same.

    Otherwise attention under autocast projects a transposed view, for which torch (2.13) copies the weights once a
    position: on a CPU bf16 would take twice the time of fp32, instead of a quarter of it.
    """
    transformers: list[Any] = [module for module in model.modules() if type(module) is Transformer]
    for transformer in transformers:
        attentions = [block.attn for block in transformer.resblocks]
        if all(isinstance(attention, nn.MultiheadAttention) for attention in attentions):
            for module in (transformer, *attentions):
                module.batch_first = False


def _side(size: int | Sequence[int], name: str) -> int:
    height, width = (size, size) if isinstance(size, int) else size
    if height != width:
        raise ModelError(f"encoder.model: {name} sees {height} x {width} pixels; views are square, take another model")
    return height


def _three(value: float | Sequence[float]) -> tuple[float, ...]:
    return tuple(value) if isinstance(value, Sequence) else (value,) * 3
