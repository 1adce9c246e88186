"""The basis of a plan: its settings, the files on disk, the needs of the method, and the labels."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Self

from zsstad_core.cache.set_aside import Failure
from zsstad_core.datasets.base import Dataset, Part
from zsstad_core.datasets.label_types import refuse_unfit
from zsstad_core.methods import registry
from zsstad_core.methods.contract import Reads
from zsstad_core.plan import cross_dataset, refusals
from zsstad_core.plan.inventory import Inventories
from zsstad_core.plan.labels import ClassTexts
from zsstad_core.settings.pipeline import Settings
from zsstad_core.splits import LabelSplit, load_split
from zsstad_core.video import VideoSource


class Basis:
    """The settings, videos, method and labels of a plan. Raises SettingsError, MissingFileError or DataError.

    retry: whether videos that a stage has set aside are tried again. inventories: what other plans of this process
    have read from disk already.
    """

    def __init__(self, settings: Settings, retry: bool = False, inventories: Inventories | None = None) -> None:
        refusals.refuse_cache_root(settings.cache.root)
        self.settings = settings
        self.method = registry.method(settings.head)
        self.reads: Reads = self.method.reads(settings)
        if settings.trained_on.dataset is not None and self.method.trains:
            cross_dataset.refuse_unlike(settings, settings.training_settings())
        self._retry, self._inventories = retry, inventories or Inventories()
        self.inventory = self._inventories.of(settings)
        self._listed_split = load_split(settings.dataset, settings.split, self.dataset.classes)
        refuse_unfit(settings, self.dataset, self.trains_here)
        self.method.refuse(settings)
        refusals.refuse_texts_not_given(settings, self.reads.texts)
        refusals.refuse_voting_of_clips(settings, self.method.classifies)
        refusals.refuse_parts_of_a_batch(settings, self.method.whole_batch(settings))
        refusals.refuse_short_reach(settings, self.dataset.keyframes, self.reads.window.reach)
        self.official_split: Mapping[str, Part] = self.inventory.official_split
        left_out = {} if retry else self.set_aside
        self.members = {name: sha for name, sha in self.inventory.video_digests.items() if name not in left_out}
        self._texts = ClassTexts(settings, self.inventory)

    @property
    def root(self) -> Path:
        """The dataset's folder in the cache."""
        return self.inventory.root

    @property
    def dataset(self) -> Dataset:
        """The dataset, opened."""
        return self.inventory.dataset

    @property
    def videos(self) -> Mapping[str, VideoSource]:
        """The wanted videos that are on disk, by video_id; `members` are the videos from which artifacts are made."""
        return self.inventory.videos

    def reading(self, video_id: str) -> AbstractContextManager[None]:
        """A block that reads a video. Raises DataError if it is not, or does not stay, what its digest says."""
        return self.inventory.reading({video_id: self.inventory.video_digests[video_id]})

    @property
    def set_aside(self) -> Mapping[str, Failure]:
        """Videos that a stage could not read, and why."""
        return self.inventory.set_aside

    @property
    def missing(self) -> list[str]:
        """Wanted videos in which nothing can be found: they are not on disk, or set aside. Sorted."""
        return self.inventory.missing

    @property
    def failures_allowed(self) -> float:
        """The share of the clips that a stage may fail to read. A benchmark's number is of all its clips; of a user's
        own videos the good ones are worth having, however few."""
        chosen = self.settings.cache.failures_allowed
        return (1.0 if self.settings.dataset == "folder" else 0.01) if chosen is None else chosen

    @property
    def trains_here(self) -> bool:
        """Whether the head learns from the videos of this dataset."""
        return self.method.trains and self.settings.trained_on.dataset is None

    @property
    def keeps_similarities(self) -> bool:
        """Whether the scores come with table similarities; a method that reads no text has none."""
        return self.settings.scoring.similarities and bool(self.reads.texts)

    def save(self) -> None:
        """Remember the digests that were computed, for the next plan."""
        self.inventory.save()

    @cached_property
    def training_plan(self) -> Self | None:
        """The plan of the dataset on which the head is trained (`trained_on`); None if it is this dataset."""
        if self.settings.trained_on.dataset is None:
            return None
        return type(self)(self.settings.training_settings(), self._retry, self._inventories)

    @cached_property
    def split(self) -> LabelSplit:
        """The label split; for a head that is trained on another dataset, its unseen classes alone."""
        if self.training_plan is None:
            return self._listed_split
        dropped = self.shared_classes if self.settings.trained_on.shared == "drop" else {}
        return cross_dataset.unseen_alone(self._listed_split, dropped)

    @cached_property
    def shared_classes(self) -> dict[str, str]:
        """The unseen classes that read as a class learned on another dataset -> that class."""
        if self.training_plan is None:
            return {}
        learned = self.training_plan._texts.of(self.training_plan.split.seen)
        return cross_dataset.shared_classes(self._texts.of(self._listed_split.unseen), learned)

    @cached_property
    def phrasings_of_classes(self) -> dict[str, list[str]]:
        """Each class -> all its texts: the method's own phrasings, or the texts of the settings in the template."""
        if self.method.phrasings is not None:
            texts = [*self._texts.of(self.dataset.classes).values()]
            return dict(zip(self.dataset.classes, self.method.phrasings(self.settings, texts), strict=True))
        listed = ([text] if isinstance(text, str) else list(text) for text in self.class_texts)
        return dict(zip(self.dataset.classes, listed, strict=True))

    @property
    def class_texts(self) -> Sequence[str | list[str]]:
        """What the text encoder reads for each class of the dataset: a text, or several."""
        return self._texts.templated
