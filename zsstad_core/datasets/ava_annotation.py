"""AVA's official annotation: the videos, and for each annotated second the boxes of persons and their actions.

The rows that are taken, left out and refused:

    seconds 902 to 1798 (both included), or those that are set; a row of another second is refused, with its line
    rows at excluded seconds are left out and counted
    rows of an action that the label map lacks are left out and counted if it is one of AVA's 80 (a map of the 60 of the
    ActivityNet task, as the official evaluator does); any other action is refused, with its line
    keyframes without a box (rows of two cells) are ignored: a table of boxes has no row for them
    a row that is there twice, and a box without area, are refused, with their line

The rows with one person id and one box are one person, with an action in each row. Without ids (v1.0, 7 cells) the rows
with one box are one person.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsstad_core.datasets.base import ClassType, Part
from zsstad_core.errors import DataError, MissingFileError
from zsstad_core.lookalikes import refuse_lookalikes, refuse_pairs
from zsstad_core.metrics.ava_labelmap import read_labelmap
from zsstad_core.metrics.ava_rows import video_names
from zsstad_core.unplaced import unplaced

if TYPE_CHECKING:
    import pandas as pd

_LAST_OF: dict[ClassType, int] = {"pose": 14, "object": 63, "person": 80}  # AVA numbers its actions in that order


class AvaAnnotation:
    """The annotation from the csv of each part, the label map, and files of excluded seconds. seconds: the first and
    the last that may be annotated. Raises MissingFileError and DataError naming file and line."""

    def __init__(
        self, boxes: Mapping[Part, Path], labelmap: Path, excluded: Sequence[Path], seconds: tuple[int, int]
    ) -> None:
        self._boxes, self._labelmap, self._excluded, self._seconds = boxes, labelmap, excluded, seconds
        for path in self.files():
            if not path.is_file():
                raise MissingFileError(
                    f"{path}: no such file (datasets.ava); it is among AVA's annotation files: fetch it or name another"
                )

    def files(self) -> list[Path]:
        return [*self._boxes.values(), self._labelmap, *self._excluded]

    @cached_property
    def names(self) -> dict[int, str]:
        """The names of the actions, by number."""
        names = read_labelmap(self._labelmap)
        if strange := [number for number in names if number > _LAST_OF["person"]]:
            raise DataError(f"{self._labelmap}: id is {strange[0]}; AVA's actions are numbered from 1 to 80")
        return names

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.names.values())

    @property
    def class_types(self) -> dict[str, ClassType]:
        return {name: next(kind for kind, last in _LAST_OF.items() if i <= last) for i, name in self.names.items()}

    @cached_property
    def parts(self) -> dict[str, Part]:
        """Every annotated video, sorted, with its part. It parses no numbers, because every plan calls it."""
        parts: dict[str, Part] = {}
        for part, path in self._boxes.items():
            for name in video_names(path):
                if parts.setdefault(name, part) != part:
                    raise DataError(
                        f"{path}: names {name}, as {self._boxes['train'].name} does; it must be in one part"
                    )
        refuse_pairs("video", parts, " and ".join(path.name for path in self._boxes.values()))
        return dict(sorted(parts.items()))

    def table(self) -> "pd.DataFrame":
        """Table groundtruth, whose rows are all unplaced (`zsstad_core.unplaced`). `attrs["notes"]`
        holds sentences on the rows that were left out, and why."""
        import pandas as pd

        from zsstad_core.tables import BOX, table

        notes: list[str] = []
        excluded = self._excluded_keyframes()
        rows = pd.concat([self._rows(path, excluded, notes) for path in self._boxes.values()], ignore_index=True)
        person = ["video", "second", "person_id", *BOX]
        rows = rows.sort_values([*person, "action_id"], kind="stable", ignore_index=True)
        new_keyframe = (rows[person[:2]] != rows[person[:2]].shift()).any(axis=1)
        new_person = (rows[person] != rows[person].shift()).any(axis=1)
        number = new_person.astype("int64").cumsum()  # of the person in the table; in each keyframe `box` starts from 0
        box = number - number.where(new_keyframe).ffill()
        boxes = {side: rows[side] for side in BOX}
        found = table(
            "groundtruth",
            {
                "video_id": rows["video"],
                "frame": unplaced(rows["second"]),
                "box": box,
                **boxes,
                "class_name": rows["action_id"].map(self.names),
                "decoded": True,
            },
        )
        found.attrs["notes"] = notes
        return found

    def _rows(self, path: Path, excluded: "pd.MultiIndex", notes: list[str]) -> "pd.DataFrame":
        """The rows of a csv that are used; `notes` gets a sentence for the rows that are left out."""
        import pandas as pd

        from zsstad_core.metrics.ava_files import read_boxes
        from zsstad_core.tables import BOX

        rows = read_boxes(path, scores=False, seconds=self._seconds)
        rows = rows.assign(video=rows["video"].astype("str"))

        def refuse(broken: "pd.Series[bool]", why: Callable[[Any], str]) -> None:
            if broken.any():
                row = next(rows[broken].itertuples())
                raise DataError(f"{path}:{row.line}: {why(row)} ({int(broken.sum())} such rows)")

        foreign = ~rows["action_id"].isin(list(self.names))
        not_avas = foreign & (rows["action_id"] > _LAST_OF["person"])
        refuse(not_avas, lambda row: f"action_id is {row.action_id}; AVA's actions are numbered from 1 to 80")
        flat = (rows["x1"] >= rows["x2"]) | (rows["y1"] >= rows["y2"])
        refuse(
            flat,
            lambda row: (
                f"box {row.x1:g}, {row.y1:g}, {row.x2:g}, {row.y2:g} has no area; it must have x1 < x2 and y1 < y2"
            ),
        )
        refuse(
            rows.duplicated(["video", "second", "person_id", *BOX, "action_id"]),
            lambda row: f"{row.video} second {row.second} has this box with action {row.action_id} already; remove one",
        )

        if foreign.any():
            notes.append(
                f"{path.name}: {int(foreign.sum())} rows left out, of actions that {self._labelmap.name} lacks"
            )
        at_excluded = pd.Series(pd.MultiIndex.from_frame(rows[["video", "second"]]).isin(excluded), rows.index)
        if at_excluded.any():
            notes.append(f"{path.name}: {int(at_excluded.sum())} rows left out, of excluded seconds")
        return rows[~foreign & ~at_excluded]

    def _excluded_keyframes(self) -> "pd.MultiIndex":
        import pandas as pd

        from zsstad_core.metrics.ava_files import read_exclusions

        found = [read_exclusions(path).astype({"video": "str"}) for path in self._excluded]
        for path, rows in zip(self._excluded, found, strict=True):
            refuse_lookalikes("video", rows["video"].unique(), str(path), self.parts, "the annotation")
        empty = pd.DataFrame({"video": pd.Series([], dtype="str"), "second": pd.Series([], dtype="int32")})
        return pd.MultiIndex.from_frame(pd.concat([empty, *found], ignore_index=True))
