"""Checks for boxes in other units, or with coordinates in another order: read so, they fit the other boxes better.

Every reading is tried on the annotated boxes, and on the detected boxes if they come from a file (the boxes of the
detector stage are right by construction). A reading is reported if it raises the overlap far above that of the boxes
as they are.

Shapes: N pairs of an annotated and a detected box; sizes are width and height of the video, [N, 2].
"""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd

from zsstad_core.doctor.finding import Finding
from zsstad_core.doctor.overlap import Floats, Pairs, by_video, pairs, sample_persons
from zsstad_core.tables import BOX

type Reading = Callable[[Floats, Floats], Floats]

_GAIN = 0.15  # in mean IoU
_LEAST = 0.3  # mean IoU of a reading that fits
_SIMPLER = 0.01  # mean IoU by which a reading that undoes two mistakes must beat a reading that undoes one
_OUTSIDE = 0.05  # share of annotated boxes that must reach out of the picture for a finding

_SIZES = (
    (320, 240),
    (340, 256),
    (640, 480),
    (1280, 720),
    (1920, 1080),
    (224, 224),
    (416, 416),
    (1000, 1000),
    (100, 100),
)


def _y_first(xyxy_N4: Floats, size_N2: Floats) -> Floats:
    return xyxy_N4[:, [1, 0, 3, 2]]


def _width_height(xyxy_N4: Floats, size_N2: Floats) -> Floats:
    return np.concatenate([xyxy_N4[:, :2], xyxy_N4[:, :2] + xyxy_N4[:, 2:]], axis=1)


def _centre(xyxy_N4: Floats, size_N2: Floats) -> Floats:
    half_N2 = xyxy_N4[:, 2:] / 2
    return np.concatenate([xyxy_N4[:, :2] - half_N2, xyxy_N4[:, :2] + half_N2], axis=1)


def _scaled_from(width: float, height: float, xyxy_N4: Floats, size_N2: Floats) -> Floats:
    return xyxy_N4 * np.tile(size_N2 / (width, height), 2)


def _readings() -> Mapping[str, tuple[int, Reading]]:
    """The readings by a description of the boxes, each with the number of mistakes that it undoes; simplest first."""
    orders: dict[str, Reading] = {
        "y1, x1, y2, x2 (x and y swapped)": _y_first,
        "x, y, width, height": _width_height,
        "the centre's x, y, then width, height": _centre,
    }
    units: dict[str, Reading] = {"fractions of the frame, 0 to 1": partial(_scaled_from, 1.0, 1.0)}
    units |= {
        f"pixels of pictures of {width}x{height}": partial(_scaled_from, width, height) for width, height in _SIZES
    }
    found = {name: (1, reading) for name, reading in {**orders, **units}.items()}
    for order, rearranged in orders.items():
        for unit, scaled in units.items():
            found[f"{order}, in {unit}"] = (2, partial(_apply_both, rearranged, scaled))
    return found


def _apply_both(rearranged: Reading, scaled: Reading, xyxy_N4: Floats, size_N2: Floats) -> Floats:
    """Rearrange the sides in the picture on which they were annotated, then scale them."""
    return scaled(rearranged(xyxy_N4, size_N2), size_N2)


READINGS = _readings()


