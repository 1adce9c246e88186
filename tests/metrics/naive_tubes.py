"""Linking and video AP once more, from their descriptions: lists and loops, one video and class at a time.

Sums are made in the order of frames, as floats, so that scores that tie here tie there.
"""

from dataclasses import dataclass, field

from tests.metrics.naive import Box, Found, area_of_trapezoids, area_under_envelope, overlap


@dataclass
class Tube:
    boxes: dict[int, Box] = field(default_factory=dict)  # by frame, rising
    scores: list[float] = field(default_factory=list)

    @property
    def score(self) -> float:
        return sum(self.scores) / len(self.scores)

    @property
    def final_score(self) -> float:
        first = self.scores[0]
        return first + sum(score - first for score in self.scores) / len(self.scores)


def thin(rows: list[Found]) -> list[tuple[Box, float]]:
    """The ten best boxes of a frame, best first, after what they overlap lost some of its score."""
    ranked = sorted(range(len(rows)), key=lambda place: (-rows[place].score, -place))  # of equals the later one
    kept: dict[int, float] = {}
    while ranked:
        best, *others = ranked
        kept[best] = rows[best].score
        ranked = []
        for other in others:
            iou = float(overlap(rows[best].xyxy, rows[other].xyxy, 1))
            if iou > 0.6:
                kept[other] = rows[other].score * (1 - iou)
            else:
                ranked.append(other)
    places = sorted(kept, key=lambda place: (-kept[place], -place))
    return [(rows[place].xyxy, kept[place]) for place in places[:10]]


def link(detections: list[Found], pixel: int, shortest: int, lowest: float) -> list[Tube]:
    """The tubes of one class in one video, in the order in which they began."""
    tubes: list[Tube] = []
    current: list[Tube] = []
    for frame in range(max((d.frame for d in detections), default=0) + 1):
        free = thin([d for d in detections if d.frame == frame])
        current.sort(key=lambda tube: -tube.score)
        going_on = []
        for tube in current:
            last = tube.boxes[frame - 1]
            near = [place for place, (box, _) in enumerate(free) if overlap(last, box, pixel) >= 0.5]
            if near:
                box, score = free.pop(near[0])
                tube.boxes[frame] = box
                tube.scores.append(score)
                going_on.append(tube)
        new = [Tube({frame: box}, [score]) for box, score in free]
        tubes += new
        current = going_on + new
    return [tube for tube in tubes if len(tube.boxes) >= shortest and tube.score >= lowest]


def tube_overlap(a: dict[int, Box], b: dict[int, Box], pixel: int, frame: int) -> float:
    """Of two tubes, by frame; pixel and frame are what MultiSports leaves out (0) and ACT adds (1)."""
    start, end = max(min(a), min(b)), min(max(a), max(b))
    common = [f for f in range(start, end + 1) if f in a and f in b]
    if not common:
        return 0.0
    either = [f for f in range(start, end + 1) if f in a or f in b]
    union = max(*a, *b) - min(*a, *b) + frame
    duration = (end - start + frame) / union if union else 1.0
    shared = 0.0
    for f in common:
        shared += float(overlap(a[f], b[f], pixel))
    return duration * (shared / len(either))


def suppress(tubes: list[Tube], pixel: int, frame: int) -> list[Tube]:
    """Without those that a better one overlaps by more than 0.3; of equal scores the later one is the better."""
    ranked = sorted(range(len(tubes)), key=lambda place: (-tubes[place].final_score, -place))
    kept: list[int] = []
    for place in ranked:
        if all(tube_overlap(tubes[place].boxes, tubes[other].boxes, pixel, frame) <= 0.3 for other in kept):
            kept.append(place)
    return [tubes[place] for place in sorted(kept)]


def video_ap(
    truths: dict[str, list[dict[int, Box]]], found: dict[str, list[Tube]], threshold: float, protocol: str
) -> float | None:
    """AP of one class from the annotated and the detected tubes of each video."""
    positives = sum(len(tubes) for tubes in truths.values())
    if not positives:
        return None
    act = protocol == "act"
    how = (1, 1) if act else (0, 0)
    listed = [
        (video, tube) for video, tubes in sorted(found.items()) for tube in (suppress(tubes, *how) if act else tubes)
    ]
    taken: set[tuple[str, int]] = set()
    hit = []
    for video, tube in sorted(listed, key=lambda of: -of[1].final_score):
        overlaps = [
            -1.0 if act and (video, number) in taken else tube_overlap(truth, tube.boxes, *how)
            for number, truth in enumerate(truths.get(video, []))
        ]
        best = (video, overlaps.index(max(overlaps))) if overlaps and max(overlaps) >= threshold else None
        hit.append(best is not None and best not in taken)
        if best is not None:
            taken.add(best)
    return float((area_of_trapezoids if act else area_under_envelope)(hit, positives))
