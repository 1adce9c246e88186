"""What happens in a clip, and its frames."""

from collections.abc import Iterator
from dataclasses import dataclass

from zsstad_core.stickworld.appearance import Dice
from zsstad_core.stickworld.clips import Clip
from zsstad_core.stickworld.labels import CLASSES, DUOS, family
from zsstad_core.stickworld.render import Picture, render
from zsstad_core.stickworld.scene import Scene, compose

_CLIPS = 1  # so that no clip is thrown with the dice of a still


@dataclass(frozen=True)
class Footage:
    """A clip before it is drawn: its scene, how many frames, how many a second, and x264's rate factor."""

    scene: Scene
    frames: int
    fps: int
    crf: int

    def pictures(self) -> Iterator[Picture]:
        """Every frame, with its persons and objects."""
        return (render(self.scene, number / self.fps) for number in range(self.frames))


def footage(clip: Clip) -> Footage:
    """What a clip shows: the same for the same clip."""
    dice = Dice(clip.part, _CLIPS, clip.seed, CLASSES.index(clip.action), clip.number)
    fps = dice.pick([12, 15])
    frames = round(fps * dice.uniform(1.4, 2.0))
    return Footage(compose(dice, _cast(dice, clip), frames / fps), frames, fps, crf=18 + dice.integer(12))


def _cast(dice: Dice, clip: Clip) -> list[str]:
    """The actions in a clip: the clip's action and, often, actions of other persons; three persons at most.

    In a test clip all are of one family, so that in every label split the clip is seen or unseen as a whole: a person
    whose action is not among the labels that are scored would count against every method. In a training clip they are
    of any, so that no neighbour gives an action away.
    """
    pool = family(clip.action) if clip.part == "test" else CLASSES
    actions = [clip.action]
    left = dice.pick([0, 0, 1]) if clip.action in DUOS else dice.pick([0, 0, 1, 1, 2])
    while left:
        other = dice.pick(pool)
        persons = 2 if other in DUOS else 1
        if persons <= left:
            actions.append(other)
            left -= persons
    return actions