def other_units(groundtruth: pd.DataFrame, persons: pd.DataFrame, videos: pd.DataFrame, given: bool) -> list[Finding]:
    """Find boxes that fit only in another unit or order.

    persons: the persons of table boxes. videos: table videos. given: whether the boxes come from a file.
    """
    truth = sample_persons(groundtruth)
    both = pairs(truth, persons)
    if not len(both.row_N):
        return []
    sizes = videos.set_index("video_id")[["width", "height"]]
    size_N2 = sizes.loc[truth["video_id"].iloc[both.row_N]].to_numpy(np.float64)
    as_is = both.best()
    fits: dict[str, tuple[float, str, Floats]] = {}
    for side in ("detected", "annotated") if given else ("annotated",):
        name, better = _best_reading(both, size_N2, side)
        fits[side] = (float(better.mean()), name, better)
    side, (_, name, better) = max(fits.items(), key=lambda fit: fit[1][0])
    gain = by_video(truth, better - as_is)
    if better.mean() < _LEAST or gain.mean() < _GAIN or (gain > 0).mean() < 2 / 3:
        return []
    # A reading that improves both sides alike (a swap) does not tell which side is wrong.
    alike = (
        given and fits["annotated"][1] == fits["detected"][1] and abs(fits["annotated"][0] - fits["detected"][0]) < 0.02
    )
    whose = "detected or annotated" if alike else side
    at = int(np.argmax(better - as_is))
    row = truth.iloc[at]
    shown = row[BOX] if side == "annotated" else persons.merge(row[["video_id", "frame"]].to_frame().T).iloc[0][BOX]
    file = "detector.boxes_from" if side == "detected" else "the annotation"
    return [
        Finding(
            f"{whose} boxes are {name}",
            f"the mean IoU of {len(truth)} annotated boxes with a detected one is {as_is.mean():.2f} as they are and "
            f"{better.mean():.2f} when read so",
            f"{row['video_id']} frame {int(row['frame'])}, box {[round(float(side), 3) for side in shown]} of "
            f"{'x'.join(str(int(side)) for side in sizes.loc[row['video_id']])}",
            f"write x1, y1, x2, y2 in pixels of the video into {file}",
        )
    ]


def _best_reading(both: Pairs, size_N2: Floats, side: str) -> tuple[str, Floats]:
    """The reading of one side's boxes with the best overlap, and the overlap of each annotated box under it."""
    best: tuple[float, str, Floats] = (-1.0, "", np.zeros(both.count))
    for name, (parts, reading) in READINGS.items():
        if side == "detected":
            overlap = both.best(found_N4=reading(both.found_N4, size_N2))
        else:
            overlap = both.best(truth_N4=reading(both.truth_N4, size_N2))
        if (value := float(overlap.mean()) - _SIMPLER * parts) > best[0]:
            best = (value, name, overlap)
    return best[1], best[2]


def fractions(annotated: pd.DataFrame) -> list[Finding]:
    """Find annotated boxes near the corner of the picture: they are fractions of the frame, and must be pixels."""
    rows = annotated[annotated["decoded"]]
    small = (rows[["x2", "y2"]] <= 1.5).all(axis=1)
    if not len(rows) or small.mean() <= 0.5:
        return []
    row = rows[small].iloc[0]
    return [
        Finding(
            "annotated boxes are fractions of the frame, 0 to 1",
            f"{int(small.sum())} of {len(rows)} end at most 1.5 pixels from the corner",
            f"{row['video_id']} frame {int(row['frame'])}, box {[round(float(row[side]), 3) for side in BOX]}",
            "write x1, y1, x2, y2 in pixels of the video into the annotation",
        )
    ]


def reach_out(annotated: pd.DataFrame, videos: pd.DataFrame) -> list[Finding]:
    """Find annotated boxes (not clipped to the picture) that reach out of it. videos: table videos."""
    rows = annotated[annotated["decoded"]]
    size = videos.set_index("video_id")[["width", "height"]].reindex(rows["video_id"])
    outside = (rows[["x2", "y2"]].to_numpy(np.float64) > size.to_numpy(np.float64) * 1.02 + 1).any(1)
    if outside.sum() <= _OUTSIDE * len(rows):
        return []
    row, of = rows[outside].iloc[0], size[outside].iloc[0]
    return [
        Finding(
            "annotated boxes reach out of the picture",
            f"{int(outside.sum())} of {len(rows)}",
            f"{row['video_id']} frame {int(row['frame'])}, box {[round(float(row[side]), 3) for side in BOX]} of "
            f"{int(of['width'])}x{int(of['height'])}",
            "write x1, y1, x2, y2 in pixels of the video: were they drawn on pictures of another size?",
        )
    ]
