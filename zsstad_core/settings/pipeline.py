"""Every setting of the pipeline, typed, with its explanation under it.

One file a part of the pipeline; `base` says what a section is. The same texts are the comments of pipeline.yaml and the
table of docs/settings.md (`zsstad_core.settings_text` writes both). How files, recipes and overrides become one
`Settings` is in `zsstad_core.configure`.

A field marked `HOW` says how to compute, not what (batch sizes, devices, logging), and is in no key. A field marked
`BY_DIGEST` names what decides content, such as a file: the digest of that is in keys, the field's value is not.
"""

from typing import Annotated, Any, Literal

from pydantic import PrivateAttr

from zsstad_core.methods.registry import DEFAULT, Heads, MethodName
from zsstad_core.settings.base import HOW, Section
from zsstad_core.settings.clips import Clips
from zsstad_core.settings.datasets import Datasets
from zsstad_core.settings.frozen import Detector, Encoder
from zsstad_core.settings.recipes import RECIPES
from zsstad_core.settings.results import Ask, Evaluation, Report, Scoring, Tracks
from zsstad_core.settings.running import Cache, Workers
from zsstad_core.settings.splits import SplitName, TrainedOn
from zsstad_core.settings.training import Training


class Settings(Section):
    """The whole of pipeline.yaml."""

    dataset: Literal["jhmdb", "ucf101_24", "ava", "folder", "stickworld"] = "jhmdb"
    """Dataset; DATASET= on the command line."""

    split: SplitName = "1"
    """Label split; SPLIT=. A published number (1, 2, ...; `75/25` is iCLIP's list), `50/50-SEED` or `75/25-SEED`
    (drawn), `full` (all classes seen), `all-unseen`, `without-CLASS`, or a YAML file of yours (docs/protocols.md)."""

    head: MethodName = DEFAULT
    """Method; HEAD=. docs/methods.md says what each is."""

    device: Annotated[str, HOW] = "auto"
    """Where models run: auto (a GPU where there is one), cpu, cuda, cuda:1."""

    trained_on: TrainedOn = TrainedOn()
    cache: Cache = Cache()
    workers: Workers = Workers()
    datasets: Datasets = Datasets()
    detector: Detector = Detector()
    encoder: Encoder = Encoder()
    clips: Clips = Clips()
    heads: Heads = Heads()
    training: Training = Training()
    scoring: Scoring = Scoring()
    evaluation: Evaluation = Evaluation()
    report: Report = Report()
    tracks: Tracks = Tracks()
    ask: Ask = Ask()

    recipes: Annotated[dict[str, dict[str, Any]], HOW] = RECIPES
    """Named changes to the settings above. DATASET and HEAD/DATASET apply by themselves; any other is chosen by
    RECIPE=. They stand above this file's values and below SET=."""

    _training: "Settings | None" = PrivateAttr(None)

    def with_training_settings(self, settings: "Settings") -> "Settings":
        """The same, with the settings under which the head is trained on the dataset that `trained_on` names."""
        self._training = settings
        return self

    def training_settings(self) -> "Settings":
        """The settings under which the head is trained on the dataset that `trained_on` names.

        `configure` gives them with the recipes of that dataset. Without `configure` they are the present ones, but for
        dataset and split.
        """
        other = {"dataset": self.trained_on.dataset, "split": self.trained_on.split, "trained_on": TrainedOn()}
        return self._training or self.model_copy(update=other)
