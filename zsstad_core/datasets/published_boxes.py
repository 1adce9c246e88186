"""Read ST-CLIP's detection file for J-HMDB (`jhmdb_faster_RCNN_person.json`), which resembles COCO's format.

It is a list of {image_id, category_id: 0 (person), bbox: [x1, y1, x2, y2] (not width and height as in COCO), score:
"0.99"}. ST-CLIP's ground truth, `jhmdb_test_gt_min.json`, which must lie beside it, lists the images: {id, movie: NAME
without class, timestamp: "00014", frames from 1}.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsstad_core.errors import DataError, MissingFileError
from zsstad_core.lookalikes import refuse_lookalikes
from zsstad_core.plain_text import read_json

if TYPE_CHECKING:
    import pandas as pd

IMAGES = "jhmdb_test_gt_min.json"
_MOST_WITHOUT_AREA = 0.1  # 3 of 44,374 in the published file, and far more in a file of widths and heights


def deciding_files(path: Path) -> list[Path]:
    """The files on which the boxes of `path` depend: for ST-CLIP's JSON the file of images too. Imports no pandas."""
    return [path, path.with_name(IMAGES)] if path.suffix.lower() == ".json" else [path]


def read_published(path: Path, videos: Sequence[str]) -> "tuple[pd.DataFrame, int]":
    """Boxes in the file's order (video_id, frame from 0, x1, y1, x2, y2, score, what), and how many had no area.

    A box of a movie that is not in `videos` keeps its bare name as video_id.

    Raises MissingFileError if the file of images is not beside it, DataError naming the detection (from 0) or image.
    """
    import pandas as pd

    from zsstad_core.tables import BOX

    detections = read_json(path)
    if not isinstance(detections, list):
        raise DataError(f"{path}: expected a list of detections {{image_id, category_id, bbox, score}}")
    images = _read_images(path.with_name(IMAGES), videos)

    rows = [_row(f"{path}: detection {number}", entry, images) for number, entry in enumerate(detections)]
    boxes = pd.DataFrame(rows, columns=["video_id", "frame", *BOX, "score"]).assign(what="person")
    flat = (boxes.x2 <= boxes.x1) | (boxes.y2 <= boxes.y1)
    if flat.sum() > _MOST_WITHOUT_AREA * len(boxes):
        raise DataError(
            f"{path}: {int(flat.sum())} of {len(boxes)} boxes have no area; bbox must be x1, y1, x2, y2 "
            "(are these x, y, width, height?)"
        )
    return boxes[~flat], int(flat.sum())


def _row(
    where: str, entry: Any, images: dict[int, tuple[str, int]]
) -> tuple[str, int, float, float, float, float, float]:
    try:
        image, category, box, score = entry["image_id"], entry["category_id"], entry["bbox"], float(entry["score"])
        x1, y1, x2, y2 = (float(side) for side in box)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{where}: {error!r}; expected image_id, category_id, bbox of four numbers, score") from None
    if category != 0:
        raise DataError(f"{where}: category_id is {category}; only 0 (person) is known in ST-CLIP's file")
    if not isinstance(image, int) or image not in images:
        raise DataError(f"{where}: image_id {image} is not in {IMAGES}; the two files belong together")
    if not all(map(math.isfinite, (x1, y1, x2, y2))) or not 0 <= score <= 1:
        raise DataError(f"{where}: bbox {box}, score {score}; a box must be finite, a score from 0 to 1")
    return (*images[image], x1, y1, x2, y2, score)


def _read_images(path: Path, videos: Sequence[str]) -> dict[int, tuple[str, int]]:
    """image_id -> (video_id, frame from 0)."""
    if not path.is_file():
        raise MissingFileError(f"{path}: not there; ST-CLIP's boxes need its ground truth file beside them")
    named: dict[str, str] = {}
    for video_id in videos:
        other = named.setdefault(video_id.rsplit("/")[-1], video_id)
        if other != video_id:
            raise DataError(f"{path}: names videos without their class, so {other} and {video_id} cannot be told apart")
    content = read_json(path)
    try:
        images = {
            image["id"]: (named.get(image["movie"], image["movie"]), int(image["timestamp"]) - 1)
            for image in content["images"]
        }
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: {error!r}; expected images, a list of {{id, movie, timestamp}}") from None
    refuse_lookalikes("movie", (str(image["movie"]) for image in content["images"]), str(path), named, "the dataset")
    for image, (_, frame) in images.items():
        if frame < 0:
            raise DataError(f"{path}: image {image}: timestamp is {frame + 1}; frames are numbered from 1")
    return images
