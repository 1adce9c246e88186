"""Time how long a head that reads views takes to read its batches from the cache and from the videos; print their size.

    python -m benchmarks.views --head stclip --dataset jhmdb

Run `make encode` with the same settings first. Batches are those of training, in its order, each read by one thread,
and compared between the two ways.
"""

import time
from dataclasses import fields

import torch

from zsstad_core import configure
from zsstad_core.learning.banks import training_bank
from zsstad_core.learning.order import SampleOrder
from zsstad_core.methods.common.features import FrameViews
from zsstad_core.plan.plan import Plan
from zsstad_core.settings.pipeline import Settings

BATCHES = 10


def main() -> None:
    """Measure both ways and print the lines."""
    settings = configure.from_arguments(configure.arguments(__doc__).parse_args())
    plan = Plan(in_a_way(settings, "cached"))
    kept = sum(file.stat().st_size for kind in plan.kinds() for file in plan.tokens(kind).path.rglob("c/*/*/*/*"))
    videos = sum(source.path.stat().st_size for source in plan.videos.values())
    print(f"views: {kept / 2**20:.0f} MiB in the cache, of {videos / 2**20:.1f} MiB of videos")
    cached, fresh = (read(in_a_way(settings, way), way) for way in ("cached", "decoded"))
    same = all(torch.equal(getattr(a, f.name), getattr(b, f.name)) for a, b in pairs(cached, fresh) for f in FIELDS)
    print(f"views: the batches are {'the same' if same else 'NOT the same'}")


FIELDS = fields(FrameViews)


def pairs(one: list[FrameViews], other: list[FrameViews]) -> list[tuple[FrameViews, FrameViews]]:
    """The batches of both ways in pairs."""
    return list(zip(one, other, strict=True))


def in_a_way(settings: Settings, way: str) -> Settings:
    """The settings with views from one source (`encoder.pixels`)."""
    encoder = settings.encoder.model_copy(update={"pixels": way})
    return settings.model_copy(update={"encoder": encoder})


def read(settings: Settings, way: str) -> list[FrameViews]:
    """Read the first batches of training, and print how long they took."""
    bank = training_bank(Plan(settings), "cpu")
    order = SampleOrder(len(bank.samples), settings.training.batch, settings.training.seed)
    start = time.perf_counter()
    batches = [bank.gather(order.batch(number)).batch.features for number in range(BATCHES)]
    each = (time.perf_counter() - start) / BATCHES
    assert all(isinstance(batch, FrameViews) for batch in batches)
    views, crops = (sum(len(getattr(b, name)) for b in batches) / BATCHES for name in ("view_VSSC", "crop_NSSC"))  # type: ignore[misc]
    print(f"views: {way}: {1000 * each:.1f} ms a batch of {views:.0f} views and {crops:.0f} crops")
    return batches  # type: ignore[return-value]


if __name__ == "__main__":
    main()
