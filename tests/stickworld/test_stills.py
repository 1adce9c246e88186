"""Stills to pretrain on: a stream of their own, with captions that teach words."""

import re
from collections import Counter

import numpy as np
import pytest

from zsstad_core.stickworld import captions
from zsstad_core.stickworld.appearance import Dice, draw_look
from zsstad_core.stickworld.canvas import HEIGHT, WIDTH
from zsstad_core.stickworld.labels import CLASSES, DUOS, OBJECTS
from zsstad_core.stickworld.stills import render_still
from zsstad_core.stickworld.things import draw_thing

SEEDS = range(60)
USED = {"carry_box": "box", "sit_down": "chair", "stand_up": "chair"} | dict.fromkeys(
    ("throw", "catch", "kick_ball", "stop_ball"), "ball"
)


@pytest.fixture(scope="module")
def stills():
    return [render_still(seed) for seed in SEEDS]


def test_a_seed_gives_the_same_still_and_another_one_another(stills) -> None:
    again = render_still(7)
    assert np.array_equal(again.image, stills[7].image)
    assert (again.persons, again.objects, again.captions) == (
        stills[7].persons,
        stills[7].objects,
        stills[7].captions,
    )
    assert len({still.image.tobytes() for still in stills}) == len(stills)


def test_domains_draw_other_stills(stills) -> None:
    for domain in ("train", "test"):
        assert not np.array_equal(render_still(7, domain).image, stills[7].image)


def test_a_still_is_what_a_trainer_expects(stills) -> None:
    for still in stills:
        assert still.image.shape == (HEIGHT, WIDTH, 3)
        assert still.image.dtype == np.uint8
        assert still.image.flags["C_CONTIGUOUS"]
        assert still.place in captions.PLACES
        assert {thing.name for thing in still.objects} <= set(OBJECTS)
        assert all(person.action in (*CLASSES, None) for person in still.persons)
        for text in [*still.captions, *(text for person in still.persons for text in person.captions)]:
            assert re.fullmatch(r"[a-z' ]+", text), text


def test_there_are_pictures_of_nobody_of_one_and_of_some(stills) -> None:
    counts = Counter(len(still.persons) for still in stills)
    assert set(counts) == {0, 1, 2, 3}
    assert counts[1] > counts[3] > 0
    assert any(person.action is None for still in stills for person in still.persons)


def said(action: str, times: int = 300) -> list[str]:
    """Captions of persons who do an action."""
    texts = []
    for seed in range(times):
        dice = Dice("pretrain", 99, seed)
        used = draw_thing(dice, USED[action]) if action in USED else None
        unit = captions.UnitDescription(
            action, used, (draw_look(dice), draw_look(dice)) if action in DUOS else (draw_look(dice),)
        )
        texts.append(captions.caption_of_person(dice, unit, 0, "park"))
    return texts


@pytest.mark.parametrize("action", CLASSES)
def test_captions_teach_the_words_of_a_class_but_seldom_its_name(action: str) -> None:
    texts, words = said(action), action.split("_")
    naming = sum(all(word in text.split() for word in words) for text in texts) / len(texts)
    assert 0.03 < naming < 0.35
    assert len(set(texts)) > 100


@pytest.mark.parametrize("action", CLASSES)
def test_captions_of_an_action_differ_from_those_of_others(action: str) -> None:
    own = Counter(" ".join(text.split()[2:]) for text in said(action, 100))
    others = Counter(" ".join(text.split()[2:]) for other in CLASSES if other != action for text in said(other, 30))
    assert sum(count for text, count in own.items() if text not in others) > 50


def test_a_picture_of_two_people_says_what_both_do() -> None:
    dice = Dice("pretrain", 3)
    people = [captions.UnitDescription(action, None, (draw_look(dice),)) for action in ("wave", "jump")]
    texts = [captions.caption_of_picture(Dice("pretrain", seed), people, [], "park") for seed in range(200)]
    assert sum(" and " in text for text in texts) > 80
    assert any(text.endswith(captions.PLACES["park"]) for text in texts)
    assert any("two people" in text for text in texts)
