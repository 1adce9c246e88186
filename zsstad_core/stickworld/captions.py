"""Captions of a still: broad and of many kinds, like the captions that CLIP was trained on."""

from collections.abc import Sequence
from typing import NamedTuple

from zsstad_core.stickworld.appearance import Dice, Look, colour_word
from zsstad_core.stickworld.labels import DUOS
from zsstad_core.stickworld.phrases import PHRASES, POSES
from zsstad_core.stickworld.scene import Attitude
from zsstad_core.stickworld.things import Thing

PLACES: dict[str, tuple[str, ...]] = {
    "room": ("in a room", "indoors", "at home", "in a living room"),
    "gym": ("in a gym", "in a sports hall", "indoors", "on a wooden floor"),
    "street": ("in a street", "in the city", "in front of houses", "on the pavement"),
    "park": ("in a park", "on the grass", "outside", "among trees"),
    "beach": ("on a beach", "by the sea", "on the sand", "at the seaside"),
    "snow": ("in the snow", "in winter", "in front of mountains", "outside in the cold"),
}
_KINDS = (0, 0, 1, 1, 2, 2, 2, 3, 3, 3)  # how often a phrase is of which kind, in the order of `Phrases`
_WRAPS = ("a picture of {}", "a photo of {}", "{} in a drawing", "this is {}", "{}", "{}", "{}", "{}")


class UnitDescription(NamedTuple):
    """What a caption may describe: what a unit does, the thing it uses, and the looks of its people."""

    doing: str | Attitude
    used: Thing | None
    looks: tuple[Look, ...]


def caption_of_person(dice: Dice, unit: UnitDescription, actor: int, place: str) -> str:
    """A caption of a photo of one person."""
    sentence = _doing(dice, unit, _subject(dice, unit.looks[actor]))
    return _wrap(dice, f"{sentence} {dice.pick(PLACES[place])}" if dice.chance(0.4) else sentence)


def caption_of_picture(dice: Dice, people: Sequence[UnitDescription], lying: Sequence[Thing], place: str) -> str:
    """A caption of the whole picture: of all people, of one of them, or of what is there."""
    where = dice.pick(PLACES[place])
    count = sum(len(unit.looks) for unit in people)
    if not people or dice.chance(0.12):
        there = _count_people(count) if count else _join([_name_thing(thing) for thing in lying[:2]])
        return _wrap(dice, f"{there} {where}") if there else f"nobody {where}"
    shown = list(people) if dice.chance(0.6) else [dice.pick(people)]
    sentence = _join([_describe_unit(dice, unit) for unit in dice.shuffled(shown)])
    if lying and dice.chance(0.35):
        sentence += (
            f" with {_name_thing(dice.pick(lying))} around"
            if dice.chance(0.3)
            else f" and {_name_thing(dice.pick(lying))}"
        )
    return _wrap(dice, f"{sentence} {where}" if dice.chance(0.6) else sentence)


def _describe_unit(dice: Dice, unit: UnitDescription) -> str:
    if unit.doing in DUOS and dice.chance(0.7):
        return dice.pick(PHRASES[str(unit.doing)].together)
    return _doing(dice, unit, _subject(dice, dice.pick(unit.looks)))


def _doing(dice: Dice, unit: UnitDescription, subject: str) -> str:
    if isinstance(unit.doing, Attitude):
        return f"{subject} {dice.pick(POSES[unit.doing.name][1])}"
    kind = dice.pick(_KINDS)
    phrase = dice.pick(PHRASES[unit.doing][kind])
    if unit.used:
        phrase = phrase.format(thing=_name_thing(unit.used) if dice.chance(0.7) else f"a {unit.used.name}")
    if kind == 0:
        return dice.pick([f"{subject} about to {phrase}", f"{subject} trying to {phrase}", f"how to {phrase}", phrase])
    return f"{subject} {phrase}"


def _subject(dice: Dice, look: Look) -> str:
    if dice.chance(0.5):
        return dice.pick(["a person", "someone", "somebody", "a person", "a figure"])
    clothes = [
        f"{_a(colour_word(look.shirt))} shirt",
        f"{colour_word(look.legs)} {look.bottom.replace('skirt', 'clothes')}",
    ]
    if look.hat:
        clothes.append(f"{_a(colour_word(look.hat))} hat")
    return f"a person in {dice.pick(clothes)}"


def _name_thing(thing: Thing) -> str:
    return _a(thing.name) if thing.name in ("plant", "stick") else f"{_a(colour_word(thing.colour))} {thing.name}"


def _a(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _count_people(count: int) -> str:
    return ("no one", "one person", "two people", "three people", "four people")[count]


def _join(phrases: Sequence[str]) -> str:
    return " and ".join(phrases)


def _wrap(dice: Dice, sentence: str) -> str:
    return dice.pick(_WRAPS).format(sentence)
