"""Convert annotated boxes to the size of the pictures that really decode."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.errors import DataError
from zsstad_core.tables import BOX


def in_pixels_of_video(
    rows: pd.DataFrame, videos: pd.DataFrame, annotated_size: tuple[float, float] | None
) -> pd.DataFrame:
    """Table groundtruth in pixels of the videos, clipped to the picture; rows of videos without a row in table `videos`
    stay as they are.

    annotated_size: width and height of the pictures on which the boxes were drawn; None if these are the videos'
    pictures. Width and height are scaled separately, so squashed copies are right too; cropped copies cannot be
    recognised.

    Raises DataError naming the first box that lies wholly outside its picture.
    """
    size, xyxy = _sizes(rows, videos), _scale(rows, videos, annotated_size)
    _refuse_outside(rows, xyxy, size)
    known = ~np.isnan(size).any(1)
    xyxy[known] = xyxy[known].clip(0, np.tile(size[known], 2))
    return _with_boxes(rows, xyxy)


def scale_to_video(
    rows: pd.DataFrame, videos: pd.DataFrame, annotated_size: tuple[float, float] | None
) -> pd.DataFrame:
    """The boxes in pixels of the videos as `in_pixels_of_video` gives them, but not clipped, and none refused."""
    return _with_boxes(rows, _scale(rows, videos, annotated_size))


def _scale(rows: pd.DataFrame, videos: pd.DataFrame, annotated_size: tuple[float, float] | None) -> NDArray[np.float64]:
    xyxy = rows[BOX].to_numpy(np.float64)  # [rows, 4]
    if annotated_size is None:
        return xyxy
    size = _sizes(rows, videos)
    scaled: NDArray[np.float64] = xyxy * np.tile(np.where(np.isnan(size), 1.0, size / annotated_size), 2)
    return scaled


def _sizes(rows: pd.DataFrame, videos: pd.DataFrame) -> NDArray[np.float64]:
    """Width and height of each row's video, [rows, 2]; NaN if unknown."""
    return videos.set_index("video_id")[["width", "height"]].reindex(rows["video_id"]).to_numpy(np.float64)


def _with_boxes(rows: pd.DataFrame, xyxy: NDArray[np.float64]) -> pd.DataFrame:
    return rows.assign(**{column: xyxy[:, i].astype(np.float32) for i, column in enumerate(BOX)})


def _refuse_outside(rows: pd.DataFrame, xyxy: NDArray[np.float64], size: NDArray[np.float64]) -> None:
    outside = (xyxy[:, :2] >= size).any(1) | (xyxy[:, 2:] <= 0).any(1)  # an unknown size (NaN) compares as False
    if outside.any():
        row = rows.iloc[int(np.flatnonzero(outside)[0])]
        width, height = size[outside][0]
        raise DataError(
            f"{row.video_id} frame {row.frame}: box {xyxy[outside][0].tolist()} stands outside the picture "
            f"of {width:g}x{height:g} ({int(outside.sum())} such boxes); boxes are in pixels of the video: were they "
            "drawn on pictures of another size?"
        )
