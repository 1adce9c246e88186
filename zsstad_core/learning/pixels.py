"""Sources of views in training and scoring: the cache, or the videos. Both give the same bytes.

Shapes: V frames, R persons, S side of a view, C colours.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core import tables
from zsstad_core.cache.artifact import Artifact
from zsstad_core.cache.tokens import UnitRows
from zsstad_core.errors import CacheError
from zsstad_core.extraction.footage import Reading, unchecked
from zsstad_core.extraction.seek import seek_frames
from zsstad_core.frozen.encoder_identity import ViewRules
from zsstad_core.frozen.views import views_of
from zsstad_core.learning.frame_index import Ints
from zsstad_core.video import VideoSource

type Views = NDArray[np.uint8]


class Pixels(Protocol):
    """Views of frames and of persons, by their rows in the bank's tables."""

    def read(self, frame_V: Ints, person_R: Ints) -> tuple[Views, Views]:
        """Views of whole frames [V, S, S, C] and of persons [R, S, S, C], in the order of the arguments."""


class CachedPixels:
    """Views from the cache. `persons` is None where no crops are read."""

    def __init__(self, frames: "CachedRows", persons: "CachedRows | None") -> None:
        self.frames, self.persons = frames, persons

    def read(self, frame_V: Ints, person_R: Ints) -> tuple[Views, Views]:
        """See `Pixels.read`. Raises CacheError where the cache is damaged."""
        frames_VSSC = self.frames.read(frame_V)
        return frames_VSSC, frames_VSSC[:0] if self.persons is None else self.persons.read(person_R)


class CachedRows:
    """Cached views of one kind for the rows of a table (columns video_id, frame, of persons also box), read on request.

    Raises CacheError where the artifact is not complete, or has no view of a row; the error names the first such row.
    """

    def __init__(self, artifact: Artifact, rows: pd.DataFrame) -> None:
        assert artifact.stage.tokens is not None
        name = artifact.stage.tokens.table
        key = ["video_id", "frame"] if name == "frames" else ["video_id", "frame", "box"]
        videos = set(rows["video_id"])
        self._units: list[UnitRows] = []
        places = []
        for unit, wanted in artifact.parts():
            if videos.isdisjoint(wanted):
                continue
            held = tables.read_table(unit.file(f"{name}.parquet"), name)[key]
            held = held.assign(unit=len(self._units), row=np.arange(len(held)))
            places.append(held[held["video_id"].isin(videos.intersection(wanted))])
            self._units.append(UnitRows(unit))
        held = pd.concat(places) if places else pd.DataFrame(columns=[*key, "unit", "row"])
        place_N = pd.MultiIndex.from_frame(held[key]).get_indexer(pd.MultiIndex.from_frame(rows[key]))
        if (place_N < 0).any():
            lacking = rows.iloc[int(np.flatnonzero(place_N < 0)[0])]
            which = " ".join([lacking.video_id, *(f"{part} {lacking[part]}" for part in key[1:])])
            raise CacheError(
                f"{artifact.path}: holds no view of {which}, which a window needs ({int((place_N < 0).sum())} such "
                f"rows); remove it and run `make encode`, or set encoder.pixels=decoded"
            )
        self._unit_N = held["unit"].to_numpy(np.int64)[place_N]
        self._row_N = held["row"].to_numpy(np.int64)[place_N]

    def read(self, wanted_N: Ints) -> Views:
        """Views of the rows `wanted_N` of the table, uint8 [N, S, S, C]; adjacent rows are read together."""
        unit_N, row_N = self._unit_N[wanted_N], self._row_N[wanted_N]
        order_N = np.lexsort((row_N, unit_N))
        jumps_N = (np.diff(unit_N[order_N]) != 0) | (np.diff(row_N[order_N]) > 1)
        shape = self._units[0].shape[1:] if self._units else (0, 0, 3)
        out = np.empty((len(wanted_N), *shape), np.uint8)
        for run in np.split(order_N, np.flatnonzero(jumps_N) + 1):
            if len(run):
                first, last = int(row_N[run[0]]), int(row_N[run[-1]])
                out[run] = self._units[unit_N[run[0]]].read(first, last + 1)[row_N[run] - first]
        return out


class DecodedPixels:
    """Views made from the videos, exactly as the encode stage makes them; crops only where `crops`.

    frames: columns video_id, frame, pts. persons: columns video_id, frame, x1..y2. Several frames of one video are
    found in one pass (`extraction.seek`). Raises as `video.decode`, and as `reading`.
    """

    def __init__(
        self,
        sources: Mapping[str, VideoSource],
        rules: ViewRules,
        frames: pd.DataFrame,
        persons: pd.DataFrame,
        crops: bool,
        reading: Reading = unchecked,
    ) -> None:
        self._sources, self._rules, self._crops, self._reading = sources, rules, crops, reading
        self._video_F = frames["video_id"].to_numpy(object)
        self._frame_F = frames["frame"].to_numpy(np.int64)
        self._pts_F = frames["pts"].to_numpy(np.float64)
        self._of_R = list(zip(persons["video_id"], persons["frame"].astype(int), strict=True))
        self._box_R4 = persons[tables.BOX].to_numpy(np.float32)
        self._row_of = {
            (video, int(frame)): row
            for row, (video, frame) in enumerate(zip(self._video_F, self._frame_F, strict=True))
        }
        self._pool = ThreadPoolExecutor()

    def read(self, frame_V: Ints, person_R: Ints) -> tuple[Views, Views]:
        """See `Pixels.read`."""
        person_R = person_R if self._crops else person_R[:0]
        shape = (self._rules.size, self._rules.size, 3)
        frames_VSSC, crops_RSSC = (np.empty((len(rows), *shape), np.uint8) for rows in (frame_V, person_R))
        places: dict[tuple[str, int], tuple[list[int], list[int]]] = {}  # frame -> places of its views and of its crops
        for place, row in enumerate(frame_V):
            places.setdefault((self._video_F[row], int(self._frame_F[row])), ([], []))[0].append(place)
        for place, row in enumerate(person_R):
            places.setdefault(self._of_R[row], ([], []))[1].append(place)

        for video in dict.fromkeys(video for video, _ in places):
            wanted = {
                number: float(self._pts_F[self._row_of[video, number]]) for name, number in places if name == video
            }
            with self._reading(video):
                pictures = list(seek_frames(self._sources[video], wanted))
            for number, _, image in pictures:
                whole, persons = places[video, number]
                boxes = self._box_R4[person_R[persons]]
                cuts = [None, *boxes] if whole else list(boxes)
                rules = self._rules
                cut_NSSC = views_of([(image, cuts)], rules.size, rules.crop, self._pool, rules.interpolation)
                if whole:
                    frames_VSSC[whole] = cut_NSSC[0]
                crops_RSSC[persons] = cut_NSSC[len(cut_NSSC) - len(persons) :]
        return frames_VSSC, crops_RSSC
