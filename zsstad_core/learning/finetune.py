"""Fine-tuning of a detector on annotated persons: mmdet's model and losses in the training loop of the heads.

Frames go through the same pipeline as in detection (the config's own test pipeline, so the same size), and every second
one is mirrored; the augmentations of training from scratch (mosaic, mixup, changes of scale) are left out. Batch norms
keep their running statistics, which a few frames of a few clips would spoil.

Paper 002 publishes only that its fine-tuning takes 10 epochs.
"""

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import batched
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from zsstad_core.errors import ModelError, UserError
from zsstad_core.extraction.footage import Reading, unchecked
from zsstad_core.frozen.detector.mmdet.model import Loaded, load
from zsstad_core.frozen.detector.mmdet.scope import inside_mmdet
from zsstad_core.learning.checkpoints import Checkpoints
from zsstad_core.learning.finetune_frames import Order, Sample, SampleFrame, read_frames
from zsstad_core.learning.loop import Losses, optimise
from zsstad_core.learning.schedule import Schedule
from zsstad_core.learning.watch import Watch
from zsstad_core.learning.weights import as_bytes
from zsstad_core.read_ahead import prefetch
from zsstad_core.settings.frozen import Detector as DetectorSettings
from zsstad_core.settings.frozen import Finetune
from zsstad_core.video import VideoSource

FILE = "detector.pth"
_MOMENTUM, _CLIP, _WARMUP = 0.9, 10.0, 0.05  # _WARMUP is a share of the steps
type Batch = dict[str, list[Any]]  # mmdet's inputs and data_samples, one a frame


def finetune(
    settings: DetectorSettings,
    samples: Sequence[Sample],
    videos: Mapping[str, VideoSource],
    device: str,
    work_dir: Path,
    log: Callable[[str], None] = print,
    reading: Reading = unchecked,
) -> tuple[bytes, str]:
    """Train the detector's checkpoint further on `samples`.

    Returns a checkpoint file with the new weights and the class names, and the SHA-256 of the initial checkpoint. The
    head keeps its classes, and all boxes are persons: everything else in the frames becomes background, so that only
    the persons that the trained detector finds are of use (`zsstad_core.frozen.detector.persons_and_objects`).

    Checkpoints and TensorBoard's files go to `work_dir`; where it holds checkpoints of this training, training
    continues from the newest whole one. On a CPU with the same number of threads the weights then equal those of an
    uninterrupted training to the last bit: order, mirroring and the detector's own sampling depend on (seed, iteration)
    alone.

    Raises as `load`; ModelError where mmdet cannot train this model or a batch does not fit into GPU memory; DataError
    where a clip does not decode, or changes (`reading`); CacheError where `work_dir` holds another training; UserError
    where the loss is not finite.
    """
    tuning = settings.finetune
    loaded = load(settings, device)
    steps = math.ceil(tuning.epochs * len(samples) / tuning.batch)
    where, way_out = torch.device(device), f"lower detector.finetune.lr ({tuning.lr})"
    with closing(_Batches(loaded, settings, samples, videos, reading)) as batches, inside_mmdet():
        _set_to_train(loaded.model)
        try:
            optimise(
                loaded.model,
                lambda iteration: _losses(loaded.model, batches.batch(iteration), settings.config, way_out),
                _optimiser(loaded.model, tuning),
                _schedule(steps),
                Checkpoints(work_dir, _identity(loaded, tuning, samples), log, "finetune"),
                Watch(work_dir / "log", steps, tuning.log_every, log, way_out, "finetune"),
                checkpoint_every=tuning.checkpoint_every,
                seed=tuning.seed,
                device=where,
                clip_norm=_CLIP,
            )
        except torch.OutOfMemoryError as error:
            raise ModelError(
                f"finetune: {tuning.batch} frames do not fit into GPU memory; lower detector.finetune.batch"
            ) from error
    weights = {name: w.detach().cpu().contiguous().clone() for name, w in loaded.model.state_dict().items()}
    content = {"meta": {"dataset_meta": {"classes": loaded.classes}}, "state_dict": weights}
    return as_bytes(content), loaded.weights


def _set_to_train(detector: Any) -> None:
    """Set training mode, except that batch norms keep their statistics and batches their size in detection."""
    detector.train()
    detector.data_preprocessor.batch_augments = None  # YOLOX and RTMDet would draw another size for each batch
    for module in detector.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
        if hasattr(module, "use_torchvision"):  # RoIAlign: the bridged operator has no backward
            module.use_torchvision = True


