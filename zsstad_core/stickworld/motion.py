"""How a body moves in each action: a pose for every phase.

A phase runs from 0 to 1: once through a clip for what happens once (sit down), again and again for what repeats
(wave). Where two actions form a pair, they share their motion here: what tells them apart is elsewhere in the picture.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from zsstad_core.stickworld.pose import STAND, Limb, Pose, between


@dataclass(frozen=True)
class Style:
    """How this person does it; all but the last two from 0 to 1."""

    vigour: float = 0.5
    reach: float = 0.5
    knees: float = 0.5
    lean: float = 0.5
    arms_ahead: bool = False
    sideways: bool = False


@dataclass(frozen=True)
class Motion:
    """pose: of a phase and a style. period: seconds of a repetition, None where it happens once.

    view: whether the body looks along the picture, towards (or away from) the viewer, or any of these. planted: which
    feet stay where they are. forward: body heights a second. rest: for what happens once, the share of a clip that
    shows how it ended; longer where the end is a state (seated, holding the ball).
    """

    pose: Callable[[float, Style], Pose]
    period: float | None
    view: Literal["any", "along", "facing"] = "any"
    planted: Literal["none", "both", "other"] = "none"
    forward: float = 0.0
    rest: float = 0.0


CONTACT = 0.5  # phase at which a foot meets the ball, or a ball leaves the hand


def _wave(phase: float, style: Style) -> Pose:
    beat = math.sin(2 * math.pi * phase) * (18 + 14 * style.vigour)
    if style.sideways:
        return STAND._replace(main_arm=Limb(15, 55 + 35 * style.reach, 178, 6 + beat))
    return STAND._replace(
        main_arm=Limb(50 + 55 * style.reach, 6, 128 + 40 * style.reach + beat, 4), lean=3 * style.lean
    )


def _clap(phase: float, style: Style) -> Pose:
    apart = 0.5 - 0.5 * math.cos(2 * math.pi * phase)
    up = 18 + 60 * style.reach
    arm = Limb(up, 6 + 22 * apart, min(up + 62, 104), -34 + (52 + 18 * style.vigour) * apart)
    return STAND._replace(main_arm=arm, other_arm=arm, lean=4 * style.lean)


def _push(phase: float, style: Style) -> Pose:
    out = 0.5 - 0.5 * math.cos(2 * math.pi * phase)
    arm = Limb(42 + 40 * out, 8, 96 - 8 * out, -6)
    lean = 8 + 6 * style.lean + 10 * out
    return Pose(arm, arm, Limb(26, 3, -4, 3), Limb(-22, 3, -34 - 8 * out, 3), lean=lean)


def _high_five(phase: float, style: Style) -> Pose:
    up = STAND._replace(main_arm=Limb(95 + 25 * style.reach, 4, 138 + 20 * style.reach, 2), lean=4)
    half = STAND._replace(main_arm=Limb(50, 5, 120, 4))
    return between([(0.0, half), (0.22, up), (0.78, up), (1.0, half)], phase)


def _hug(phase: float, style: Style) -> Pose:
    sway = math.sin(2 * math.pi * phase)
    arm = Limb(48 + 14 * style.reach, 8, 84 + 16 * style.reach + 4 * sway, -20)
    return STAND._replace(main_arm=arm, other_arm=arm._replace(swing=arm.swing - 14), lean=7 + 2 * sway)


def _gait(phase: float, style: Style) -> Pose:
    main, other = _stride(phase, style.knees), _stride(phase + 0.5, style.knees)
    swing = 26 * math.sin(2 * math.pi * phase) * (0.5 + style.vigour)
    swinging = Pose(Limb(-swing, 6, 16 - swing, 4), Limb(swing, 6, 16 + swing, 4), main, other, lean=3 + 7 * style.lean)
    return swinging._replace(main_arm=_HOLDING, other_arm=_HOLDING) if style.arms_ahead else swinging


_HOLDING = Limb(24, 6, 82, -7)  # both forearms ahead, as one carries something


def _stride(phase: float, knees: float) -> Limb:
    angle = 2 * math.pi * phase
    thigh = 26 * math.sin(angle) + 16 * knees * (1 + math.sin(angle))
    flex = 6 + 42 * max(0.0, math.cos(angle)) + 34 * knees * (0.5 + 0.5 * math.sin(angle))
    return Limb(thigh, 3, thigh - flex, 2)


def _carry(phase: float, style: Style) -> Pose:
    return _gait(phase, style)._replace(main_arm=_HOLDING, other_arm=_HOLDING)


def _sit_down(phase: float, style: Style) -> Pose:
    hands = Limb(18, 8, 74, -4)
    half = Pose(Limb(45, 8, 70, 2), Limb(45, 8, 70, 2), Limb(58, 5, -24, 3), Limb(55, 5, -26, 3), lean=38)
    sat = Pose(hands, hands, Limb(86, 6, 4, 3), Limb(82, 6, -6, 3), lean=2 + 6 * style.lean)
    return between([(0.0, STAND._replace(lean=3)), (0.5, half), (1.0, sat)], phase)


def _stand_up(phase: float, style: Style) -> Pose:
    return _sit_down(1 - phase, style)


def _jump(phase: float, style: Style) -> Pose:
    back, high = Limb(-38, 8, -22, 4), Limb(160 + 16 * style.reach, 10, 172, 6)
    crouch = Pose(back, back, Limb(62, 5, -38, 4), Limb(58, 5, -40, 4), lean=34)
    off = Pose(high, high, Limb(2, 5, -6, 4), Limb(-2, 5, -12, 4), lean=2)
    air = Pose(high, high, Limb(12, 7, -18, 5), Limb(4, 7, -28, 5))
    keys = [(0.0, STAND), (0.2, crouch), (0.36, off), (0.52, air), (0.68, off), (0.84, crouch), (1.0, STAND)]
    flight = min(max((phase - 0.34) / 0.36, 0.0), 1.0)
    return between(keys, phase)._replace(lift=4 * flight * (1 - flight) * (0.14 + 0.12 * style.vigour))


def _pull_up(phase: float, style: Style) -> Pose:
    up = (0.5 - 0.5 * math.cos(2 * math.pi * phase)) * (0.55 + 0.45 * style.vigour)
    arm = Limb(178 - 62 * up, 10 + 22 * up, 180 - 4 * up, 4 - 12 * up)
    return Pose(arm, arm, Limb(4 + 10 * up, 4, -14 - 16 * up, 3), Limb(1 + 8 * up, 4, -22 - 16 * up, 3))


def _kick(phase: float, style: Style) -> Pose:
    balance = Limb(28, 42, 40, 30)
    back = Pose(balance, Limb(-30, 25, -8, 10), Limb(-34, 4, -88, 3), Limb(8, 4, -6, 3), lean=14)
    hit = Pose(Limb(-18, 30, 0, 20), balance, Limb(34, 4, 26, 3), Limb(-4, 4, -12, 3), lean=-4)
    high = 58 + 34 * style.vigour
    through = Pose(Limb(-26, 34, -4, 24), balance, Limb(high, 4, high - 8, 3), Limb(-8, 4, -14, 3), lean=-14)
    keys = [(0.0, STAND), (0.32, back), (CONTACT, hit), (0.64, through), (0.78, through), (1.0, STAND)]
    return between(keys, phase)


def _stop(phase: float, style: Style) -> Pose:
    return _kick(1 - phase, style)


def _knock(phase: float, style: Style) -> Pose:
    return _wave(phase, style)


def _throw(phase: float, style: Style) -> Pose:
    steady = Limb(58, 16, 78, 10)
    ready = STAND._replace(main_arm=Limb(22, 10, 108, -10), other_arm=Limb(22, 10, 100, -10))
    cocked = Pose(Limb(206, 14, 158 + 20 * style.reach, 10), steady, Limb(-14, 4, -24, 3), Limb(20, 4, 0, 3), lean=-12)
    release = Pose(Limb(140, 8, 118, 4), Limb(10, 12, 40, 6), Limb(-16, 4, -34, 3), Limb(22, 4, -4, 3), lean=12)
    after = Pose(Limb(44, 4, 34, -6), Limb(-20, 10, 0, 4), Limb(-12, 4, -44, 3), Limb(24, 4, -8, 3), lean=24)
    return between(
        [(0.0, ready), (0.3, cocked), (0.38, cocked), (CONTACT, release), (0.68, after), (1.0, after)], phase
    )


def _catch(phase: float, style: Style) -> Pose:
    return _throw(1 - phase, style)


MOTIONS: dict[str, Motion] = {
    "carry_box": Motion(_carry, 1.05, "along", forward=0.22),
    "catch": Motion(_catch, None, "along", rest=0.25),
    "clap": Motion(_clap, 0.55),
    "climb_stairs": Motion(_gait, 1.05, "along", forward=0.22),
    "high_five": Motion(_high_five, 1.3, "along", planted="both"),
    "hug": Motion(_hug, 1.4, "along", planted="both"),
    "jump": Motion(_jump, 1.1),
    "kick": Motion(_kick, None, "along", planted="other", rest=0.08),
    "kick_ball": Motion(_kick, None, "along", planted="other", rest=0.08),
    "knock": Motion(_knock, 0.6, "along"),
    "pull_up": Motion(_pull_up, 1.5, "facing"),
    "push": Motion(_push, 1.1, "along", planted="both"),
    "sit_down": Motion(_sit_down, None, "along", planted="both", rest=0.3),
    "stand_up": Motion(_stand_up, None, "along", planted="both", rest=0.3),
    "stop_ball": Motion(_stop, None, "along", planted="other", rest=0.25),
    "throw": Motion(_throw, None, "along", planted="other", rest=0.1),
    "walk": Motion(_gait, 1.05, "along", forward=0.22),
    "wave": Motion(_wave, 0.75),
}
