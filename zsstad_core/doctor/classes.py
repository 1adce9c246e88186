"""Checks for classes without ground truth, classes on both sides of a split, and class texts that the encoder cannot
tell apart."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from zsstad_core.doctor.finding import Finding
from zsstad_core.splits import LabelSplit

_SAME = 0.998  # cosine of two classes' text tokens; the demo's encoder has two at 0.995 and tells them apart
_SHOWN = 5


def empty(split: LabelSplit, annotated: Mapping[str, Collection[str]], trains: bool, labels: str) -> list[Finding]:
    """Find classes without an annotated box on an existing frame.

    annotated: the annotated classes of "train" and "test". trains: whether the head learns from these videos. labels:
    setting `scoring.labels`.
    """
    groups = []
    groups += [("unseen", "test", split.unseen, "has no AP and is in no mean")] if labels != "seen" else []
    groups += [("seen", "test", split.seen, "has no AP and is in no mean")] if labels != "unseen" else []
    groups += [("seen", "train", split.seen, "cannot be learned")] if trains else []
    findings = []
    for group, part, classes, so in groups:
        lacking = [name for name in classes if name not in annotated[part]]
        if lacking:
            findings.append(
                Finding(
                    f"empty class, {group}, without ground truth in the {part} part",
                    f"{len(lacking)} of {len(classes)} {group} classes; each {so}",
                    _few(lacking),
                    "add videos of it, or take it out of the split (SPLIT=FILE.yaml)",
                )
            )
    return findings


def shared(split: LabelSplit, texts: Mapping[str, Sequence[str]]) -> list[Finding]:
    """Find classes that are both seen and unseen, by name or text (without case, spaces and underscores).

    texts: the phrasings of each class.
    """
    plain = {name: {_plain(text) for text in (name, *texts.get(name, ()))} for name in (*split.seen, *split.unseen)}
    both = [(new, old) for new in split.unseen for old in split.seen if plain[new] & plain[old]]
    if not both:
        return []
    new, old = both[0]
    example = f"{new}, also seen" if new == old else f'{new} and {old}, both "{min(plain[new] & plain[old])}"'
    return [
        Finding(
            "a split that shares a class",
            f"{len(both)} of {len(split.unseen)} unseen classes are among the seen ones",
            example,
            "take it out of one side, or give it another text (encoder.texts)",
        )
    ]


def _plain(text: str) -> str:
    return " ".join(text.lower().replace("_", " ").split())


def tokenized(
    texts: Mapping[str, Sequence[str]], tokens: Callable[[Sequence[str]], NDArray[np.int64]], length: int
) -> list[Finding]:
    """Find texts that the tokenizer cuts, or that become the same tokens.

    texts: the texts of each class. tokens: gives the ids [texts, positions] of texts, with room beyond the `length`
    positions that the text encoder reads.
    """
    flat = [(name, text) for name, of_class in texts.items() for text in of_class]
    if not flat:
        return []
    ids = tokens([text for _, text in flat])
    findings = []
    long = [n for n in range(len(flat)) if (ids[n, length:] != ids[n, -1]).any()]
    if long:
        name, text = flat[long[0]]
        findings.append(
            Finding(
                "a class text that the tokenizer cuts",
                f"{len(long)} of {len(flat)} texts have more than {length} tokens",
                f'{name}: "{text[:60]}…"',
                "shorten it (encoder.texts) or encoder.template",
            )
        )
    same = defaultdict(list)
    for (name, _), row in zip(flat, ids[:, :length], strict=True):
        same[row.tobytes()].append(name)
    pairs = [names for names in same.values() if len(set(names)) > 1]
    if pairs and not long:
        findings.append(
            Finding(
                "class texts that become the same tokens",
                f"{sum(len(set(names)) for names in pairs)} of {len(texts)} classes; nothing tells them apart",
                " and ".join(sorted(set(pairs[0]))),
                "give each a text of its own (encoder.texts)",
            )
        )
    return findings


def same_direction(classes: Sequence[str], text_KD: NDArray[np.floating]) -> list[Finding]:
    """Find classes whose text tokens point in the same direction."""
    unit_KD = text_KD / np.linalg.norm(text_KD.astype(np.float64), axis=1, keepdims=True).clip(1e-12)
    cosine_KK = np.triu(unit_KD @ unit_KD.T, 1)
    near = np.argwhere(cosine_KK > _SAME)
    if not len(near):
        return []
    a, b = near[np.argmax(cosine_KK[near[:, 0], near[:, 1]])]
    return [
        Finding(
            "classes with nearly the same text tokens",
            f"{len(near)} pairs of {len(classes)} classes have a cosine above {_SAME}",
            f"{classes[a]} and {classes[b]}, {cosine_KK[a, b]:.4f}",
            "say what differs (encoder.texts), or check the weights of the text encoder",
        )
    ]


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
