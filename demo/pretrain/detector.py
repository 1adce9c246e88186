"""Train the demo's detector on stills and write its weights: `python -m demo.pretrain.detector --out FILE`.

Model, losses and transforms are mmdet's, by demo/models/detector.py; the training loop is our own, because all stills
are in memory.
"""

import argparse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch

from demo.pretrain.boxed import BoxedStill, as_sample, boxed_stills
from demo.pretrain.optimiser import adamw, schedule
from zsstad_core.frozen.detector.mmdet import mmcv_ops
from zsstad_core.progress import Progress

CONFIG = Path("demo/models/detector.py")
STILLS = range(1_000_000, 1_012_000)  # none that the encoder has seen
STEPS = 3_600
_BATCH, _WARMUP, _LR, _DECAY = 16, 200, 2e-3, 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="file of weights to write (.pth)")
    parser.add_argument("--stills", type=int, default=len(STILLS))
    parser.add_argument("--steps", type=int, default=STEPS)
    options = parser.parse_args()
    model, classes = train(boxed_stills(STILLS[: options.stills]), options.steps)
    # Vectors (norms, biases) stay float32: they are few, and a variance can be small.
    weights = {name: w.half() if w.ndim > 1 else w.clone() for name, w in model.state_dict().items()}
    weights = {name: w for name, w in weights.items() if not name.startswith("data_preprocessor.")}
    torch.save({"meta": {"dataset_meta": {"classes": classes}}, "state_dict": weights}, options.out)
    print(f"wrote {options.out}, {options.out.stat().st_size / 1e6:.1f} MB")


def train(stills: list[BoxedStill], steps: int) -> tuple[Any, tuple[str, ...]]:
    """mmdet's model of `CONFIG`, trained from random weights, and its classes."""
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 mmdet's transforms use this generator
    model, classes, transforms = build_model()
    model.train().to(memory_format=torch.channels_last)
    optimizer = adamw(model, _LR, _DECAY)
    rate = schedule(optimizer, _WARMUP, steps)
    dice = torch.Generator().manual_seed(0)
    progress = Progress("pretrain detector", steps, "steps")
    order: list[int] = []
    with ThreadPoolExecutor(1) as ahead:

        def made() -> list[dict[str, Any]]:
            nonlocal order
            if len(order) < _BATCH:
                order = torch.randperm(len(stills), generator=dice).tolist()
            rows, order = order[:_BATCH], order[_BATCH:]
            samples = (transforms(as_sample(stills[row], row, classes)) for row in rows)
            return [sample for sample in samples if sample is not None]

        waiting = ahead.submit(made)
        for _ in range(steps):
            samples = waiting.result()
            waiting = ahead.submit(made)
            loss = _loss(model, samples)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
            optimizer.step()
            optimizer.zero_grad()
            rate.step()
            progress.advance(1)
    return model.eval(), classes


def build_model() -> tuple[Any, tuple[str, ...], Any]:
    """mmdet's model of `CONFIG` with random weights, its classes, and the transforms of `train_pipeline`."""
    mmcv_ops.bridge()
    import mmdet.datasets
    import mmdet.models  # noqa: F401
    from mmcv.transforms import Compose
    from mmdet.registry import MODELS
    from mmengine.config import Config
    from mmengine.logging import MMLogger
    from mmengine.registry import DefaultScope

    MMLogger.get_instance("mmengine", log_level="WARNING")  # init_weights would log every weight
    with DefaultScope.overwrite_default_scope("mmdet"):
        config = Config.fromfile(CONFIG)
        model = MODELS.build(config.model)
        model.init_weights()
        return model, tuple(config.classes), Compose(config.train_pipeline)


def _loss(model: Any, samples: list[dict[str, Any]]) -> torch.Tensor:
    """The loss of `model.loss`, with the network in bf16 and the losses in float32."""
    from mmdet.models.utils import unpack_gt_instances

    batch = {key: [sample[key] for sample in samples] for key in ("inputs", "data_samples")}
    batch = model.data_preprocessor(batch, training=True)
    pixels = batch["inputs"].contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scores, distances = model.bbox_head(model.extract_feat(pixels))
    truth, ignored, metas = unpack_gt_instances(batch["data_samples"])
    found = [[level.float() for level in levels] for levels in (scores, distances)]
    losses = model.bbox_head.loss_by_feat(*found, truth, metas, ignored)
    total: torch.Tensor = sum(torch.as_tensor(part) for parts in losses.values() for part in parts)  # type: ignore[assignment]
    return total


if __name__ == "__main__":
    main()
