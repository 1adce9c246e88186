"""Classes that nothing is annotated of, that stand on both sides, or that the text encoder reads alike."""

import numpy as np
import pytest

from tests.conftest import TINY_CLIP
from tests.doctor import made
from zsstad_core.doctor.classes import empty, same_direction, shared, tokenized
from zsstad_core.frozen.encoder_weights import tokenizer
from zsstad_core.settings.frozen import Encoder
from zsstad_core.splits import LabelSplit

BOTH = {"train": set(made.SPLIT.seen), "test": set(made.CLASSES)}


@pytest.mark.parametrize(
    ("annotated", "says", "named"),
    [
        ({**BOTH, "test": set(made.CLASSES) - {"clap"}}, "unseen, without ground truth in the test part", "clap"),
        ({**BOTH, "test": set(made.CLASSES) - {"wave"}}, "seen, without ground truth in the test part", "wave"),
        ({**BOTH, "train": set(made.SPLIT.seen) - {"golf"}}, "seen, without ground truth in the train part", "golf"),
    ],
)
def test_a_class_without_ground_truth_is_named_with_the_part_that_lacks_it(annotated, says: str, named: str) -> None:
    (finding,) = empty(made.SPLIT, annotated, trains=True, labels="own")
    assert finding.what == f"empty class, {says}"
    assert finding.example == named


def test_a_class_that_nobody_asks_for_may_be_empty() -> None:
    assert empty(made.SPLIT, BOTH, trains=True, labels="own") == []
    unseen_in_training = {**BOTH, "train": {*BOTH["train"], "bow"}}
    assert empty(made.SPLIT, unseen_in_training, trains=True, labels="own") == []
    assert empty(made.SPLIT, {**BOTH, "train": set()}, trains=False, labels="own") == []
    only_unseen = {"train": set(), "test": set(made.SPLIT.unseen)}
    assert empty(made.SPLIT, only_unseen, trains=False, labels="unseen") == []


def test_a_class_on_both_sides_is_named_by_name_and_by_text() -> None:
    texts = {name: [name] for name in made.CLASSES}
    assert shared(made.SPLIT, texts) == []
    (finding,) = shared(LabelSplit("x", ("golf", "hug"), ("bow", "hug")), texts)
    assert finding.example == "hug, also seen"
    (finding,) = shared(made.SPLIT, {**texts, "golf": ["Take_a  bow", "golf"], "bow": ["take a bow"]})
    assert finding.example == 'bow and golf, both "take a bow"'


def tokenize(texts: dict[str, list[str]]) -> list:
    split = tokenizer(Encoder(model=str(TINY_CLIP), pretrained="random"))
    length = split.context_length
    return tokenized(texts, lambda rows: split(list(rows), context_length=8 * length).numpy(), length)


def test_texts_that_become_the_same_tokens_are_named() -> None:
    (finding,) = tokenize({"walk": ["a walk"], "Walk": ["A  Walk"], "run": ["a run"]})
    assert finding.what == "class texts that become the same tokens"
    assert finding.example == "Walk and walk"
    assert tokenize({"walk": ["a walk", "A walk"], "run": ["a run"]}) == []  # of one class they may


def test_a_text_that_is_cut_is_named_and_one_that_just_fits_is_not() -> None:
    length = tokenizer(Encoder(model=str(TINY_CLIP), pretrained="random")).context_length
    (finding,) = tokenize({"walk": ["walk " * (length - 1)], "run": ["run"]})
    assert finding.what == "a class text that the tokenizer cuts"
    assert finding.example.startswith("walk: ")
    assert tokenize({"walk": ["walk " * (length - 2)], "run": ["run"]}) == []


def test_texts_of_nearly_one_direction_are_named_whatever_their_length() -> None:
    text = np.random.default_rng(0).normal(size=(4, 64))
    assert same_direction("abcd", text) == []
    text[3] = 5 * text[1] + 0.01 * text[0]
    (finding,) = same_direction("abcd", text)
    assert finding.example.startswith("b and d")
