"""Compare iCLIP's training step from cached tokens with the published way, which encodes the batch in every step.

    python -m benchmarks.train_step               a few hundred cached steps, a few published ones, and their ratio
    python -m benchmarks.train_step --all         also all 7,000 iterations of J-HMDB split 1, checkpoints included

Both ways train the same head with the same settings on batches of the same size: 8 frames with one person each and the
objects that touch it. The data has the size of J-HMDB split 1 (464 clips, 15,590 frames); tokens and views are random,
since neither way's speed depends on them. The published way is favoured: frames, persons and objects go through the
encoder as one batch, each once (the published code encodes a frame once more per person, one image at a time), and its
decoding, its memory (which it caches too) and its unused video clip cost nothing here. The class names are encoded in
every step, as in the published code.
"""

import argparse
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from zsstad_core.frozen.device import choose_device
from zsstad_core.frozen.encoder import Encoder
from zsstad_core.learning.bank import Bank
from zsstad_core.learning.frame_features import CachedTokens, FrameFeatures
from zsstad_core.learning.frame_index import FrameIndex
from zsstad_core.learning.order import SampleOrder
from zsstad_core.learning.person_samples import PersonSamples
from zsstad_core.learning.train import train
from zsstad_core.methods.common.features import FrameTokens
from zsstad_core.methods.common.labels import Labels, one_text_labels
from zsstad_core.methods.registry import build, method
from zsstad_core.settings.frozen import Encoder as EncoderSettings
from zsstad_core.settings.pipeline import Settings
from zsstad_core.settings.training import Training

CLIPS, FRAMES, CLASSES, WIDTH = 464, 15_590, 15, 512
OBJECTS = 3  # per frame; on real J-HMDB frames YOLOX-nano finds 2.9 (at most 5, score 0.05) that touch a person
_ROWS = (FRAMES, FRAMES, FRAMES * OBJECTS)  # tokens of frames, persons and objects


def main() -> None:
    """Measure and print the speeds and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=300, help="cached steps")
    parser.add_argument("--published", type=int, default=3, help="published steps")
    parser.add_argument("--all", action="store_true", help="also time all 7,000 iterations")
    parser.add_argument("--model", default="ViT-B-16", help="open_clip model of the published way (random weights)")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"], help="of that encoder")
    options = parser.parse_args()
    device = choose_device("auto")
    print(f"{device}, {torch.get_num_threads()} threads, {platform.machine()}, torch {torch.__version__}")

    bank = synthetic_bank(device)
    labels = labels_of(torch.randn(CLASSES, WIDTH))
    cached_s = cached_step(bank, labels, options.steps)
    print(f"cached     {1 / cached_s:8.1f} it/s   {1000 * cached_s:9.1f} ms a step, the loop's overhead included")
    encoder = Encoder(EncoderSettings(model=options.model, pretrained="random", precision=options.precision), device)
    published_s = published_step(bank, encoder, options.published)
    print(f"published  {1 / published_s:8.3f} it/s   {1000 * published_s:9.1f} ms a step, {encoder.description}")
    print(f"ratio      {published_s / cached_s:8.0f}")
    if options.all:
        seconds = run(bank, labels, Training())
        print(f"all {Training().iterations} iterations: {seconds:.0f} s, its checkpoints included")


def synthetic_bank(device: str) -> Bank[FrameTokens]:
    """A bank of the size of J-HMDB split 1: one person per frame, and objects that touch it."""
    random = np.random.default_rng(0)
    lengths = np.full(CLIPS, FRAMES // CLIPS)
    lengths[: FRAMES - lengths.sum()] += 1
    frames = pd.DataFrame(
        {
            "video_id": np.repeat([f"clip/{i:04}" for i in range(CLIPS)], lengths),
            "frame": np.concatenate([*map(np.arange, lengths)]),
        }
    )
    box = {"x1": 80.0, "y1": 40.0, "x2": 200.0, "y2": 230.0}
    target = np.repeat(np.arange(CLIPS) % CLASSES, lengths)
    objects = frames.loc[frames.index.repeat(OBJECTS)].assign(**box, score=0.5)
    objects["box"] = np.tile(np.arange(1, OBJECTS + 1), len(frames))
    reads = method("iclip").reads(Settings())
    persons = frames.assign(**box, box=0, score=1.0)
    tokens = CachedTokens(*(random.normal(size=(rows, WIDTH)).astype(np.float16) for rows in _ROWS))
    samples = PersonSamples(persons, FrameIndex(frames), reads.slots.persons)
    features = FrameFeatures(reads, samples, tokens, torch.device(device), objects.reset_index(drop=True), seed=0)
    return Bank(samples, features, target)


def labels_of(text_KD: torch.Tensor) -> Labels:
    """Labels of numbered classes with these text tokens."""
    return one_text_labels([f"class_{k}" for k in range(len(text_KD))], text_KD)


def run(bank: Bank[FrameTokens], labels: Labels, settings: Training) -> float:
    """Seconds of a training, from the built head to the weights."""
    head = build(Settings(), WIDTH)
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        start = time.perf_counter()
        train(head, bank, labels, settings, Path(folder), log=lambda _: None)
        return time.perf_counter() - start


def cached_step(bank: Bank[FrameTokens], labels: Labels, steps: int) -> float:
    """Seconds per step, from the difference of a long and a short training: start-up and the last save do not count."""
    short, long = (Training(iterations=n, warmup=n // 2) for n in (20, 20 + steps))
    run(bank, labels, short)  # imports, allocations
    return (run(bank, labels, long) - run(bank, labels, short)) / steps


def published_step(bank: Bank[FrameTokens], encoder: Encoder, steps: int) -> float:
    """Median seconds of a step that first encodes frames, persons and objects of its batch, and the class names."""
    settings = Training()
    head = build(Settings(), encoder.width).to(bank.device)
    optimiser = torch.optim.SGD(
        head.parameter_groups(settings.lr, settings), lr=settings.lr, momentum=settings.momentum, fused=True
    )
    views = np.random.default_rng(0).integers(
        0, 256, (settings.batch * (2 + OBJECTS), encoder.size, encoder.size, 3), np.uint8
    )
    names = [f"class_{i}" for i in range(CLASSES)]
    order = SampleOrder(len(bank.samples), settings.batch, settings.seed)
    seconds = []
    for step in range(steps + 1):
        start = time.perf_counter()
        encoder.encode_views(views)
        labels = labels_of(torch.from_numpy(encoder.encode_texts(names)).to(bank.device))
        gathered = bank.gather(order.batch(step))  # cached tokens in place of the encoded ones, of the same shapes
        if encoder.width == bank.width:
            assert gathered.target is not None
            logits_NK = head(gathered.batch, labels)
            head.loss(logits_NK, gathered.target, labels, gathered.batch, settings).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            optimiser.zero_grad()
        if bank.device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])


if __name__ == "__main__":
    main()
