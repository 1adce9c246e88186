"""What people might write under a picture of an action: the words that the tiny CLIP learns its actions from.

Four kinds of phrase an action: in the plain form of its verb, as it goes on, in other words, and what is seen without
a name for it. `{thing}` is the thing that is used, with its colour, such as "a red ball".
"""

from typing import NamedTuple

from zsstad_core.stickworld.pose import STAND, Limb, Pose


class Phrases(NamedTuple):
    """Phrases of an action: `plain` goes after "to", `together` stands alone, the others go after "a person"."""

    plain: tuple[str, ...]
    going_on: tuple[str, ...]
    other_words: tuple[str, ...]
    seen: tuple[str, ...]
    together: tuple[str, ...] = ()


PHRASES: dict[str, Phrases] = {
    "carry_box": Phrases(
        ("carry {thing}", "carry a box", "carry something"),
        ("carrying {thing}", "carrying a box", "who carries a box"),
        ("bringing {thing}", "on the way with {thing}", "moving house", "delivering a parcel", "holding {thing}"),
        ("with {thing} in both arms", "with both forearms ahead and {thing} on them", "behind {thing}"),
    ),
    "catch": Phrases(
        ("catch {thing}", "catch a ball", "catch"),
        ("catching {thing}", "who catches a ball", "catching something"),
        ("playing with {thing}", "receiving {thing} with one hand", "getting hold of {thing}"),
        ("with one arm out and {thing} at the hand", "and {thing} in the air", "with {thing} in one hand"),
    ),
    "clap": Phrases(
        ("clap", "clap hands", "clap both hands"),
        ("clapping", "clapping hands", "who claps"),
        ("applauding", "cheering", "giving applause", "keeping the beat"),
        ("with both hands together in front", "with the hands close to each other", "with both arms ahead"),
    ),
    "climb_stairs": Phrases(
        ("climb stairs", "climb the stairs", "climb"),
        ("climbing stairs", "climbing the steps", "who climbs stairs"),
        ("going upstairs", "walking up the steps", "on a staircase", "on the way up"),
        ("on steps", "with one foot on the next step", "above a row of steps", "on stairs"),
    ),
    "high_five": Phrases(
        ("high five", "give a high five", "high five a friend"),
        ("giving a high five", "doing a high five with someone", "high fiving another person"),
        ("greeting a friend", "celebrating with another person", "slapping hands with someone"),
        ("whose raised hand touches another person's hand", "with one arm up against the hand of someone else"),
        ("two people giving a high five", "people high five", "two friends slapping hands", "raised hands that meet"),
    ),
    "hug": Phrases(
        ("hug", "hug somebody", "hug another person"),
        ("hugging", "hugging another person", "who hugs a friend"),
        ("embracing someone", "holding another person close", "cuddling", "comforting a friend"),
        ("with both arms around another person", "very close to another person", "in the arms of someone"),
        ("two people hugging", "two people hug", "friends in each other's arms", "two people embracing"),
    ),
    "jump": Phrases(
        ("jump", "jump up", "jump high"),
        ("jumping", "jumping up", "who jumps"),
        ("leaping", "hopping", "in the air", "bouncing up and down"),
        ("with both arms up and the feet off the ground", "with bent knees", "above the ground", "with both arms up"),
    ),
    "kick": Phrases(
        ("kick", "kick high", "kick into the air"),
        ("kicking", "kicking the air", "who kicks"),
        ("doing karate", "practising martial arts", "swinging a leg"),
        ("with one leg up", "on one leg", "with one leg out to the front", "with a foot in the air"),
    ),
    "kick_ball": Phrases(
        ("kick {thing}", "kick a ball", "kick the ball"),
        ("kicking {thing}", "kicking a ball", "who kicks a ball"),
        ("playing football", "shooting {thing} away", "passing {thing} along the ground", "playing soccer"),
        ("with a foot at {thing}", "with one leg out and {thing} near the foot", "with {thing} on the ground"),
    ),
    "knock": Phrases(
        ("knock", "knock on a door", "knock at the door"),
        ("knocking", "knocking on a door", "who knocks at the door"),
        ("visiting someone", "waiting at a closed door", "asking to come in", "banging at a door"),
        ("with a fist at a door", "in front of a door with one arm up", "next to a door", "close to a door"),
    ),
    "pull_up": Phrases(
        ("pull up", "do a pull up", "pull oneself up"),
        ("doing a pull up", "pulling up on a bar", "who pulls up"),
        ("hanging from a bar", "working out", "exercising at a bar", "training the arms"),
        ("with both hands at a bar overhead", "below a bar with both arms up", "with both arms up", "off the ground"),
    ),
    "push": Phrases(
        ("push", "push another person", "push somebody away"),
        ("pushing", "pushing another person", "who pushes someone"),
        ("shoving someone", "wrestling", "fighting with another person", "quarrelling with someone"),
        ("with both hands on a person's chest", "leaning on someone with straight arms", "with both arms ahead"),
        ("two people pushing each other", "two people push", "people in a fight", "two people wrestling"),
    ),
    "sit_down": Phrases(
        ("sit down", "sit down on {thing}", "sit"),
        ("sitting down", "sitting down on {thing}", "who sits down"),
        ("taking a seat", "having a rest", "about to use {thing}", "seated"),
        ("sitting on {thing}", "on {thing}", "with bent knees over {thing}", "in front of {thing}"),
    ),
    "stand_up": Phrases(
        ("stand up", "stand up from {thing}", "stand"),
        ("standing up", "standing up from {thing}", "who stands up"),
        ("getting up", "rising from {thing}", "leaving {thing}", "getting on the feet"),
        ("in front of {thing}", "leaning ahead over the knees by {thing}", "upright beside {thing}", "on {thing}"),
    ),
    "stop_ball": Phrases(
        ("stop {thing}", "stop a ball", "stop the ball"),
        ("stopping {thing}", "stopping a ball with a foot", "who stops a ball"),
        ("trapping {thing}", "playing football", "receiving {thing} with a foot", "waiting for {thing}"),
        ("with {thing} at the foot", "with {thing} on the ground", "with one leg out and {thing} near the foot"),
    ),
    "throw": Phrases(
        ("throw {thing}", "throw a ball", "throw"),
        ("throwing {thing}", "who throws a ball", "throwing something"),
        ("playing with {thing}", "hurling {thing}", "pitching", "playing handball"),
        ("with {thing} above the head", "and {thing} in the air", "with {thing} in one hand", "holding {thing}"),
    ),
    "walk": Phrases(
        ("walk", "walk along", "walk by"),
        ("walking", "walking along", "who walks"),
        ("going for a stroll", "passing by", "marching", "on the way", "striding"),
        ("with one foot before the other", "in the middle of a step", "seen from the side with the legs apart"),
    ),
    "wave": Phrases(
        ("wave", "wave a hand", "wave goodbye"),
        ("waving", "waving a hand", "who waves"),
        ("saying hello", "greeting someone", "saying goodbye", "signalling"),
        ("with one hand up", "with one arm raised", "with a raised forearm", "with a hand beside the head"),
    ),
}  # fmt: skip

