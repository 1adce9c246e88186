"""Single frames for the page: pictures as JPEG, and the best and worst moments with their boxes."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.extraction.seek import seek_frames
from zsstad_core.progress import watched
from zsstad_core.report import moments as frames
from zsstad_core.report.error_kinds import HIT
from zsstad_core.report.page.clips import rounded
from zsstad_core.report.page.content import Box, Moment, Picture
from zsstad_core.report.page.jpeg import jpeg
from zsstad_core.video import VideoSource


def picture(rgb: NDArray[np.uint8], side: int) -> Picture:
    """A frame, RGB uint8 [height, width, 3], as a JPEG of at most `side` pixels."""
    return Picture(width=rgb.shape[1], height=rgb.shape[0], jpeg=jpeg(rgb, side))


def moments_of(
    found: Sequence[frames.Moment],
    sources: Mapping[str, VideoSource],
    pts: "pd.Series[float]",
    groups: Mapping[str, str],
    side: int,
) -> tuple[Moment, ...]:
    """The moments with their pictures. pts: seconds, by video and frame; groups: of each class. A moment on a frame
    that the video does not have is left out. Raises as `video.decode`."""
    shown = [moment for moment in found if (moment.video_id, moment.frame) in pts.index]
    wanted: dict[str, dict[int, float]] = {}
    for moment in shown:
        wanted.setdefault(moment.video_id, {})[moment.frame] = float(pts[moment.video_id, moment.frame])
    pictures = {
        (video_id, number): picture(rgb, side)
        for video_id, of_video in watched(wanted.items(), "report", len(wanted), "clips with moments")
        for number, _, rgb in seek_frames(sources[video_id], of_video)
    }
    return tuple(_moment(moment, pictures[moment.video_id, moment.frame], groups) for moment in shown)


def _moment(moment: frames.Moment, shown: Picture, groups: Mapping[str, str]) -> Moment:
    reason = moment.marked[0]
    annotated = " and ".join(reason.annotated) or "nobody"
    good = moment.kind == HIT
    if good:
        title, caption = reason.class_name, f"Right, with a probability of {reason.probability:.2f}."
    elif reason.score is None:
        title, caption = f"{moment.kind}: {reason.class_name}", "An annotated person that nothing found."
    else:
        title = f"{moment.kind}: {reason.class_name}"
        caption = f"Called {reason.class_name} with {reason.probability:.2f}; annotated there: {annotated}."
    cost = f"about {100 * moment.cost:.2f}" if moment.cost >= 5e-5 else "less than 0.01"
    cost = "" if good else f" Errors of this kind in this frame cost {cost} points of mAP."
    return Moment(
        good=good,
        title=title,
        caption=caption.replace("_", " ") + cost,
        group=groups.get(reason.class_name, ""),
        video_id=moment.video_id,
        frame=moment.frame,
        picture=shown,
        boxes=(*_annotated_boxes(moment), *_detected_boxes(moment)),
    )


def _annotated_boxes(moment: frames.Moment) -> Iterator[Box]:
    for corners, actions in moment.annotated:
        yield Box(rounded(corners), ", ".join(actions), "annotated")


def _detected_boxes(moment: frames.Moment) -> Iterator[Box]:
    for marked in reversed(moment.marked):  # the box that is the reason is drawn last, on top
        if marked.score is not None:
            yield Box(
                rounded(marked.corners),
                f"{marked.class_name} {marked.probability:.2f}",
                "detected",
                right=marked.kind == HIT,
                reason=marked is moment.marked[0],
            )
