"""Builds a model of mmdet from its config, with the weights of its checkpoint."""

from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from zsstad_core.errors import ModelError, UserError
from zsstad_core.frozen.detector.class_names import person_index
from zsstad_core.frozen.detector.mmdet import checkpoints
from zsstad_core.frozen.detector.mmdet.classes import class_names, refuse_without_boxes
from zsstad_core.frozen.detector.mmdet.config import resolve_config
from zsstad_core.frozen.detector.mmdet.scope import inside_mmdet
from zsstad_core.settings.frozen import Detector as DetectorSettings


class Loaded(NamedTuple):
    """mmdet's model with the checkpoint's weights, on its device.

    classes: the model's own class names by label. weights: SHA-256 of the checkpoint. cfg: the parsed config.
    pipeline: the config's test pipeline for arrays, {img: BGR uint8 [H, W, 3], img_id, ...} -> inputs, data_samples;
    annotated boxes (`gt_bboxes`) go through it as well.
    """

    model: Any
    cfg: Any
    pipeline: Any
    classes: tuple[str, ...]
    weights: str


def load(settings: DetectorSettings, device: str) -> Loaded:
    """The model that the settings name, on a torch device.

    Raises MissingFileError where the config or checkpoint does not exist, ModelError where they do not fit each other,
    mmdet cannot build the model, the class names are not as many as its head has, or none of them is the person.
    """
    config, path = resolve_config(settings.config), checkpoints.fetch(settings.checkpoint)
    checkpoint = checkpoints.read(path)
    with inside_mmdet():
        cfg, model, pipeline = _build(config)
    refuse_without_boxes(model, str(config))
    _load_weights(model, checkpoint.weights, f"{path}: does not fit {config}")
    # Convolutions are faster in this layout, on CPUs and GPUs; the layout of the weights determines that of the output.
    model.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    classes = class_names(cfg, model, checkpoint.classes, str(path))
    person_index(classes, settings.person_class, str(path))
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
