"""An AVA in small: films cut at second 900, as files of several rates and as frames, with csv, label map, exclusions.

Two persons in every keyframe, several actions each. Names of the actions that label splits are made of are AVA's own,
the others are called `action N`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.made_videos import write_video
from zsstad_core.datasets.ava import Ava
from zsstad_core.settings import datasets as settings
from zsstad_core.splits import load_split

UNSEEN = {
    1: (2, 4, 7, 9, 13, 16, 19, 23, 25, 32, 33, 35, 40, 50, 51, 53, 55, 56),
    2: (9, 13, 40, 42, 50, 53, 56, 62, 67, 71, 73, 75),
    3: (44, 53, 55, 57, 60, 70),
}
START, LENGTH, SECONDS = 900, 8.5, range(902, 908)
WIDTH, HEIGHT = 96, 72
PERSON = (28, 52)  # width and height in pixels, about

RATES: Mapping[str, float] = {  # frames a second; the 11 letters of an id
    "trn_cinema0": 24.0,
    "trn_pal_000": 25.0,
    "trn_unseen1": 25.0,  # the one that shows an unseen action
    "-tst_frames": 30.0,  # a folder of frames, and an id that begins with a dash, as some of AVA's do
    "tst_ntsc_00": 29.97,
}
TRAIN = sorted(name for name in RATES if name.startswith("trn"))
TEST = sorted(name for name in RATES if "tst" in name)
FOLDER = "-tst_frames"
GONE = "tst_gone_00"  # annotated, and never downloaded
LATE = 1200  # a second that is annotated of tst_ntsc_00, which has ended by then
EXCLUDED = ("tst_ntsc_00", 905)


def names() -> dict[int, str]:
    """The 80 names by number."""
    known = {f"action {number}" for number in range(1, 81)}
    found = {number: f"action {number}" for number in range(1, 81)}
    for split, numbers in UNSEEN.items():
        # Of the published names only the file of the splits knows: any class list that has them all will do.
        everything = tuple(known) + tuple(published_names())
        found |= dict(zip(numbers, load_split("ava", split, everything).unseen, strict=True))
    return found


def published_names() -> list[str]:
    import yaml

    lists = yaml.safe_load((Path(settings.__file__).parents[1] / "splits" / "ava.yaml").read_text())
    return list(dict.fromkeys(name for unseen in lists.values() for name in unseen))


def actions(video: str, person: int) -> tuple[int, ...]:
    """Seen in split 3: 11 and 12 (poses), 17 and 59 (objects), 79 and 80 (persons); unseen: 44, 57, 70."""
    if person == 0:
        return (12, 17, 80)
    return (11, 44, 79) if video == "trn_unseen1" or video in (*TEST, GONE) else (11, 59)


def corner(video: str, second: float, person: int) -> tuple[float, float]:
    """Where a person's box begins, in pixels: both walk to the right."""
    start = [*RATES, GONE].index(video) * 2
    return start + (0.0 if person == 0 else 36.0) + (second - START) * 2, 10.0


def rows(videos: list[str], person_ids: bool = True) -> list[str]:
    """Rows of the csv, keyframe by keyframe."""
    lines = []
    for video in videos:
        seconds = [*SECONDS, LATE] if video == "tst_ntsc_00" else list(SECONDS)
        for second in seconds:
            for person in (0, 1):
                x, y = corner(video, second if second != LATE else 902, person)
                box = (x / WIDTH, y / HEIGHT, (x + PERSON[0]) / WIDTH, (y + PERSON[1]) / HEIGHT)
                for action in actions(video, person):
                    cells = [video, f"{second:04d}", *(f"{side:.3f}" for side in box), str(action)]
                    lines.append(",".join([*cells, str(10 + person)] if person_ids else cells))
    return lines


def write_annotation(root: Path, **changed: list[str]) -> None:
    """csv of both parts (`changed`: other lines for `train` or `val`), label map, excluded seconds."""
    root.mkdir(parents=True, exist_ok=True)
    lines = {"train": rows(TRAIN), "val": rows([*TEST, GONE]), **changed}
    for part, of_part in lines.items():
        (root / f"ava_{part}_v2.2.csv").write_text("".join(f"{line}\n" for line in of_part))
    write_labelmap(root / "ava_action_list_v2.2.pbtxt", names())
    (root / "ava_train_excluded_timestamps_v2.2.csv").write_text("")
    (root / "ava_val_excluded_timestamps_v2.2.csv").write_text(f"{EXCLUDED[0]},{EXCLUDED[1]:04d}\n")


def write_labelmap(path: Path, of: Mapping[int, str]) -> None:
    items = [
        f'label {{\n  name: "{name}"\n  label_id: {number}\n  label_type: ANY\n}}\n' for number, name in of.items()
    ]
    path.write_text("".join(items))


def picture(video: str, seconds: float) -> NDArray[np.uint8]:
    """RGB [H, W, 3]: a coarse pattern of the video's own colours, and both persons."""
    number = [*RATES, GONE].index(video)
    coarse = np.random.default_rng([number, 7]).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    frame = coarse.repeat(HEIGHT // 6, 0).repeat(WIDTH // 8, 1)
    for person in (0, 1):
        x, y = (round(side) for side in corner(video, START + seconds, person))
        colour = np.random.default_rng([number, person]).integers(0, 256, 3)
        frame[y : y + PERSON[1], x : x + PERSON[0]] = colour
        frame[y : y + 12, x + 8 : x + PERSON[0] - 8] = 255 - colour  # a head
    return frame


def write_clips(root: Path) -> None:
    """Videos that decode: 8.5 seconds each, at their own rates, one as frames."""
    for video, rate in RATES.items():
        pts = np.arange(0, LENGTH, 1 / rate)
        frames = [picture(video, seconds) for seconds in pts]
        if video == FOLDER:
            folder = root / "videos" / video
            folder.mkdir(parents=True)
            for number, frame in enumerate(frames, start=1):
                Image.fromarray(frame).save(folder / f"{video}_{number:06d}.jpg", quality=90)
        else:
            milliseconds = [round(1000 * seconds) for seconds in pts]
            write_video(root / "videos" / f"{video}.mkv", frames, "libx264", pts=milliseconds, options={"bf": "2"})


def write_places(root: Path) -> None:
    """Files and folders in the right places; a dataset lists them and opens none."""
    (root / "videos" / FOLDER).mkdir(parents=True)
    for video in RATES:
        if video != FOLDER:
            (root / "videos" / f"{video}.mkv").touch()


def open_ava(root: Path, **changed: Any) -> Ava:
    return Ava(settings.Ava(root=str(root), **changed))
