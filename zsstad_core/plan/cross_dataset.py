"""Cross-dataset evaluation: a head is trained on one dataset and scored on another. Imports no torch.

The head carries over because the tokens of both datasets come from one encoder. Class names and texts decide which
classes are unseen: a class that reads as a learned class is not unseen.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from zsstad_core.errors import SettingsError
from zsstad_core.lookalikes import look
from zsstad_core.settings.pipeline import Settings
from zsstad_core.splits import LabelSplit

_ONE_ENCODER = ("model", "pretrained", "seed", "precision", "crop")


def refuse_unlike(tested: Settings, trained: Settings) -> None:
    """Raise SettingsError if a head that is trained under settings `trained` cannot be scored under `tested`.

    The encoder must be the same, and so must the head's own settings. Tokens from files are not compared.
    """
    for name in _ONE_ENCODER:
        here, there = getattr(tested.encoder, name), getattr(trained.encoder, name)
        if here != there and not tested.encoder.tokens_from:
            raise SettingsError(_unlike(f"encoder.{name}", tested, here, trained, there))
    own = getattr(tested.heads, tested.head, None)
    others = getattr(trained.heads, trained.head, None)
    if own is not None and others is not None:
        for name in others.content_fields():
            here, there = getattr(own, name), getattr(others, name)
            if here != there:
                raise SettingsError(_unlike(f"heads.{tested.head}.{name}", tested, here, trained, there))


def _unlike(name: str, tested: Settings, here: object, trained: Settings, there: object) -> str:
    return (
        f"{name} is {there} on {trained.dataset}, where the head is trained, and {here} on {tested.dataset}; "
        f"they must be the same: SET={name}=... sets both"
    )


def unseen_alone(split: LabelSplit, dropped: Collection[str]) -> LabelSplit:
    """The split without its seen classes, on which nothing is trained, and without the `dropped` classes.

    Raises SettingsError if no class is left.
    """
    unseen = tuple(name for name in split.unseen if name not in dropped)
    if not unseen:
        why = "all that are were learned elsewhere" if split.unseen else "it is for training on this dataset"
        raise SettingsError(
            f"label split {split.name} has no unseen class ({why}); with TRAINED_ON= take SPLIT=all-unseen"
        )
    return replace(split, seen=(), unseen=unseen)


def shared_classes(texts: Mapping[str, Sequence[str]], learned: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The classes of `texts` that read as a class of `learned` -> that class; both arguments: class -> its texts.

    Two classes read the same if the name or a text of one equals the name or a text of the other, but for case,
    Unicode form, underscores and surplus spaces.
    """
    read: dict[str, str] = {}
    for name, of_class in learned.items():
        for words in _words(name, of_class):
            read.setdefault(words, name)
    same = {
        name: [read[words] for words in _words(name, of_class) if words in read] for name, of_class in texts.items()
    }
    return {name: others[0] for name, others in same.items() if others}


def _words(name: str, texts: Sequence[str]) -> list[str]:
    return [look(words.replace("_", " ")) for words in (name, *texts)]
