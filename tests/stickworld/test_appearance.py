"""Nobody of the pretraining stills may turn up in a clip, nor anybody of a training clip in a test clip."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsstad_core.stickworld.appearance import BANDS, DOMAINS, Dice, Domain, Look, colour_word, draw_look, paint

domains = st.sampled_from(DOMAINS)


@given(domains, st.integers(0, 2**32))
def test_a_value_tells_its_domain(domain: Domain, seed: int) -> None:
    dice = Dice(domain, seed)
    for _ in range(20):
        value = dice.banded(0, 1)
        assert DOMAINS[int(value * BANDS * len(DOMAINS)) % len(DOMAINS)] == domain


def test_domains_have_the_same_range() -> None:
    for domain in DOMAINS:
        values = [Dice(domain, seed).banded(3, 5) for seed in range(500)]
        assert 3 <= min(values) < 3.1
        assert 4.9 < max(values) < 5


def test_domains_share_no_body() -> None:
    bodies = [
        {length for seed in range(200) for length in _lengths(draw_look(Dice(domain, seed)))} for domain in DOMAINS
    ]
    assert not bodies[0] & bodies[1]
    assert not bodies[0] & bodies[2]
    assert not bodies[1] & bodies[2]


def _lengths(person: Look) -> set[float]:
    return {*person.build._replace(neck=person.girth)}  # everybody has the same neck


def test_domains_share_the_words_for_their_colours() -> None:
    words = [{colour_word(draw_look(Dice(domain, seed)).shirt) for seed in range(200)} for domain in DOMAINS]
    assert words[0] == words[1] == words[2]
    assert len(words[0]) >= 9


def test_the_same_numbers_give_the_same_choices_and_others_give_others() -> None:
    def choices(*numbers: int, domain: Domain = "train") -> list[float]:
        dice = Dice(domain, *numbers)
        return [dice.uniform(0, 1), dice.banded(0, 1), float(dice.integer(10**9)), *dice.normal(2).tolist()]

    assert choices(1, 2) == choices(1, 2)
    different = [choices(1, 2), choices(2, 1), choices(1, 2, 3), choices(1, 2, domain="test")]
    assert len(set(map(tuple, different))) == 4


def test_shuffling_loses_nothing_and_picks_are_fair() -> None:
    dice = Dice("test", 5)
    assert sorted(dice.shuffled(range(10))) == list(range(10))
    assert min(Counter(dice.pick("abc") for _ in range(3000)).values()) > 900


@pytest.mark.parametrize(
    ("hue", "saturation", "value", "word"),
    [
        (0.0, 0.9, 0.9, "red"),
        (0.08, 0.9, 0.9, "orange"),
        (0.07, 0.7, 0.4, "brown"),
        (0.15, 0.9, 0.9, "yellow"),
        (0.33, 0.9, 0.7, "green"),
        (0.6, 0.9, 0.8, "blue"),
        (0.77, 0.9, 0.8, "purple"),
        (0.9, 0.9, 0.9, "pink"),
        (0.5, 0.02, 0.95, "white"),
        (0.5, 0.02, 0.5, "grey"),
        (0.5, 0.9, 0.1, "black"),
    ],
)
def test_colours_have_the_names_that_people_give_them(hue: float, saturation: float, value: float, word: str) -> None:
    colour = paint(hue, saturation, value)
    assert colour_word(colour) == word
    assert all(0 <= part <= 255 for part in colour)