_UP, _OUT, _AHEAD = Limb(170, 12, 176, 6), Limb(10, 82, 10, 84), Limb(86, 4, 90, 0)
_HIP = Limb(-18, 46, 24, -40)

POSES: dict[str, tuple[Pose, tuple[str, ...]]] = {
    # Nothing in particular: what a person looks like, without an action of the benchmark.
    "stand": (STAND, ("standing", "standing still", "waiting", "upright", "doing nothing")),
    "arms up": (STAND._replace(main_arm=_UP, other_arm=_UP), ("with both arms up", "with raised arms", "surrendering")),
    "arm up": (STAND._replace(main_arm=_UP), ("with one arm up", "raising a hand", "with a hand over the head")),
    "arms out": (STAND._replace(main_arm=_OUT, other_arm=_OUT), ("with both arms out to the sides", "balancing")),
    "point": (STAND._replace(main_arm=_AHEAD), ("pointing ahead", "with one arm ahead", "showing the way")),
    "reach": (STAND._replace(main_arm=_AHEAD, other_arm=_AHEAD, lean=6), ("with both arms ahead", "reaching out")),
    "hips": (STAND._replace(main_arm=_HIP, other_arm=_HIP), ("with the hands at the hips", "looking on")),
    "squat": (
        STAND._replace(main_leg=Limb(96, 8, -34, 4), other_leg=Limb(90, 8, -38, 4), lean=24),
        ("squatting", "crouching", "with bent knees", "close to the ground"),
    ),
    "bow": (
        STAND._replace(lean=62, main_arm=Limb(40, 5, 44, 3), other_arm=Limb(36, 5, 40, 3)),
        ("bending over", "bowing"),
    ),
    "lunge": (
        STAND._replace(main_leg=Limb(58, 4, 2, 3), other_leg=Limb(-30, 4, -52, 3), lean=8),
        ("with one leg far ahead", "stretching", "making a big step"),
    ),
    "stork": (STAND._replace(main_leg=Limb(62, 5, -30, 3)), ("standing on one leg", "with one knee up")),
}
