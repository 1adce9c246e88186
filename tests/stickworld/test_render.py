"""Pictures and their boxes."""

from dataclasses import replace

import numpy as np
import pytest

from zsstad_core.stickworld import render as module
from zsstad_core.stickworld.appearance import Dice
from zsstad_core.stickworld.canvas import HEIGHT, WIDTH
from zsstad_core.stickworld.labels import CLASSES, DUOS, OBJECTS
from zsstad_core.stickworld.render import Picture, render
from zsstad_core.stickworld.scene import Camera, Light, Occluder, Scene, compose

CLEAR = Light(gain=1.0, cast=(1.0, 1.0, 1.0), noise=0.0, blur=0.0)


def scene_of(*actions: str, seed: int = 1) -> Scene:
    return compose(Dice("train", seed, *(CLASSES.index(action) for action in actions)), actions, 1.8)


def bare(scene: Scene) -> Scene:
    """The same without what hides or blurs it, and without what is held."""
    units = tuple(replace(unit, held=None, thing=None) for unit in scene.units)
    return replace(scene, units=units, lying=(), occluders=(), light=CLEAR, camera=Camera(1.0, 0.0, 0.0, 0.0))


def same(one: Picture, other: Picture) -> bool:
    return np.array_equal(one.image, other.image) and one[1:] == other[1:]


@pytest.mark.parametrize("action", CLASSES)
def test_a_box_holds_what_is_drawn_of_a_person_and_no_more(action: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "scenery_of", lambda unit: [])
    scene = bare(scene_of(action))
    deserted = replace(scene, units=(replace(scene.units[0], x=-500.0),))
    for seconds in (0.2, 0.9, 1.6):
        picture, empty = render(scene, seconds), render(deserted, seconds)
        y, x = np.nonzero(np.abs(picture.image.astype(int) - empty.image).max(axis=2) > 12)
        boxes = np.array([person.box for person in picture.persons])
        drawn = [x.min(), y.min(), x.max() + 1, y.max() + 1]
        assert np.abs(np.array([*boxes[:, :2].min(0), *boxes[:, 2:].max(0)]) - drawn).max() <= 1.5
        assert empty.persons == []


@pytest.mark.parametrize("action", CLASSES)
def test_persons_and_things_have_boxes_inside_the_frame(action: str) -> None:
    for seed in range(3):
        scene = scene_of(action, seed=seed)
        for seconds in (0.0, 0.7, 1.7):
            picture = render(scene, seconds)
            assert picture.image.shape == (HEIGHT, WIDTH, 3)
            assert picture.image.dtype == np.uint8
            assert [person.action for person in picture.persons] == [action] * (2 if action in DUOS else 1)
            assert {thing.name for thing in picture.objects} <= set(OBJECTS)
            for x1, y1, x2, y2 in [person.box for person in picture.persons] + [t.box for t in picture.objects]:
                assert 0 <= x1 < x2 <= WIDTH
                assert 0 <= y1 < y2 <= HEIGHT
            for person in picture.persons:
                assert person.box[3] - person.box[1] > 25
                assert 0 <= person.phase <= 1
                assert 0 <= person.visible <= 1


def test_the_same_scene_gives_the_same_picture() -> None:
    assert same(render(scene_of("throw", "walk"), 0.8), render(scene_of("throw", "walk"), 0.8))


def test_pictures_of_a_clip_do_not_depend_on_the_order_in_which_they_are_drawn() -> None:
    scene = scene_of("kick_ball", "hug")
    late = render(scene, 1.5)
    render(scene, 0.1)
    assert same(render(scene, 1.5), late)


def test_partners_touch() -> None:
    for action in sorted(DUOS):
        one, other = (person.box for person in render(bare(scene_of(action)), 0.9).persons)
        assert min(one[2], other[2]) - max(one[0], other[0]) > -3, action


def test_an_occluder_hides_without_moving_the_box() -> None:
    scene = bare(scene_of("wave"))
    (seen,) = render(scene, 0.5).persons
    middle = (seen.box[0] + seen.box[2]) / 2
    hidden = replace(scene, occluders=(Occluder("pole", middle, 0.0, 1.0, (60, 60, 60)),))
    (person,) = render(hidden, 0.5).persons
    assert person.box == seen.box
    assert person.visible < seen.visible == 1


def test_the_ball_of_a_kick_leaves_and_that_of_a_stop_arrives() -> None:
    def reach(action: str, seconds: float) -> float:
        scene = replace(scene_of(action), lying=(), occluders=())
        (person,), balls = render(scene, seconds)[1:]
        middle = (person.box[0] + person.box[2]) / 2
        return max(
            (abs((ball.box[0] + ball.box[2]) / 2 - middle) for ball in balls if ball.name == "ball"), default=999
        )

    assert reach("kick_ball", 0.1) < 50 < reach("kick_ball", 1.7)
    assert reach("stop_ball", 1.7) < 50 < reach("stop_ball", 0.1)


def test_a_crowd_stays_in_the_picture() -> None:
    for seed in range(6):
        picture = render(scene_of("walk", "climb_stairs", "kick_ball", seed=seed), 0.9)
        assert len(picture.persons) == 3
        assert all(person.box[2] - person.box[0] > 6 for person in picture.persons)
