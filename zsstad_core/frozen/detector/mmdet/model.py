"""Builds a model of mmdet from its config, with the weights of its checkpoint."""

from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from zsstad_core.errors import ModelError, UserError
from zsstad_core.frozen.detector.frame_boxes import PERSON
from zsstad_core.frozen.detector.mmdet import checkpoints
from zsstad_core.frozen.detector.mmdet.config import resolve_config
from zsstad_core.frozen.detector.mmdet.scope import inside_mmdet
from zsstad_core.settings.frozen import Detector as DetectorSettings


class Loaded(NamedTuple):
    """mmdet's model with the checkpoint's weights, on its device.

    classes: class names by label. weights: SHA-256 of the checkpoint. cfg: the parsed config. pipeline: the config's
    test pipeline for arrays, {img: BGR uint8 [H, W, 3], img_id, ...} -> inputs, data_samples; annotated boxes
    (`gt_bboxes`) go through it as well.
    """

    model: Any
    cfg: Any
    pipeline: Any
    classes: tuple[str, ...]
    weights: str


def load(settings: DetectorSettings, device: str) -> Loaded:
    """The model that the settings name, on a torch device.

    Raises MissingFileError where the config or checkpoint does not exist, ModelError where they do not fit each other,
    mmdet cannot build the model, or there is no class "person".
    """
    config, path = resolve_config(settings.config), checkpoints.fetch(settings.checkpoint)
    checkpoint = checkpoints.read(path)
    with inside_mmdet():
        cfg, model, pipeline = _build(config)
    _load_weights(model, checkpoint.weights, f"{path}: does not fit {config}")
    # Convolutions are faster in this layout, on CPUs and GPUs; the layout of the weights determines that of the output.
    model.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    classes = checkpoint.classes or _configured_classes(cfg, model, path)
    if PERSON not in classes:
        raise ModelError(f"{path}: finds {', '.join(classes[:5])}..., but a detector of persons is wanted")
    return Loaded(model, cfg, pipeline, classes, checkpoints.digest(path))


def _build(config: Path) -> tuple[Any, nn.Module, Any]:
    """The parsed config, the model with random weights, and its test pipeline for arrays."""
    from mmcv.transforms import Compose
    from mmdet.registry import MODELS
    from mmdet.utils import get_test_pipeline_cfg
    from mmengine.config import Config
    from mmengine.model import revert_sync_batchnorm

    import zsstad_core.frozen.detector.mmdet.libraries  # noqa: F401

    try:
        cfg = Config.fromfile(config)
        if "backbone" in cfg.model:
            cfg.model.backbone.init_cfg = None  # the checkpoint has these weights; do not download them separately
        model: nn.Module = revert_sync_batchnorm(MODELS.build(cfg.model))
        _, *steps = get_test_pipeline_cfg(cfg)
        steps = [step for step in steps if "Annotations" not in step.type]
        return cfg, model, Compose([{"type": "LoadImageFromNDArray"}, *steps])
    except UserError:
        raise
    except Exception as error:  # a config is code: it can raise anything
        line = next(iter(str(error).splitlines()), "")
        raise ModelError(f"{config}: mmdet cannot build this detector ({type(error).__name__}: {line})") from error


def _load_weights(model: nn.Module, weights: dict[str, torch.Tensor], where: str) -> None:
    try:
        missing, unknown = model.load_state_dict(weights, strict=False)
    except RuntimeError as error:  # the sizes differ
        raise ModelError(f"{where}: {str(error).splitlines()[1].strip()} Take the config's own checkpoint") from error
    # Allowed: training's counters, its averaged copy of the model, and preprocessing values that the config gives too.
    missing = [key for key in missing if not key.endswith("num_batches_tracked")]
    unknown = [key for key in unknown if not key.startswith(("ema_", "data_preprocessor."))]
    wrong = [f"{len(keys)} keys {how} ({', '.join(keys[:3])})" for keys, how in
             ((missing, "missing"), (unknown, "unknown")) if keys]  # fmt: skip
    if wrong:
        raise ModelError(f"{where}: {', '.join(wrong)}; take the config's own checkpoint")


def _configured_classes(cfg: Any, model: Any, path: Path) -> tuple[str, ...]:
    """Class names for a checkpoint without class names: the config's, or else COCO's."""
    from mmdet.datasets import CocoDataset

    named = cfg.test_dataloader.dataset.get("metainfo", {}).get("classes") or CocoDataset.METAINFO["classes"]
    box_head = model.roi_head.bbox_head if hasattr(model, "roi_head") else model.bbox_head
    last = box_head[-1] if isinstance(box_head, nn.ModuleList) else box_head
    if len(named) != last.num_classes:
        raise ModelError(
            f"{path}: does not name its {last.num_classes} classes, and they are not COCO's {len(named)}; "
            "name them in the config (test_dataloader.dataset.metainfo.classes)"
        )
    return tuple(named)
