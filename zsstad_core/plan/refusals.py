"""Refuse settings of which no plan can be made, each in one line, before anything is computed."""

import re
from collections.abc import Collection

from zsstad_core.errors import SettingsError, UnfitHeadError
from zsstad_core.keyframes import Keyframes
from zsstad_core.settings.pipeline import Settings
from zsstad_core.splits import LabelSplit


def refuse_cache_root(root: str) -> None:
    """Raise SettingsError if make would misread the name of the cache's folder."""
    if strange := re.search(r"[^\w./,+@-]", root):
        raise SettingsError(f'cache.root is "{root}"; make cannot handle "{strange[0]}" in it: choose another')


def refuse_short_reach(settings: Settings, keyframes: Keyframes | None, window: int) -> None:
    """Raise UnfitHeadError if a window reaches beyond the frames that are extracted around a keyframe."""
    if keyframes is not None and not keyframes.holds_window(window):
        key = f"datasets.{settings.dataset}.around"
        raise UnfitHeadError(
            f"{key} is {keyframes.around}; windows of {settings.head} hold {window} frames on a side of the keyframe, "
            f"which nothing extracts then: set {key}={window}, or shorten the window "
            f"(heads.{settings.head}.frames_before, frames_after)"
        )


def refuse_texts_not_given(settings: Settings, texts: Collection[str]) -> None:
    """Raise UnfitHeadError if tokens come from files, which lack the form of class texts that the method reads."""
    if settings.encoder.tokens_from and (lacking := sorted(set(texts) - {"mean"})):
        raise UnfitHeadError(
            f"encoder.tokens_from is {settings.encoder.tokens_from}, whose text file has one token a class; "
            f"{settings.head} reads {' and '.join(lacking)}: set encoder.tokens_from=null, and name encoder.model and "
            "encoder.pretrained"
        )


def refuse_voting_of_clips(settings: Settings, classifies: str) -> None:
    """Raise UnfitHeadError if persons are to vote on the action of a clip, which the method classifies itself."""
    if classifies == "clip" and settings.scoring.voting != "none":
        raise UnfitHeadError(
            f"scoring.voting is {settings.scoring.voting}; {settings.head} judges clips, and everybody in one has its "
            "answer already: set scoring.voting=none"
        )


def refuse_parts_of_a_batch(settings: Settings, whole_batch: bool) -> None:
    """Raise UnfitHeadError if several processes would share a batch whose rows are compared with each other."""
    if whole_batch and settings.training.processes > 1:
        raise UnfitHeadError(
            f"training.processes is {settings.training.processes}; {settings.head} compares the rows of a batch with "
            "each other under these settings, and a process would see its part alone: set training.processes=1"
        )


def refuse_finetuning_on_nothing(settings: Settings, split: LabelSplit) -> None:
    """Raise SettingsError if the detector is to be fine-tuned on seen classes, and the split has none."""
    if not split.seen:
        raise SettingsError(
            f"detector.finetune.epochs is {settings.detector.finetune.epochs}, but split {settings.split} has no seen "
            "class whose persons could be learned; set it to 0, or give the boxes (detector.boxes_from)"
        )


def refuse_training_on_nothing(settings: Settings, split: LabelSplit) -> None:
    """Raise SettingsError if a head is to be trained on seen classes, and the split has none."""
    if not split.seen:
        raise SettingsError(
            f"split is {settings.split}: no class is seen, and {settings.head} learns from seen ones; "
            "choose another SPLIT=, a HEAD= that is not trained, or train it elsewhere with TRAINED_ON="
        )
