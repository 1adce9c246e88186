"""Any mmdet detector as a function of frames, many in one forward.

mmdet's own `inference_detector` runs a list of images one by one; here the same test pipeline feeds
`model.test_step` with a batch. Frames are batched only with frames that the pipeline brings to the same size: mmdet
pads a batch to its largest image, and then a frame's boxes would depend on its company.
"""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from zsstad_core.errors import ModelError, UserError
from zsstad_core.frozen import checkpoints, mmcv_ops
from zsstad_core.frozen.detector_config import resolve_config
from zsstad_core.frozen.frame_boxes import PERSON, FrameBoxes, keep
from zsstad_core.settings.frozen import Detector as DetectorSettings

__all__ = ["Detector", "FrameBoxes", "Loaded", "inside_mmdet", "keep", "load"]

logger = logging.getLogger(__name__)

_NOISE = [
    "invalid escape sequence",  # mmdet's docstrings, when Python compiles them
    ".*torch.cuda.amp",
    ".*torch.meshgrid",
    ".*torch.jit",
    ".*pkgutil.find_loader",
    "pkg_resources is deprecated",
    ".*MultiScaleDeformableAttention.* has been moved",
]


class Loaded(NamedTuple):
    """mmdet's model with the checkpoint's weights, on its device; its classes by label and the checkpoint's SHA-256.

    cfg: the parsed config. pipeline: its test pipeline for arrays, {img: BGR uint8 [H, W, 3], img_id, ...} -> inputs,
    data_samples; annotated boxes (`gt_bboxes`) go through it as well.
    """

    model: Any
    cfg: Any
    pipeline: Any
    classes: tuple[str, ...]
    weights: str


def load(settings: DetectorSettings, device: str) -> Loaded:
    """The model that the settings name. Raises as `Detector`."""
    config, path = resolve_config(settings.config), checkpoints.fetch(settings.checkpoint)
    checkpoint = checkpoints.read(path)
    mmcv_ops.bridge()
    with inside_mmdet():
        cfg, model, pipeline = _build(config)
    _load_weights(model, checkpoint.weights, f"{path}: does not fit {config}")
    # Convolutions are faster so, on CPUs and GPUs; the weights' layout decides that of what they make.
    model.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    classes = checkpoint.classes or _configured_classes(cfg, model, path)
    if PERSON not in classes:
        raise ModelError(f"{path}: finds {', '.join(classes[:5])}..., but a detector of persons is wanted")
    return Loaded(model, cfg, pipeline, classes, checkpoints.digest(path))


