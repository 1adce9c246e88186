"""A body's pose, and where its joints are: forward kinematics of a jointed figure.

Body frame: x forward, y to its left, z up; the unit is the body's height. Every segment's direction is given by two
angles in degrees, `swing` (0 hanging, 90 forward, 180 up, negative backward) and `spread` (to its own side).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

type Point = tuple[float, float, float]  # x, y, z


class Limb(NamedTuple):
    """An arm or a leg: direction of its upper and of its lower segment."""

    swing: float
    spread: float
    lower_swing: float
    lower_spread: float


class Pose(NamedTuple):
    """Four limbs, the trunk's lean forward in degrees, and how far the feet are above the ground.

    "Main" is the side that a one-handed or one-footed action uses.
    """

    main_arm: Limb
    other_arm: Limb
    main_leg: Limb
    other_leg: Limb
    lean: float = 0.0
    lift: float = 0.0

    def limbs(self) -> tuple[Limb, Limb, Limb, Limb]:
        """Main arm, other arm, main leg, other leg."""
        return self.main_arm, self.other_arm, self.main_leg, self.other_leg

    def with_limbs(self, limbs: Iterable[Limb]) -> "Pose":
        """This pose with other limbs, in the order of `limbs`."""
        main_arm, other_arm, main_leg, other_leg = limbs
        return self._replace(main_arm=main_arm, other_arm=other_arm, main_leg=main_leg, other_leg=other_leg)


class Build(NamedTuple):
    """Proportions in heights: lengths and half widths."""

    thigh: float = 0.245
    shin: float = 0.245
    trunk: float = 0.29
    neck: float = 0.035
    head: float = 0.075
    upper_arm: float = 0.165
    forearm: float = 0.17
    shoulders: float = 0.105
    hips: float = 0.05


@dataclass(frozen=True)
class Joints:
    """Joints in the body frame, the ground at z = 0. Arms: shoulder, elbow, hand; legs: hip, knee, ankle, toe."""

    pelvis: Point
    neck: Point
    head: Point
    main_arm: tuple[Point, Point, Point]
    other_arm: tuple[Point, Point, Point]
    main_leg: tuple[Point, Point, Point, Point]
    other_leg: tuple[Point, Point, Point, Point]

    def moved(self, x: float, z: float) -> "Joints":
        """The same joints elsewhere."""

        def move[*Ts](points: tuple[*Ts]) -> tuple[*Ts]:
            return tuple((p[0] + x, p[1], p[2] + z) for p in points)  # type: ignore[return-value, index]

        pelvis, neck, head = move((self.pelvis, self.neck, self.head))
        return Joints(
            pelvis, neck, head, move(self.main_arm), move(self.other_arm), move(self.main_leg), move(self.other_leg)
        )


STAND = Pose(Limb(3, 7, 14, 4), Limb(3, 7, 14, 4), Limb(3, 4, -1, 3), Limb(-2, 4, -5, 3))
_SOLE = 0.03  # from the ankle to the ground
_FOOT = 0.085


def between(keys: Sequence[tuple[float, Pose]], moment: float) -> Pose:
    """The pose at a moment: eased from key to key; before the first and after the last, that one."""
    if moment <= keys[0][0]:
        return keys[0][1]
    for (start, a), (end, b) in pairwise(keys):
        if moment <= end:
            share = (moment - start) / (end - start)
            share = share * share * (3 - 2 * share)
            return interpolate(a, b, share)
    return keys[-1][1]


def interpolate(a: Pose, b: Pose, share: float) -> Pose:
    """A pose on the way from a (share 0) to b (share 1)."""

    def mix(p: float, q: float) -> float:
        return p + (q - p) * share

    return a.with_limbs(Limb(*map(mix, p, q)) for p, q in zip(a.limbs(), b.limbs(), strict=True))._replace(
        lean=mix(a.lean, b.lean), lift=mix(a.lift, b.lift)
    )


def joints(pose: Pose, build: Build, main: int) -> Joints:
    """Where the joints are, standing on the ground `pose.lift` above z = 0, the pelvis at x = 0.

    main: 1 where the main side is the left, -1 where it is the right.
    """
    lean = math.radians(pose.lean)
    up = (math.sin(lean), math.cos(lean))
    neck = (build.trunk * up[0], 0.0, build.trunk * up[1])
    rise = build.neck + build.head
    head = (neck[0] + rise * math.sin(lean * 0.6), 0.0, neck[2] + rise * math.cos(lean * 0.6))

    def arm(limb: Limb, side: int) -> tuple[Point, Point, Point]:
        shoulder = (neck[0] - 0.03 * up[0], side * build.shoulders, neck[2] - 0.03 * up[1])
        elbow = _step(shoulder, limb.swing, limb.spread, side, build.upper_arm)
        return shoulder, elbow, _step(elbow, limb.lower_swing, limb.lower_spread, side, build.forearm)

    def leg(limb: Limb, side: int) -> tuple[Point, Point, Point, Point]:
        hip = (0.0, side * build.hips, 0.0)
        knee = _step(hip, limb.swing, limb.spread, side, build.thigh)
        ankle = _step(knee, limb.lower_swing, limb.lower_spread, side, build.shin)
        pitch = math.radians(limb.lower_swing * 0.8)
        toe = (ankle[0] + _FOOT * math.cos(pitch), ankle[1], ankle[2] + _FOOT * math.sin(pitch) - 0.3 * _SOLE)
        return hip, knee, ankle, toe

    legs = leg(pose.main_leg, main), leg(pose.other_leg, -main)
    lowest = min(min(ankle[2] - _SOLE, toe[2] - 0.5 * _SOLE) for *_, ankle, toe in legs)
    body = Joints((0.0, 0.0, 0.0), neck, head, arm(pose.main_arm, main), arm(pose.other_arm, -main), *legs)
    return body.moved(0.0, pose.lift - lowest)


def _step(start: Point, swing: float, spread: float, side: int, length: float) -> Point:
    swing, spread = math.radians(swing), math.radians(spread)
    flat = length * math.cos(spread)
    return (
        start[0] + flat * math.sin(swing),
        start[1] + side * length * math.sin(spread),
        start[2] - flat * math.cos(swing),
    )
