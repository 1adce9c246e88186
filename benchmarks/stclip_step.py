"""Compare ST-CLIP's training step, forward and backward, with the published way of computing it, in one run.

    python -m benchmarks.stclip_step                     ViT-S/16: the ratio, and how a step grows
    python -m benchmarks.stclip_step --model ViT-B-16    the papers' size
    python -m benchmarks.stclip_step --no-growth         the ratio alone

The published way is the plain version of the tests (tests/methods/stclip/plain.py): one frame at a time, one person at
a time, the whole frame encoded once per person, nothing batched. It has the same weights (random; speed does not depend
on them) and the same views, and its scores and gradients are compared with ours here. It does without parts of the
published step: decoding, cropping, encoding the class names in every step, and 32 video frames that nothing reads.

Rows marked `other numbers` change the results: bf16 by rounding, frozen crops by a setting
(heads.stclip.lora_in_crops) that keeps LoRA out of crops and whole frames, whose tokens then come from the cache.
"""

import argparse
import logging
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import open_clip
import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from tests.methods.stclip import plain
from tests.methods.stclip.made_views import MEAN, STD, made_windows, with_frozen_tokens
from zsstad_core.frozen.device import choose_device
from zsstad_core.frozen.tower import Tower
from zsstad_core.methods.common.features import Batch, FrameViews
from zsstad_core.methods.common.labels import Labels, one_text_labels
from zsstad_core.methods.common.losses import classification_loss
from zsstad_core.methods.stclip.model import Stclip
from zsstad_core.methods.stclip.settings import Stclip as StclipSettings
from zsstad_core.settings.training import Training

GIB = 2**30


@dataclass
class Step:
    """One way to compute a training step: a head, a batch and its labels."""

    head: Stclip
    batch: Batch[FrameViews]
    labels: Labels
    published: bool = False
    bf16: bool = False

    def logits(self) -> Tensor:
        if self.published:
            frames, text_KD = range(self.batch.rows.samples), self.labels.text_MD
            return torch.cat([plain.logits(self.head, self.batch, text_KD, frame) for frame in frames])
        with torch.autocast(self.labels.text_MD.device.type, torch.bfloat16, enabled=self.bf16):
            logits_NK: Tensor = self.head(self.batch, self.labels)
            return logits_NK

    def run(self) -> None:
        """Forward pass, loss and backward pass: the gradients of all trainable weights."""
        self.head.zero_grad()
        logits_NK = self.logits()
        class_N = torch.zeros(len(logits_NK), dtype=torch.long, device=logits_NK.device)
        classification_loss(logits_NK, class_N, Training()).backward()  # type: ignore[no-untyped-call]

    def gradient(self) -> Tensor:
        self.run()
        return torch.cat([p.grad.flatten() for p in self.head.parameters() if p.grad is not None])


