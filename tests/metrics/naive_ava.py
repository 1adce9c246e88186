"""The official AVA tool once more, from its description: dictionaries and loops, no arrays."""

import heapq
from collections import defaultdict
from typing import NamedTuple

from tests.metrics.naive import area_under_envelope

CAP = 50

type Keyframe = tuple[str, int]
type Box = tuple[float, float, float, float]


class Row(NamedTuple):
    keyframe: Keyframe
    xyxy: Box
    action: int
    score: float = 1.0


def overlap(a: Box, b: Box) -> float:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0.0) * max(height, 0.0)
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return shared / (both - shared) if shared > 0 else 0.0


def best_fifty(rows: list[Row], actions: list[int]) -> dict[Keyframe, list[Row]]:
    """The detections of each keyframe that are kept, by falling score; keyframes in order of appearance."""
    heaps: dict[Keyframe, list[tuple[float, int, float, float, float, float]]] = defaultdict(list)
    for row in rows:
        if row.action not in actions:
            continue
        x1, y1, x2, y2 = row.xyxy
        entry, heap = (row.score, row.action, y1, x1, y2, x2), heaps[row.keyframe]
        if len(heap) < CAP:
            heapq.heappush(heap, entry)
        elif row.score > heap[0][0]:
            heapq.heapreplace(heap, entry)
    return {
        keyframe: [
            Row(keyframe, (x1, y1, x2, y2), action, score)
            for score, action, y1, x1, y2, x2 in sorted(heap, key=lambda entry: -entry[0])
        ]
        for keyframe, heap in heaps.items()
    }


def average_precisions(
    truths: list[Row],
    detections: list[Row],
    actions: list[int],
    iou: float = 0.5,
    bare: frozenset[Keyframe] = frozenset(),
    excluded: frozenset[Keyframe] = frozenset(),
) -> dict[int, float | None]:
    """AP of each action; bare: keyframes that the ground truth names without a box."""
    counted = ({row.keyframe for row in truths} | bare) - excluded
    annotated: dict[tuple[Keyframe, int], list[Box]] = defaultdict(list)
    for row in truths:
        if row.keyframe in counted:
            annotated[row.keyframe, row.action].append(row.xyxy)
    outcome: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for keyframe, rows in best_fifty(detections, actions).items():
        if keyframe not in counted:
            continue
        taken: set[tuple[int, int]] = set()
        for row in rows:
            if row.xyxy[0] >= row.xyxy[2] or row.xyxy[1] >= row.xyxy[3]:
                continue
            overlaps = [overlap(row.xyxy, box) for box in annotated[keyframe, row.action]]
            hit = False
            if overlaps and max(overlaps) >= iou:
                best = (row.action, overlaps.index(max(overlaps)))
                hit = best not in taken
                taken.add(best)
            outcome[row.action].append((row.score, hit))
    found: dict[int, float | None] = {}
    for action in actions:
        positives = sum(len(boxes) for (_, of), boxes in annotated.items() if of == action)
        ranked = sorted(outcome[action], key=lambda scored: scored[0])
        ranked.reverse()  # equal scores too
        found[action] = float(area_under_envelope([hit for _, hit in ranked], positives)) if positives else None
    return found
