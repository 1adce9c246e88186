"""Make the clips of the player: frames of a video, with the persons in them."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.extraction.seek import seek_frames
from zsstad_core.formatting import count_text
from zsstad_core.metrics.matching import Ints
from zsstad_core.progress import watched
from zsstad_core.report.page.content import Clip, Corners, Person, Sight, TruePerson, TrueSight
from zsstad_core.report.page.jpeg import jpeg
from zsstad_core.settings.results import Report
from zsstad_core.tables import BOX
from zsstad_core.tracks import UNTRACKED
from zsstad_core.video import VideoSource


@dataclass(frozen=True)
class ClipToShow:
    """A video to show: the reason, the group of its class, and a frame that must be shown (None: any frame will do)."""

    video_id: str
    why: str
    group: str = ""
    frame: int | None = None


@dataclass(frozen=True)
class FoundPersons:
    """The detected persons of some videos.

    frames: table frames, of the frames searched for persons; the page shows column `time`, if there is one, instead of
    `pts`. detections: table detections, with a column similarity if it is known. tracks: as `zsstad_core.tracks`.
    groundtruth: table groundtruth; None if nothing is annotated. chosen: the label that each person gets in each frame,
    columns video_id, frame, box, class_name ("" for none); None: the most probable label.
    """

    frames: pd.DataFrame
    detections: pd.DataFrame
    tracks: pd.DataFrame
    groundtruth: pd.DataFrame | None = None
    chosen: pd.DataFrame | None = None


def make_clips(
    sources: Mapping[str, VideoSource],
    shown: Iterable[ClipToShow],
    found: FoundPersons,
    groups: Mapping[str, str],
    settings: Report,
) -> tuple[tuple[Clip, ...], str]:
    """The clips, as many as fit in the settings' megabytes, and a sentence on what is shown and what is left out.

    groups: of each class that is known to be unseen or seen. Raises as `video.decode`.
    """
    shown, size = list(shown), 0
    clips: list[Clip] = []
    for each in watched(shown, "report", len(shown), "clips"):
        one = make_clip(sources[each.video_id], each, found, groups, settings)
        sights = sum(len(person.seen) for person in one.persons)
        size += sum(map(len, one.jpegs)) + sights * (50 + 6 * len(one.labels))  # bytes, approximately
        if clips and size > settings.megabytes * 1e6:
            break
        clips.append(one)
    left = f"; {len(shown) - len(clips)} more would not fit (report.megabytes)" if len(clips) < len(shown) else ""
    cut = sum(len(one.frames) < one.every for one in clips)
    parts = f" Of {count_text(cut, 'long video')} a part of the frames is here (report.frames)." if cut else ""
    return tuple(clips), f"{count_text(len(clips), 'clip')}{left}.{parts}"


def make_clip(
    source: VideoSource, shown: ClipToShow, found: FoundPersons, groups: Mapping[str, str], settings: Report
) -> Clip:
    """The clip of a video, of at most `report.frames` frames (`frames_of`). Raises as `video.decode`."""
    own = found.frames[found.frames["video_id"] == shown.video_id].sort_values("frame")
    seconds_of = dict(zip(own["frame"].astype(int), own["pts"].astype(float), strict=True))
    shown_at = dict(zip(own["frame"].astype(int), own.get("time", own["pts"]).astype(float), strict=True))
    numbers = frames_of(list(seconds_of), shown.frame, settings.frames)
    pictures = list(seek_frames(source, {number: seconds_of[number] for number in numbers}))
    height, width = pictures[0][2].shape[:2]
    place = {number: at for at, number in enumerate(numbers)}
    labels, persons = _persons(found, shown.video_id, place)
    return Clip(
        video_id=shown.video_id,
        why=shown.why,
        group=shown.group,
        width=width,
        height=height,
        frames=tuple(numbers),
        every=len(seconds_of),
        seconds=tuple(round(shown_at[number], 4) for number in numbers),
        jpegs=tuple(jpeg(picture, settings.picture) for _, _, picture in pictures),
        labels=labels,
        groups=tuple(groups.get(label, "") for label in labels),
        persons=persons,
        truth=_truth(found.groundtruth, shown.video_id, place),
    )


def frames_of(numbers: Sequence[int], wanted: int | None, at_most: int) -> list[int]:
    """The frames of a clip: all; from a longer video a stretch of `at_most` around the wanted frame, or without a
    wanted frame every second, third, ... frame, so that the clip spans the whole video."""
    if len(numbers) <= at_most:
        return list(numbers)
    if wanted is None:
        return list(numbers[:: -(-len(numbers) // at_most)])
    middle = bisect_left(numbers, wanted)
    first = min(max(0, middle - at_most // 2), len(numbers) - at_most)
    return list(numbers[first : first + at_most])


def _persons(
    found: FoundPersons, video_id: str, place: Mapping[int, int]
) -> tuple[tuple[str, ...], tuple[Person, ...]]:
    """The labels of the video in the order of the table, and its persons in the frames that are shown."""
    rows = found.detections[found.detections["video_id"] == video_id]
    labels = tuple(rows["class_name"].unique())
    rows = rows[rows["frame"].isin(place)].sort_values(["frame", "box"], kind="stable")
    if rows.empty:
        return labels, ()
    tracks = found.tracks[found.tracks["video_id"] == video_id].set_index(["frame", "box"])["track"].to_dict()
    given = _given_labels(found.chosen, video_id)
    frame, box = rows["frame"].to_numpy(np.int64), rows["box"].to_numpy(np.int64)
    new = (np.diff(frame, prepend=-1) != 0) | (np.diff(box, prepend=-1) != 0)
    cells = np.cumsum(new) - 1, pd.Index(labels).get_indexer(pd.Index(rows["class_name"]))
    probability = _matrix(rows["probability"], cells, len(labels))  # [persons in frames, labels]
    similarity = _matrix(rows["similarity"], cells, len(labels)) if "similarity" in rows else None
    best, probability = probability.argmax(1), probability.round(3)
    seen: dict[int, list[Sight]] = {}
    for one, (row, xyxy, score) in enumerate(
        zip(np.flatnonzero(new), rows[BOX].to_numpy()[new], rows["box_score"].to_numpy()[new], strict=True)
    ):
        of_person = int(frame[row]), int(box[row])
        label = labels[best[one]] if given is None else given[of_person]
        sight = Sight(
            place[of_person[0]],
            rounded(xyxy),
            round(float(score), 3),
            tuple(probability[one].tolist()),
            labels.index(label) if label else None,
            () if similarity is None else tuple(similarity[one].round(4).tolist()),
        )
        track = int(tracks.get(of_person, UNTRACKED))
        seen.setdefault(0 if track == UNTRACKED else track, []).append(sight)
    return labels, tuple(Person(number, tuple(sights)) for number, sights in sorted(seen.items()))


def _matrix(values: "pd.Series[float]", cells: tuple[Ints, Ints], labels: int) -> NDArray[np.floating]:
    """The value of each person for each label, 0 where the table has none."""
    numbers = values.to_numpy()
    matrix = np.zeros((int(cells[0][-1]) + 1, labels), numbers.dtype)
    matrix[cells] = numbers
    return matrix


def _given_labels(chosen: pd.DataFrame | None, video_id: str) -> dict[tuple[int, int], str] | None:
    if chosen is None:
        return None
    rows = chosen[chosen["video_id"] == video_id]
    return dict(zip(zip(rows["frame"], rows["box"], strict=True), rows["class_name"], strict=True))


def _truth(groundtruth: pd.DataFrame | None, video_id: str, place: Mapping[int, int]) -> tuple[TruePerson, ...]:
    """The annotated persons of the frames that are shown."""
    if groundtruth is None:
        return ()
    rows = groundtruth[(groundtruth["video_id"] == video_id) & groundtruth["frame"].isin(place)]
    actions: dict[int, dict[int, list[str]]] = {}  # by person and place
    corners: dict[tuple[int, int], Corners] = {}
    for box, frame, name, *xyxy in rows[["box", "frame", "class_name", *BOX]].itertuples(index=False, name=None):
        actions.setdefault(box, {}).setdefault(place[frame], []).append(name or "an action that is not said")
        corners.setdefault((box, place[frame]), rounded(xyxy))
    return tuple(
        TruePerson(
            number, tuple(TrueSight(at, corners[box, at], tuple(names)) for at, names in sorted(actions[box].items()))
        )
        for number, box in enumerate(sorted(actions), 1)
    )


def rounded(corners: Iterable[float]) -> Corners:
    """The corners of a box to a tenth of a pixel, enough to draw."""
    x1, y1, x2, y2 = (round(float(side), 1) for side in corners)
    return x1, y1, x2, y2
