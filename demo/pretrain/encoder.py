"""Train the demo's CLIP on captioned stills and write its weights: `python -m demo.pretrain.encoder --out FILE`.

The loss is contrastive, as in CLIP (Radford et al. 2021, figure 3), except that a caption which occurs twice in a batch
is a positive of both views (UniCL, Yang et al. 2022): in so small a world the same captions recur often.
"""

import argparse
import math
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from demo.pretrain.optimiser import adamw, schedule
from demo.pretrain.pairs import CAPTIONS, Pairs, pairs
from zsstad_core.frozen import encoder_weights
from zsstad_core.frozen.encoder import normalise
from zsstad_core.progress import Progress
from zsstad_core.settings.frozen import Encoder as EncoderSettings

MODEL = Path("demo/models/clip.json")
STILLS = range(30_000)
STEPS = 2_000
_BATCH, _WARMUP, _LR, _DECAY = 256, 150, 1e-3, 0.1
_LARGEST_SCALE = math.log(100)  # as CLIP caps it


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="file of weights to write (.safetensors)")
    parser.add_argument("--stills", type=int, default=len(STILLS))
    parser.add_argument("--steps", type=int, default=STEPS)
    options = parser.parse_args()
    model = train(pairs(STILLS[: options.stills]), options.steps)
    save_file({name: tensor.half().contiguous() for name, tensor in model.state_dict().items()}, options.out)
    print(f"wrote {options.out}, {options.out.stat().st_size / 1e6:.1f} MB")


def train(shown: Pairs, steps: int) -> Any:
    """open_clip's model of `MODEL`, trained from random weights."""
    loaded = encoder_weights.load(EncoderSettings(model=str(MODEL), pretrained="random", crop="squash"))
    model = loaded.model.train().requires_grad_(True)
    preprocess = model.visual.preprocess_cfg
    optimizer = adamw(model, _LR, _DECAY, betas=(0.9, 0.98), eps=1e-6)
    rate = schedule(optimizer, _WARMUP, steps)
    views = torch.from_numpy(shown.views)
    numbers, ids = _tokenize_captions(shown.captions, loaded.tokenizer)
    dice = torch.Generator().manual_seed(0)
    progress = Progress("pretrain encoder", steps, "steps")
    order = torch.empty(0, dtype=torch.long)
    for _ in range(steps):
        if len(order) < _BATCH:
            order = torch.randperm(len(views), generator=dice)
        rows, order = order[:_BATCH], order[_BATCH:]
        caption = numbers[rows, torch.randint(CAPTIONS, (_BATCH,), generator=dice)]
        flipped = torch.rand(_BATCH, generator=dice) < 0.5
        seen = torch.where(flipped[:, None, None, None], views[rows].flip(2), views[rows])
        pixels = normalise(seen, preprocess["mean"], preprocess["std"])
        # torch's own attention kernel for CPUs is slow backwards.
        with sdpa_kernel(SDPBackend.MATH), torch.autocast("cpu", dtype=torch.bfloat16):
            image = model.encode_image(pixels, normalize=True)
            text = model.encode_text(ids[caption], normalize=True)
            loss = contrastive(image.float(), text.float(), model.logit_scale.exp(), caption)
            loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        rate.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, _LARGEST_SCALE)
        progress.advance(1)
    return model.eval()


def contrastive(image_BD: Tensor, text_BD: Tensor, scale: Tensor, caption_B: Tensor) -> Tensor:
    """Symmetric cross-entropy over the batch; pairs with the same caption share the target probability equally."""
    logits_BB = scale * image_BD @ text_BD.T
    same_BB = (caption_B[:, None] == caption_B).float()
    target_BB = same_BB / same_BB.sum(1, keepdim=True)
    cross_entropy = torch.nn.functional.cross_entropy
    return (cross_entropy(logits_BB, target_BB) + cross_entropy(logits_BB.T, target_BB)) / 2


def _tokenize_captions(captions: list[list[str]], tokenizer: Any) -> tuple[Tensor, Tensor]:
    """The number of each pair's captions [N, CAPTIONS], and the token ids of each number [captions, length]."""
    numbers: dict[str, int] = {}
    of_pairs = [[numbers.setdefault(text, len(numbers)) for text in three] for three in captions]
    return torch.tensor(of_pairs), tokenizer(list(numbers))


if __name__ == "__main__":
    main()
