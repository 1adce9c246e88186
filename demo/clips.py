"""Draw test clips with a head's results: boxes, the best action of each person, and its probability."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from zsstad_core.boxes import iou
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.plan.plan import Plan
from zsstad_core.tables import BOX
from zsstad_core.video import decode

type Pixels = NDArray[np.uint8]

COLOUR = {"unseen": (255, 128, 48), "seen": (72, 168, 255)}
_PAPER, _INK, _WRONG = (24, 26, 32), (236, 238, 242), (150, 154, 166)
_COLUMNS, _ZOOM, _TITLE, _GAP = 3, 2, 30, 6
_FPS = 12
_SMALL = 0.75
_SURE = 0.5  # boxes with a lower detection score are not drawn: they would only clutter the picture


def draw_clips(plan: Plan) -> list[Pixels]:
    """RGB pictures of three clips of unseen actions above three clips of seen actions, as long as the longest clip.

    The choice does not depend on the results: the first test clip of each of the group's first three classes. A shorter
    clip starts anew.
    """
    found = read_artifact_table(plan.score, "detections")
    truth = read_artifact_table(plan.groundtruth, "groundtruth")
    rows = []
    for group, names in (("unseen", plan.split.unseen), ("seen", plan.split.seen)):
        videos = [_first_test_clip(plan, truth, name) for name in names[:_COLUMNS]]
        clips = [_draw_annotation(plan, video, found, truth) for video in videos]
        length = max(len(clip) for clip in clips)
        title = {"unseen": "actions that no training clip showed", "seen": "actions of the training clips"}[group]
        rows.append([_row([clip[n % len(clip)] for clip in clips], title, COLOUR[group]) for n in range(length)])
    length = max(len(row) for row in rows)
    return [np.concatenate([row[n % len(row)] for row in rows]) for n in range(length)]


def write_mp4(path: Path, pictures: Sequence[Pixels]) -> None:
    import av

    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=_FPS, options={"crf": "20"})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def write_gif(path: Path, pictures: Sequence[Pixels]) -> None:
    """Write every second picture, smaller and in fewer colours than the mp4: for a web page."""
    height, width = pictures[0].shape[:2]
    size = round(width * _SMALL), round(height * _SMALL)
    shown = [Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS) for picture in pictures[::2]]
    palette = Image.fromarray(
        np.concatenate([np.asarray(frame) for frame in shown[:: max(len(shown) // 4, 1)]])
    ).quantize(96)
    frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in shown]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=2000 // _FPS, loop=0, optimize=True)


def _first_test_clip(plan: Plan, truth: pd.DataFrame, name: str) -> str:
    videos = truth.loc[truth["class_name"] == name, "video_id"].unique()
    first: str = min(video for video in videos if plan.official_split[video] == "test" and video.startswith(f"{name}/"))
    return first


def _draw_annotation(plan: Plan, video: str, found: pd.DataFrame, truth: pd.DataFrame) -> list[Pixels]:
    own = found[(found["video_id"] == video) & (found["box_score"] >= _SURE)]
    best = own.loc[own.groupby(["frame", "box"])["probability"].idxmax()]
    true = truth[truth["video_id"] == video]
    pictures = []
    for number, _, frame in decode(plan.videos[video]):
        height, width = frame.shape[:2]
        image = Image.fromarray(frame).resize((width * _ZOOM, height * _ZOOM), Image.Resampling.BICUBIC)
        here = true[true["frame"] == number]
        persons = best[best["frame"] == number]
        boxes_N4, names = persons[list(BOX)].to_numpy(np.float64), persons["class_name"].astype(str)
        for box_4, name, probability in zip(boxes_N4, names, persons["probability"].to_numpy(), strict=True):
            _draw_person(image, box_4[None], name, float(probability), here, plan)
        pictures.append(np.asarray(image))
    return pictures


def _draw_person(
    image: Image.Image, box_14: NDArray[np.float64], name: str, probability: float, here: pd.DataFrame, plan: Plan
) -> None:
    """Draw a person's box in the colour of the action's group; a wrong action in grey, with the true action."""
    overlap_N = iou(box_14, here[list(BOX)].to_numpy(np.float64))[0] if len(here) else np.zeros(0)
    true = str(here["class_name"].iloc[int(overlap_N.argmax())]) if len(here) and overlap_N.max() >= 0.5 else ""
    text = f"{name.replace('_', ' ')} {probability:.2f}"
    colour = COLOUR["unseen" if name in plan.split.unseen else "seen"]
    if name != true:
        text, colour = f"{text}, not {true.replace('_', ' ')}" if true else text, _WRONG
    draw = ImageDraw.Draw(image)
    x1, y1, x2, y2 = (float(side) * _ZOOM for side in box_14[0])
    draw.rectangle((x1, y1, x2, y2), outline=colour, width=2)
    font = ImageFont.load_default(13)
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    wide, high = right - left + 6, bottom - top + 6
    x, y = min(max(x1, 0), image.width - wide), y1 - high if y1 >= high else y1
    draw.rectangle((x, y, x + wide, y + high), fill=colour)
    draw.text((x + 3 - left, y + 3 - top), text, fill=_PAPER, font=font)


def _row(pictures: Sequence[Pixels], title: str, colour: tuple[int, int, int]) -> Pixels:
    """The pictures side by side under a title."""
    height, width = pictures[0].shape[:2]
    row = Image.new("RGB", (len(pictures) * (width + _GAP) + _GAP, height + _TITLE + _GAP), _PAPER)
    draw = ImageDraw.Draw(row)
    draw.rectangle((_GAP, 9, _GAP + 12, 21), fill=colour)
    draw.text((_GAP + 20, 7), title, fill=_INK, font=ImageFont.load_default(15))
    for number, picture in enumerate(pictures):
        row.paste(Image.fromarray(picture), (_GAP + number * (width + _GAP), _TITLE))
    return np.asarray(row)
