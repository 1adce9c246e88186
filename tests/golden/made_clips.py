"""A working folder with the clips of two datasets, boxes in them and an encoder: heads are trained and scored in it.

data/jhmdb, data/ava    frames as PNG, so that no decoder of videos has a say, and their annotation
boxes-DATASET.csv       what a detector might have found: persons, some of them wrong, and objects
clip.json, .safetensors a narrow CLIP
split.yaml              a label split of the actions that have clips
"""

import pickle
from pathlib import Path

import numpy as np
from PIL import Image

from tests.golden.made_clip import write_clip
from tests.golden.made_world import AVA, JHMDB
from tests.golden.noise import noise, share

WIDTH, HEIGHT, PERSON = 48, 36, (14, 24)
FRAMES = 6
ACTIONS = ("catch", "clap", "golf", "run", "wave")
JHMDB_CLIPS = {f"{name}/{clip}": "test" if clip > "b" else "train" for name in ACTIONS for clip in "abcd"}
AVA_CLIPS = dict.fromkeys(["trn_one_000", "trn_two_000", "trn_three_0"], "train") | dict.fromkeys(
    ["tst_one_000", "tst_two_000"], "test"
)
AVA_SECONDS = range(902, 906)
FIRST_SECOND = 901  # of the clips, whose frames are a second apart


def write_clips(root: Path) -> None:
    """Everything, into an empty folder."""
    for dataset, clips in (("jhmdb", JHMDB_CLIPS), ("ava", AVA_CLIPS)):
        for clip in clips:
            _write_frames(root / "data" / dataset / "videos" / clip, clip)
        _write_boxes(root / f"boxes-{dataset}.csv", clips)
    _write_jhmdb(root / "data" / "jhmdb")
    _write_ava(root / "data" / "ava")
    write_clip(root)
    (root / "pipeline.yaml").write_text("{}\n")
    (root / "split.yaml").write_text("seen: [catch, clap, golf]\nunseen: [run, wave]\n")
    (root / "phrasings.yaml").write_text("wave: [a person waves, somebody greets]\nclap: [clapping hands, applause]\n")


def corner(clip: str, person: int, frame: int) -> tuple[int, int]:
    """Upper left corner of a person, who walks to the right."""
    return 2 + int(8 * share(f"start {clip}")) + 14 * person + frame, 4 + int(6 * share(f"height {clip} {person}"))


def actions(clip: str, person: int) -> list[int]:
    """AVA's actions of a person, by their numbers. Split 3: seen 11, 12 (poses), 17, 59, 80; unseen 44, 57, 70."""
    if person == 0:
        return [12, 17, 80] if share(f"does {clip}") < 0.6 else [11, 59, 80]
    return [11, 59] if AVA_CLIPS[clip] == "train" else [11, 44, 57]


def _write_frames(folder: Path, clip: str) -> None:
    folder.mkdir(parents=True)
    ground = _bytes(f"ground {clip.split('/')[0]}", 6, 8, 3).repeat(6, 0).repeat(6, 1)
    name = "{}" if "/" in clip else f"{clip}_{{}}"
    for frame in range(FRAMES):
        picture = ground.copy()
        for person in (1, 0):
            x, y = corner(clip, person, frame)
            picture[y : y + PERSON[1], x : x + PERSON[0]] = _bytes(f"clothes {clip} {person}", 3)
            picture[y : y + 6, x + 4 : x + 10] = _bytes(f"face {clip} {person} {frame}", 3)
        Image.fromarray(picture).save(folder / f"{name.format(f'{frame + 1:05d}')}.png")


def _bytes(name: str, *shape: int) -> "np.ndarray":
    return ((noise(name, *shape) + 1) * 127).astype(np.uint8)


def _write_boxes(path: Path, clips: dict[str, str]) -> None:
    """Of each frame the two persons, now and then one less or one too many, and up to three objects."""
    rows = ["video_id,frame,x1,y1,x2,y2,score,what"]
    for clip in clips:
        for frame in range(FRAMES):
            for what, number in [*(("person", n) for n in range(3)), *(("chair", n) for n in range(3))]:
                name = f"{clip} {frame} {what} {number}"
                if share(f"found {name}") < (0.85 if number < 2 else 0.3):
                    x, y = corner(clip, min(number, 1), frame)
                    x1, y1 = (
                        max(0.0, side + 3 * float(noise(f"{axis} {name}", 1)[0]))
                        for axis, side in zip("xy", (x, y), strict=True)
                    )
                    x2, y2 = min(WIDTH, x1 + PERSON[0]), min(HEIGHT, y1 + PERSON[1])
                    score = 0.15 + 0.8 * share(f"score {name}")
                    rows.append(f"{clip},{frame},{x1:.2f},{y1:.2f},{x2:.2f},{y2:.2f},{score:.4f},{what}")
    path.write_text("".join(f"{row}\n" for row in rows))


def _write_jhmdb(root: Path) -> None:
    parts = {part: [clip for clip, of in JHMDB_CLIPS.items() if of == part] for part in ("train", "test")}
    tubes = {}
    for clip in JHMDB_CLIPS:
        rows = [
            (f + 1, *corner(clip, 0, f), corner(clip, 0, f)[0] + PERSON[0], corner(clip, 0, f)[1] + PERSON[1])
            for f in range(FRAMES)
        ]
        tubes[clip] = {JHMDB.index(clip.split("/")[0]): [np.array(rows, np.float32)]}
    content = {
        "labels": JHMDB,
        "train_videos": [parts["train"]] * 3,
        "test_videos": [parts["test"]] * 3,
        "gttubes": tubes,
    }
    (root / "JHMDB-GT.pkl").write_bytes(pickle.dumps(content, protocol=2))


def _write_ava(root: Path) -> None:
    for name, part in (("train", "train"), ("val", "test")):
        rows = []
        for clip in [clip for clip, of in AVA_CLIPS.items() if of == part]:
            for second in AVA_SECONDS:
                for person in (0, 1):
                    x, y = corner(clip, person, second - FIRST_SECOND)
                    box = (x / WIDTH, y / HEIGHT, (x + PERSON[0]) / WIDTH, (y + PERSON[1]) / HEIGHT)
                    cells = [clip, f"{second:04d}", *(f"{side:.3f}" for side in box)]
                    rows += [",".join([*cells, str(action), str(person)]) for action in actions(clip, person)]
        (root / f"ava_{name}_v2.2.csv").write_text("".join(f"{row}\n" for row in rows))
        (root / f"ava_{name}_excluded_timestamps_v2.2.csv").write_text("")
    items = [
        f'item {{\n  name: "{AVA.get(number, f"action {number}")}"\n  id: {number}\n}}\n' for number in range(1, 81)
    ]
    (root / "ava_action_list_v2.2.pbtxt").write_text("".join(items))