def main() -> None:
    """Measure and print the ratios, and the growth of a step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="ViT-S-16", help="open_clip model, random weights, QuickGELU")
    parser.add_argument("--frames", type=int, default=8, help="frames of a batch")
    parser.add_argument("--persons", type=int, default=3, help="persons of a frame")
    parser.add_argument("--labels", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=3, help="steps of each way; the fastest counts")
    parser.add_argument("--no-growth", action="store_true", help="leave out how a step grows with persons and window")
    parser.add_argument("--processor-time", action="store_true", help="not the clock's: for a CPU that others use too")
    options = parser.parse_args()
    clock = time.process_time if options.processor_time else time.perf_counter
    device = choose_device("auto")
    print(f"{device}, {torch.get_num_threads()} threads, {platform.machine()}, torch {torch.__version__}")
    sizes = f"{options.frames} frames of {options.persons} persons, {options.labels} labels"
    print(f"{options.model}, RANDOM weights, {sizes}")

    def step(persons: int, window: int = 9, **changes: bool) -> Step:
        return made_step(options.model, device, options.frames, persons, window, options.labels, **changes)

    compare(step(options.persons), step(options.persons, lora_in_crops=False), options.rounds, clock)
    if not options.no_growth:
        print("\npersons of a frame   s a step   GiB kept for the backward pass")
        for persons in (1, 3, 6, 10):
            grown(f"{persons:18d}", step(persons), options.rounds, clock)
        grown(f"{10:5d}, checkpointed", step(10, checkpointing=True), options.rounds, clock)
        print("\nframes of a window   s a step   GiB kept for the backward pass")
        for window in (1, 5, 9, 17):
            grown(f"{window:18d}", step(options.persons, window), options.rounds, clock)


def compare(ours: Step, frozen_crops: Step, rounds: int, clock: Callable[[], float]) -> None:
    """Print seconds and ratios of all ways, measured in turn, and the differences of scores and gradients."""
    ways = {
        "published": Step(ours.head, ours.batch, ours.labels, published=True),
        "ours": ours,
        "ours, bf16": Step(ours.head, ours.batch, ours.labels, bf16=True),
        "ours, frozen crops": frozen_crops,
        "ours, frozen crops, bf16": Step(frozen_crops.head, frozen_crops.batch, frozen_crops.labels, bf16=True),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            seconds[name].append(seconds_of(way.run, clock))
    published_s = min(seconds["published"])
    for name, taken in seconds.items():
        best_s = min(taken)
        other = "" if name in ("published", "ours") else "   (other numbers)"
        print(f"{name:26s} {best_s:8.2f} s   x {published_s / best_s:5.2f}{other}")
    print(
        f"multiplications of the forward pass: published {macs(ways['published']) / 1e9:.1f} G, ours "
        f"{macs(ours) / 1e9:.1f} G, with frozen crops {macs(frozen_crops) / 1e9:.1f} G"
    )
    with torch.no_grad():
        wanted_NK = ways["published"].logits()
        apart = {name: (ways[name].logits() - wanted_NK).abs().max().item() for name in ("ours", "ours, bf16")}
    gradients = {name: ways[name].gradient() for name in ("published", "ours", "ours, bf16")}
    for name, logit in apart.items():
        share = ((gradients[name] - gradients["published"]).norm() / gradients["published"].norm()).item()
        print(f"{name}: scores (before softmax) within {logit:.1e}, gradient within {share:.1e} of its length")


def macs(step: Step) -> float:
    """Multiplications in a forward pass."""
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad(), sdpa_kernel(SDPBackend.MATH):  # the fused kernels of a CPU are not counted
        step.logits()
    return counter.get_total_flops() / 2


def grown(label: str, step: Step, rounds: int, clock: Callable[[], float]) -> None:
    """Print seconds and kept memory of a step of one size."""
    seconds = min(seconds_of(step.run, clock) for _ in range(rounds))
    print(f"{label:20s} {seconds:8.2f}   {kept_bytes(step) / GIB:8.2f}", flush=True)


def kept_bytes(step: Step) -> int:
    """Bytes that the forward pass keeps for the backward pass, without weights; on any device."""
    weights = {t.untyped_storage().data_ptr() for t in [*step.head.parameters(), *step.head.buffers()]}
    kept: dict[int, int] = {}
    alive: list[Tensor] = []

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
            alive.append(tensor)  # so that no address is used twice
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        step.logits()
    return sum(kept.values())


def seconds_of(run: Callable[[], None], clock: Callable[[], float]) -> float:
    """Seconds that `run` takes on a clock."""
    start = clock()
    run()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return clock() - start


def made_step(model: str, device: str, frames: int, persons: int, window: int, labels: int, **changes: bool) -> Step:
    """A head of `model` with random weights, and a batch of frames of different clips, as in training."""
    own = StclipSettings(frames_before=window // 2, frames_after=window // 2, **changes)  # type: ignore[arg-type]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        logging.disable(logging.WARNING)  # open_clip warns that weights are random, as the first line here says already
        visual = open_clip.create_model(model, force_quick_gelu=True, pretrained_text=False).visual
        logging.disable(logging.NOTSET)
        text_KD = torch.randn(labels, visual.proj.shape[1])
    tower = Tower(visual, MEAN, STD, lora_rank=own.lora_rank, checkpointing=own.checkpointing)
    head = Stclip(own, tower, seed=0)
    with torch.no_grad():
        for name, weight in head.named_parameters():
            if name.endswith("b_OR"):  # at its initial 0, half of LoRA's gradients would be zero
                weight.normal_(std=0.01)
    batch = spread(made_windows([persons] * frames, side=tower.size, times=window), window)
    if not own.lora_in_crops:
        batch = with_frozen_tokens(batch, Tower(visual, MEAN, STD))
    texts = one_text_labels([f"class {k}" for k in range(labels)], text_KD).to(device)
    return Step(head.to(device), on(batch, device), texts)


def spread(batch: Batch[FrameViews], window: int) -> Batch[FrameViews]:
    """The batch with windows that have no view in common."""
    views, frames = batch.features, batch.rows.samples
    features = replace(
        views,
        view_VSSC=views.view_VSSC[views.window_BT].flatten(0, 1),
        window_BT=torch.arange(frames * window).view(frames, window),
        current_B=torch.arange(frames) * window + window // 2,
    )
    return Batch(batch.rows, features)


def on(batch: Batch[FrameViews], device: str) -> Batch[FrameViews]:
    """The batch on a device."""
    views = {name: tensor.to(device) for name, tensor in vars(batch.features).items()}
    return Batch(batch.rows.to(device), FrameViews(**views))


if __name__ == "__main__":
    main()
