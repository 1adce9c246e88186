"""Files of tokens for the clips of `made_clips`, made for what index, groundtruth and detect have found.

A person's token leans to the token of what the person does, so that a head has something to learn.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tests.golden.made_world import AVA, JHMDB
from tests.golden.noise import noise

WIDTH = 16
BOX = ["x1", "y1", "x2", "y2"]


def write_tokens(folder: Path, cache: Path) -> None:
    """tokens-KIND.npz of all kinds for the clips of `cache`, the folder of one dataset's artifacts."""
    folder.mkdir()
    classes = JHMDB if cache.name == "jhmdb" else [AVA.get(number, f"action {number}") for number in range(1, 81)]
    text = {name: noise(f"text {name}", WIDTH) for name in classes}
    annotated = _table(cache, "groundtruth", "groundtruth")
    does = annotated[annotated["box"] == 0].drop_duplicates("video_id").set_index("video_id")["class_name"].to_dict()
    annotated = annotated[annotated["decoded"]].drop_duplicates(["video_id", "frame", "box"])
    boxes = _table(cache, "detect", "boxes")
    frames = _table(cache, "index", "frames")
    boxes = boxes.merge(frames[["video_id", "frame"]])
    _save(folder, "text", {"class_name": np.array(classes)}, np.stack(list(text.values())))
    for kind, rows, share in (
        ("frame", frames, 0.2),
        ("groundtruth", annotated, 0.4),
        ("person", boxes[boxes["what"] == "person"], 0.4),
        ("object", boxes[boxes["what"] != "person"], 0.1),
    ):
        key = [name for name in ("video_id", "frame", "box") if name in rows]
        rows = rows.sort_values(key, ignore_index=True)
        names = [" ".join(map(str, row)) for row in rows[key].itertuples(index=False)]
        leans = np.stack([text[does[clip]] for clip in rows["video_id"]])
        tokens = share * leans + np.stack([noise(f"{kind} {name}", WIDTH) for name in names])
        columns = {name: rows[name].to_numpy() for name in [*key, *BOX] if name in rows}
        columns["video_id"] = columns["video_id"].astype(str)
        _save(folder, kind, columns, (4 * tokens).astype(np.float16))


def _save(folder: Path, kind: str, columns: dict[str, NDArray[np.generic]], tokens: NDArray[np.generic]) -> None:
    np.savez(folder / f"tokens-{kind}.npz", tokens=tokens, **columns)  # type: ignore[arg-type]


def _table(cache: Path, stage: str, name: str) -> pd.DataFrame:
    files = sorted(cache.glob(f"{stage}-*/unit-*/{name}.parquet"))
    return pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)
