"""The reference evaluators' files as tables, read as they stand (no box or frame is dropped)."""

import ast
import io
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zsstad_core.tables import BOX


class Restricted(pickle.Unpickler):
    """Arrays and tensors, nothing else: a pickle that names any other thing is refused."""

    def find_class(self, module: str, name: str) -> Any:
        match module, name:
            case "numpy.core.multiarray", "_reconstruct":
                return np._core.multiarray._reconstruct
            case ("numpy", "ndarray" | "dtype") | ("_codecs", "encode") | ("collections", "OrderedDict"):
                return super().find_class(module, name)
            case "torch._utils", "_rebuild_tensor_v2":
                return super().find_class(module, name)
            case "torch.storage", "_load_from_bytes":
                return load_storage
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed")


def load_storage(content: bytes) -> Any:
    import torch

    return torch.load(io.BytesIO(content), weights_only=True)


def unpickle(path: Path) -> Any:
    with path.open("rb") as file:
        return Restricted(file, encoding="latin1").load()


def tubes_as_groundtruth(annotation: dict[str, Any]) -> pd.DataFrame:
    """Test split 1 of a pickle in the ACT format; frames minus 1, `box` the number of the tube."""
    rows = [
        (video, int(frame) - 1, box, *xyxy, annotation["labels"][label])
        for video in annotation["test_videos"][0]
        for label, tubes in annotation["gttubes"][video].items()
        for box, tube in enumerate(tubes)
        for frame, *xyxy in tube.tolist()
    ]
    return pd.DataFrame(rows, columns=["video_id", "frame", "box", *BOX, "class_name"])


def official_ava_output(path: Path) -> dict[str, float | None]:
    """AP of each class as ActivityNet's tool printed it; None for nan."""
    printed = ast.literal_eval(path.read_text().replace(": nan", ": None"))
    per_class = "PascalBoxes_PerformanceByCategory/AP@0.5IOU/"
    return {key.removeprefix(per_class): ap for key, ap in printed.items() if key.startswith(per_class)}


def voc_text_files(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ground truth and detections of files `CLASS [SCORE] X Y WIDTH HEIGHT`, one file a frame."""
    tables = []
    for part in ("groundtruths", "detections"):
        rows = []
        for path in sorted((folder / part).glob("*.txt")):
            for line in path.read_text().splitlines():
                name, *score, x, y, width, height = line.split()
                sides = (float(x), float(y), float(x) + float(width), float(y) + float(height))
                rows.append(("images", int(path.stem), name, *sides, *map(float, score)))
        columns = ["video_id", "frame", "class_name", *BOX, *(["score"] if part == "detections" else [])]
        tables.append(pd.DataFrame(rows, columns=columns))
    return tables[0], tables[1]


def faster_rcnn_boxes(folder: Path, videos: list[str]) -> pd.DataFrame:
    """ST-CLIP's person boxes of the J-HMDB test frames: table `boxes`, with the three that have no area."""
    by_name = {video.split("/")[1]: video for video in videos}
    images = json.loads((folder / "jhmdb_test_gt_min.json").read_text())["images"]
    frame_of = {image["id"]: (by_name[image["movie"]], int(image["timestamp"]) - 1) for image in images}
    found = json.loads((folder / "jhmdb_faster_RCNN_person.json").read_text())
    rows = [(*frame_of[f["image_id"]], *f["bbox"], float(f["score"]), "person") for f in found]
    boxes = pd.DataFrame(rows, columns=["video_id", "frame", *BOX, "score", "what"])
    boxes = boxes.astype(dict.fromkeys([*BOX, "score"], "float32"))
    boxes = boxes.sort_values(["video_id", "frame"], kind="stable", ignore_index=True)
    boxes["box"] = boxes.groupby(["video_id", "frame"]).cumcount()
    return boxes
