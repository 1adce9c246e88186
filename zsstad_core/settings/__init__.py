"""Every setting of the pipeline, typed, with its explanation under it.

One file a part of the pipeline; `base` says what a section is. The same texts are the comments of pipeline.yaml and the
table of docs/settings.md (`zsstad_core.settings_text` writes both). How files, recipes and overrides become one
`Settings` is in `zsstad_core.configure`.

A field marked `HOW` says how to compute, not what (batch sizes, devices, logging): it never enters a cache key.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from zsstad_core.recipes import RECIPES
from zsstad_core.settings.base import HOW, Section
from zsstad_core.settings.datasets import Datasets, Jhmdb, Stickworld
from zsstad_core.settings.frozen import Detector, Encoder
from zsstad_core.settings.heads import ClipCrop, ClipFrame, Heads, Iclip
from zsstad_core.settings.results import Evaluation, Scoring
from zsstad_core.settings.running import Cache, Slurm, Workers
from zsstad_core.settings.training import Training

__all__ = [
    "HOW",
    "Cache",
    "ClipCrop",
    "ClipFrame",
    "Datasets",
    "Detector",
    "Encoder",
    "Evaluation",
    "Heads",
    "Iclip",
    "Jhmdb",
    "Scoring",
    "Section",
    "Settings",
    "Slurm",
    "Stickworld",
    "Training",
    "Workers",
]


class Settings(Section):
    """The whole of pipeline.yaml."""

    dataset: Literal["jhmdb", "stickworld"] = "jhmdb"
    """Dataset; DATASET= on the command line."""

    split: Annotated[int, Field(ge=1)] = 1
    """Label split of the dataset (zsstad_core/splits); SPLIT=."""

    head: Literal["clip_frame", "clip_crop", "iclip", "oracle"] = "iclip"
    """Method; HEAD=. `oracle` is not one: it gives each detection its video's true class, to measure a detector."""

    device: Annotated[str, HOW] = "auto"
    """Where models run: auto (a GPU where there is one), cpu, cuda, cuda:1."""

    cache: Cache = Cache()
    workers: Workers = Workers()
    datasets: Datasets = Datasets()
    detector: Detector = Detector()
    encoder: Encoder = Encoder()
    heads: Heads = Heads()
    training: Training = Training()
    scoring: Scoring = Scoring()
    evaluation: Evaluation = Evaluation()

    recipes: Annotated[dict[str, dict[str, Any]], HOW] = RECIPES
    """Named changes to the settings above. DATASET and HEAD/DATASET apply by themselves; any other is chosen by
    RECIPE=. They stand above this file's values and below SET=."""
