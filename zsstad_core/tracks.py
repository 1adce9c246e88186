"""Person tracks by ByteTrack (the package `trackers`): which detected boxes of a video show the same person.

The tracks are a table with one row for each box of a detected person:

    video_id  str
    frame     int32
    box       int32   the number of the box in its frame, as in table detections
    track     int32   the person, from 1 in each video in the order of their first boxes; UNTRACKED for a box that
                      belongs to no other box: seen in one frame only, or never with a score of `high_score`

The rows are the boxes of table detections, sorted by video, frame and box. Tracks depend on boxes, detection scores and
times alone, so two questions about one video have the same tracks.

ByteTrack (Zhang et al. 2022) gets the time of each frame, not its number. So it treats frames that were left out (a
sampling rate, AVA's keyframes), a variable frame rate and a hole in a video alike: it extrapolates the motion over the
time that really passed. Boxes too far apart in time to overlap are never linked.

Shapes: N boxes of a frame, M boxes of the frame before.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.boxes import iou
from zsstad_core.errors import DataError
from zsstad_core.tables import BOX

UNTRACKED = -1

_SHORTEST = 2  # frames of the shortest track: the tracker gives a number only with the second box
_LOWEST_IOU = 0.1  # IoU of a box with the place where its person is expected; the package's default


def link_persons(
    detections: pd.DataFrame, frames: pd.DataFrame, lost_after: float = 1.0, high_score: float = 0.4
) -> pd.DataFrame:
    """Link the persons of table `detections` to tracks (the table above).

    frames: table frames, of all frames that were searched for persons, with or without a detection; in a dataset with
    keyframes, the keyframes. lost_after: seconds after which a person who is not seen any more is given up, at least
    one and a half times the median time between these frames. high_score: the score with which a detection can begin
    a track; a weaker detection can only continue one.

    Raises DataError if a detection is on a frame that `frames` does not have.
    """
    boxes = detections.drop_duplicates(["video_id", "frame", "box"]).sort_values(["video_id", "frame", "box"])
    parts = [
        _of_video(str(video_id), own, frames[frames["video_id"] == video_id], lost_after, high_score)
        for video_id, own in boxes.groupby("video_id", sort=True)
    ]
    columns = {"video_id": "str", "frame": "int32", "box": "int32", "track": "int32"}
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({name: [] for name in columns})
    return rows.astype(columns)


def _of_video(
    video_id: str, boxes: pd.DataFrame, frames: pd.DataFrame, lost_after: float, high_score: float
) -> pd.DataFrame:
    strange = ~boxes["frame"].isin(frames["frame"])
    if strange.any():
        raise DataError(
            f"{video_id} frame {boxes['frame'][strange].iloc[0]}: has a detected person, and is not among the frames "
            f"that were searched ({int(strange.sum())} such boxes); run the detect stage again"
        )
    frames = frames.sort_values(["pts", "frame"])  # an older index may have neighbours of an AVI file swapped
    time_F = _strictly_rising(frames["pts"].to_numpy(np.float64))
    track = np.full(len(boxes), UNTRACKED)
    before = np.empty(0, np.int64)
    known: set[int] = set()
    xyxy, score = boxes[BOX].to_numpy(np.float64), boxes["box_score"].to_numpy(np.float64)
    for here, number_N in _follow(_rows_of(boxes, frames), time_F, xyxy, score, lost_after, high_score):
        track[here] = number_N
        new = here[(number_N != UNTRACKED) & ~np.isin(number_N, list(known))]
        _add_first_box(track, new, before[track[before] == UNTRACKED], xyxy)
        known |= set(number_N.tolist())
        before = here
    return boxes[["video_id", "frame", "box"]].assign(track=_renumber(track))


def _follow(
    rows: list[NDArray[np.int64]],
    time_F: NDArray[np.float64],
    xyxy: NDArray[np.float64],
    score: NDArray[np.float64],
    lost_after: float,
    high_score: float,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """For each frame in turn its rows, and the tracker's number for each row; UNTRACKED if the row has no number."""
    import supervision
    from trackers import ByteTrackTracker

    step = float(np.median(np.diff(time_F))) if len(time_F) > 1 else 1.0
    tracker = ByteTrackTracker(  # a new tracker for each video: it numbers from 0, and has no person of another video
        frame_rate=1 / step,
        lost_track_buffer=30,
        track_activation_threshold=high_score,
        high_conf_det_threshold=high_score,
        minimum_consecutive_frames=_SHORTEST,
        minimum_iou_threshold=_LOWEST_IOU,
    )
    tracker.maximum_time_without_update = max(lost_after, 1.5 * step)
    for time, here in zip(time_F.tolist(), rows, strict=True):
        found = supervision.Detections(
            xyxy=xyxy[here], confidence=score[here].astype(np.float32), data={"row": here.astype(np.int64)}
        )
        tracked = tracker.update(found, timestamp=time - time_F[0])
        numbers = np.asarray(tracked.tracker_id).tolist()
        number = dict(zip(np.asarray(tracked.data.get("row", [])).tolist(), numbers, strict=True))
        yield here, np.array([number[row] for row in here.tolist()], np.int64)


def _add_first_box(
    track: NDArray[np.int64], new: NDArray[np.int64], free: NDArray[np.int64], xyxy: NDArray[np.float64]
) -> None:
    """Give each new track its first box: the box of the frame before that no track has and that overlaps most.

    The tracker numbers a person only in the second frame that shows the person.
    """
    iou_NM = iou(xyxy[new], xyxy[free])
    while iou_NM.size and iou_NM.max() >= _LOWEST_IOU:
        n, m = np.unravel_index(int(iou_NM.argmax()), iou_NM.shape)
        track[free[m]] = track[new[n]]
        iou_NM[n, :], iou_NM[:, m] = 0, 0


def _rows_of(boxes: pd.DataFrame, frames: pd.DataFrame) -> list[NDArray[np.int64]]:
    """The row numbers of the boxes of each frame, in the order of `frames`."""
    frame, first = np.unique(boxes["frame"].to_numpy(np.int64), return_index=True)  # the boxes of a frame are together
    places = dict(zip(frame.tolist(), np.split(np.arange(len(boxes)), first[1:]), strict=False))
    return [places.get(number, np.empty(0, np.int64)) for number in frames["frame"].tolist()]


def _strictly_rising(time_F: NDArray[np.float64]) -> NDArray[np.float64]:
    """Times that rise at every frame: frames with the same time follow each other by a microsecond."""
    place_F = np.arange(len(time_F)) * 1e-6
    rising: NDArray[np.float64] = np.maximum.accumulate(time_F - place_F) + place_F
    return rising


def _renumber(track: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the tracks from 1 in the order of their first rows."""
    numbers = [number for number in dict.fromkeys(track.tolist()) if number != UNTRACKED]
    new = {number: place for place, number in enumerate(numbers, 1)}
    return np.array([new.get(number, UNTRACKED) for number in track.tolist()], np.int64)