def _losses(detector: Any, batch: Any, config: str, way_out: str) -> Losses:
    """mmdet's losses of a prepared batch; other values that it reports, such as an accuracy, are left out, as in
    mmengine."""
    try:
        found: dict[str, Any] = detector.loss(batch["inputs"], batch["data_samples"])
    except (UserError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # the config's model can raise anything
        if not all(torch.isfinite(weight).all() for weight in detector.parameters()):
            raise UserError(f"finetune: the weights are not finite any more; {way_out}") from error
        line = next(iter(str(error).splitlines()), "")
        raise ModelError(
            f"{config}: mmdet cannot train this detector ({type(error).__name__}: {line}); choose another "
            "one, or set detector.finetune.epochs=0"
        ) from error
    terms = {name: _scalar(value) for name, value in found.items() if "loss" in name}
    return Losses(terms, rows=len(batch["data_samples"]))


def _scalar(loss: Tensor | list[Tensor]) -> Tensor:
    """A loss as one number; it may come as a list with a loss for each level of a feature pyramid."""
    return loss.mean() if isinstance(loss, Tensor) else sum((level.mean() for level in loss), torch.tensor(0.0))


class _Batches:
    """Batches by iteration, which a thread decodes and resizes ahead of the training."""

    def __init__(
        self,
        loaded: Loaded,
        settings: DetectorSettings,
        samples: Sequence[Sample],
        videos: Mapping[str, VideoSource],
        reading: Reading,
    ) -> None:
        self._loaded, self._tuning, self._samples, self._videos = loaded, settings.finetune, samples, videos
        self._reading = reading
        self._order = Order(samples, settings.finetune.seed)
        self._person = loaded.classes.index(settings.person_class)
        self._ahead: Iterator[Batch] | None = None

    def batch(self, iteration: int) -> Any:
        """The batch of an iteration. The caller requests the iterations in order."""
        if self._ahead is None:
            self._ahead = prefetch(self._read_batches(iteration))
        return self._loaded.model.data_preprocessor(next(self._ahead), True)

    def close(self) -> None:
        if self._ahead is not None:
            self._ahead.close()  # type: ignore[attr-defined]  # a generator

    def _read_batches(self, iteration: int) -> Iterator[Batch]:
        first, end = iteration * self._tuning.batch, self._tuning.epochs * len(self._samples)
        frames = read_frames(self._samples, self._order, self._videos, first, end, self._reading)
        for some in batched(frames, self._tuning.batch):  # the last batch may be smaller
            packed = [self._pack(frame) for frame in some]
            yield {key: [one[key] for one in packed] for key in ("inputs", "data_samples")}

    def _pack(self, frame: SampleFrame) -> dict[str, Any]:
        from mmdet.structures.bbox import HorizontalBoxes

        place, sample, image = frame
        boxes = sample.boxes
        if np.random.default_rng([self._tuning.seed, 1, place]).random() < 0.5:
            image, boxes = image[:, ::-1], mirror_boxes(boxes, image.shape[1])
        result: dict[str, Any] = self._loaded.pipeline(
            {
                "img": image[..., ::-1].copy(),  # BGR
                "img_id": 0,
                "gt_bboxes": HorizontalBoxes(boxes.copy()),
                "gt_bboxes_labels": np.full(len(boxes), self._person, np.int64),
                "gt_ignore_flags": np.zeros(len(boxes), bool),
            }
        )
        return result


def mirror_boxes(boxes: np.ndarray, width: int) -> np.ndarray:
    """Boxes [N, 4] of a frame after the frame, `width` pixels wide, is mirrored left to right."""
    x1, y1, x2, y2 = boxes.T
    return np.stack([width - x2, y1, width - x1, y2], axis=1)


def _optimiser(model: nn.Module, tuning: Finetune) -> torch.optim.Optimizer:
    trained = [weight for weight in model.parameters() if weight.requires_grad]  # configs freeze the first stages
    return torch.optim.SGD(trained, lr=tuning.lr, momentum=_MOMENTUM, weight_decay=tuning.weight_decay)


def _schedule(steps: int) -> Schedule:
    """Linear warm-up from a tenth of the rate over the first twentieth of the steps, then a cosine down to zero."""
    return Schedule(steps, round(_WARMUP * steps), warmup_factor=0.1, cosine=True)


def _identity(loaded: Loaded, tuning: Finetune, samples: Sequence[Sample]) -> dict[str, Any]:
    """What a checkpoint must have in common with the training that continues from it."""
    rows = hashlib.sha256()
    for sample in samples:
        rows.update(f"{sample.video_id} {sample.frame} {sample.boxes.tolist()}\n".encode())
    return {"settings": tuning.content(), "started from": loaded.weights, "samples": rows.hexdigest()}