class Detector:
    """A detector of mmdet, frozen.

    classes: its class names, by label; "person" is one of them.
    weights: SHA-256 of the checkpoint file, hex.

    The config's own test_cfg decides what the model gives at all (score_thr is 0.05 for Faster R-CNN, 0.01 for YOLOX,
    0.001 for RTMDet; NMS and the number of boxes as well).

    Raises MissingFileError where the config or checkpoint is not there, ModelError where they do not fit each other,
    mmdet cannot build the model, or there is no class "person".
    """

    classes: tuple[str, ...]
    weights: str

    def __init__(self, settings: DetectorSettings, device: str = "cpu") -> None:
        loaded = load(settings, device)
        self._batch, self._pipeline = settings.batch, loaded.pipeline
        self._model: Any = loaded.model.eval()
        self.classes, self.weights = loaded.classes, loaded.weights
        _warn_of_thresholds(settings, loaded.cfg)

    def __call__(self, frames: Sequence[np.ndarray]) -> list[FrameBoxes]:
        """All boxes of each frame. frames: RGB uint8 [H, W, 3] of any sizes; `settings.batch` of them go together.

        Where GPU memory does not suffice the batch is halved, for good; raises ModelError where one frame is too much.
        """
        boxes: list[FrameBoxes] = []
        while len(boxes) < len(frames):
            part = frames[len(boxes) : len(boxes) + self._batch]
            found = self._detect(part)
            if found is None:
                self._batch = self._smaller(len(part))
                continue
            boxes += found
        return boxes

    def _detect(self, frames: Sequence[np.ndarray]) -> list[FrameBoxes] | None:
        """The boxes of one batch, or None where GPU memory does not suffice."""
        prepared = [self._pipeline({"img": frame[..., ::-1].copy(), "img_id": 0}) for frame in frames]  # BGR
        boxes: dict[int, FrameBoxes] = {}
        for same_size in _by_size(prepared):
            batch = {key: [prepared[i][key] for i in same_size] for key in ("inputs", "data_samples")}
            try:
                with _quiet(), torch.inference_mode():
                    results = self._model.test_step(batch)
            except torch.OutOfMemoryError:
                return None
            boxes |= {
                i: _frame_boxes(result.pred_instances, frames[i]) for i, result in zip(same_size, results, strict=True)
            }
        return [boxes[i] for i in range(len(frames))]

    def _smaller(self, batch: int) -> int:
        if batch == 1:
            raise ModelError("detector: one frame does not fit into GPU memory; free some, or set device to cpu")
        torch.cuda.empty_cache()
        logger.warning("detector: %d frames do not fit into GPU memory, going on with %d", batch, batch // 2)
        return batch // 2


def _by_size(prepared: Sequence[dict[str, Any]]) -> list[list[int]]:
    groups: dict[tuple[int, ...], list[int]] = {}
    for i, sample in enumerate(prepared):
        groups.setdefault(tuple(sample["inputs"].shape), []).append(i)
    return list(groups.values())


def _frame_boxes(found: Any, frame: np.ndarray) -> FrameBoxes:
    height, width = frame.shape[:2]
    xyxy = found.bboxes.float().cpu().numpy()  # [N, 4]
    return FrameBoxes(
        np.clip(xyxy, 0, np.array([width, height, width, height], np.float32)),
        found.scores.float().cpu().numpy(),
        found.labels.cpu().numpy().astype(np.int64),
    )


def _build(config: Path) -> tuple[Any, nn.Module, Any]:
    """The parsed config, the model with random weights, and its test pipeline for arrays."""
    import mmdet.datasets
    import mmdet.models  # noqa: F401
    from mmcv.transforms import Compose
    from mmdet.registry import MODELS
    from mmdet.utils import get_test_pipeline_cfg
    from mmengine.config import Config
    from mmengine.model import revert_sync_batchnorm

    try:
        cfg = Config.fromfile(config)
        if "backbone" in cfg.model:
            cfg.model.backbone.init_cfg = None  # the checkpoint has these weights; do not fetch them from elsewhere
        model: nn.Module = revert_sync_batchnorm(MODELS.build(cfg.model))
        _, *steps = get_test_pipeline_cfg(cfg)
        steps = [step for step in steps if "Annotations" not in step.type]
        return cfg, model, Compose([{"type": "LoadImageFromNDArray"}, *steps])
    except UserError:
        raise
    except Exception as error:  # a config is code: it can fail in any way
        line = next(iter(str(error).splitlines()), "")
        raise ModelError(f"{config}: mmdet cannot build this detector ({type(error).__name__}: {line})") from error


def _load_weights(model: nn.Module, weights: dict[str, torch.Tensor], where: str) -> None:
    try:
        missing, unknown = model.load_state_dict(weights, strict=False)
    except RuntimeError as error:  # the sizes differ
        raise ModelError(f"{where}: {str(error).splitlines()[1].strip()} Take the config's own checkpoint") from error
    # Counters of training, its averaged twin of the model, and what the config gives anyway.
    missing = [key for key in missing if not key.endswith("num_batches_tracked")]
    unknown = [key for key in unknown if not key.startswith(("ema_", "data_preprocessor."))]
    wrong = [f"{len(keys)} keys {how} ({', '.join(keys[:3])})" for keys, how in
             ((missing, "missing"), (unknown, "unknown")) if keys]  # fmt: skip
    if wrong:
        raise ModelError(f"{where}: {', '.join(wrong)}; take the config's own checkpoint")


def _configured_classes(cfg: Any, model: Any, path: Path) -> tuple[str, ...]:
    """Class names for a checkpoint that does not name them: the config's, or else COCO's."""
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


def _warn_of_thresholds(settings: DetectorSettings, cfg: Any) -> None:
    test = cfg.model.get("test_cfg") or {}
    floor = test.get("rcnn", test).get("score_thr", 0)
    config = resolve_config(settings.config)
    for name in ("person_score", "object_score"):
        if (ours := getattr(settings, name)) < floor:
            logger.warning("detector.%s is %g, but %s gives no box below its own %g", name, ours, config.name, floor)


@contextmanager
def inside_mmdet() -> Iterator[None]:
    """While the block runs, mmengine finds mmdet's names, and what the libraries always warn of is not said."""
    with _quiet(), _mmdet_scope():
        yield


@contextmanager
def _mmdet_scope() -> Iterator[None]:
    """mmengine looks names up in mmdet's registries inside, and wherever it did before afterwards."""
    from mmengine.registry import DefaultScope

    with DefaultScope.overwrite_default_scope("mmdet"):
        yield


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        for message in _NOISE:
            warnings.filterwarnings("ignore", message)
        yield
