"""A small working folder in which every kind of plan can be made, with the same bytes on every machine.

    data/         the five datasets, each with a few "videos"; a plan digests a video and never decodes it
    demo/models/  what stands for the demo's encoder and detector
    packages/     what stands for open_clip, mmdet and the versions of all packages that keys name
    *             files that a user would write: label splits, texts, boxes, tokens, settings

Nothing here comes from the library, from a package or from an encoder of videos, so that neither a moved module nor a
newer package can change a digest.
"""

import hashlib
import json
import pickle
from collections.abc import Iterable
from pathlib import Path
from typing import Any

VERSIONS = {
    "av": "19.0.2",
    "mmcv-lite": "2.1.0",
    "mmdet": "3.3.0",
    "mmengine": "0.10.7",
    "open_clip_torch": "3.3.0",
    "opencv-python": "4.11.0.86",
    "pillow": "12.0.0",
    "timm": "1.0.22",
    "torch": "2.13.0+cu130",
    "torchvision": "0.28.0",
    "trackers": "2.6.1",
    "transformers": "4.57.0",
}
"""What the keys take for installed: torch with a build, which must not be in any key."""

# fmt: off
JHMDB = [
    "brush_hair", "catch", "clap", "climb_stairs", "golf", "jump", "kick_ball", "pick", "pour", "pullup", "push",
    "run", "shoot_ball", "shoot_bow", "shoot_gun", "sit", "stand", "swing_baseball", "throw", "walk", "wave",
]
STICKWORLD = [
    "carry_box", "catch", "clap", "climb_stairs", "high_five", "hug", "jump", "kick", "kick_ball", "knock", "pull_up",
    "push", "sit_down", "stand_up", "stop_ball", "throw", "walk", "wave",
]
# fmt: on
JHMDB_TRAIN = ["catch/b_clip", "catch/c_clip", "wave/a_clip", "wave/d_clip"]
JHMDB_TEST = ["catch/a_clip", "catch/d_clip", "wave/b_clip", "wave/c_clip"]
UCF_TRAIN = ["Basketball/v_Basketball_g08_c01", "SalsaSpin/v_SalsaSpin_g08_c01"]
UCF_TEST = ["Basketball/v_Basketball_g01_c01", "SalsaSpin/v_SalsaSpin_g01_c01"]
AVA = {  # the actions that label splits name; the others are called by their number
    2: "crawl",
    4: "dance",
    7: "jump/leap",
    9: "martial art",
    13: "swim",
    16: "brush teeth",
    19: "chop",
    23: "cook",
    25: "dig",
    32: "extract",
    33: "fishing",
    35: "kick (an object)",
    40: "play board game",
    42: "play with pets",
    44: "press",
    50: "row boat",
    51: "sail boat",
    53: "shovel",
    55: "stir",
    56: "take a photo",
    57: "text on/look at a cellphone",
    60: "turn (e.g., a screwdriver)",
    62: "work on a computer",
    67: "hand clap",
    70: "hug (a person)",
    71: "kick (a person)",
    73: "lift (a person)",
    75: "play with kids",
}


def write_world(root: Path) -> None:
    """Everything, into an empty folder."""
    _write_jhmdb(root / "data" / "jhmdb")
    _write_ucf101_24(root / "data" / "ucf101_24")
    _write_ava(root / "data" / "ava")
    _write_folder(root / "data" / "folder")
    _write_models(root)
    _write_packages(root / "packages")
    _write_users_files(root)


def write_stickworld(folder: Path, train_clips: int, test_clips: int) -> None:
    """What would be rendered into `folder`, by name: bytes that no renderer has made."""
    for action in STICKWORLD:
        for part, count in (("train", train_clips), ("test", test_clips)):
            for number in range(count):
                _write(folder / "videos" / action / f"{part}-{number:03d}.mp4", f"{action} {part} {number}")
    _write(folder / "annotation.parquet", "who does what")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def _write_videos(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        _write(folder / name, f"the pictures of {name}")


def _write_pickle(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(json.loads(json.dumps(content)), protocol=2))


def _write_jhmdb(root: Path) -> None:
    clips = [*JHMDB_TRAIN, *JHMDB_TEST]
    _write_videos(root / "videos", [f"{name}.avi" for name in clips])
    _write_videos(root / "one_is_missing", [f"{name}.avi" for name in clips if name != "wave/c_clip"])
    _write_videos(root / "frames", [f"{name}/{number:05d}.png" for name in clips for number in (1, 2)])
    content = {
        "labels": JHMDB,
        "train_videos": [JHMDB_TRAIN, JHMDB_TEST, JHMDB_TRAIN],
        "test_videos": [JHMDB_TEST, JHMDB_TRAIN, JHMDB_TEST],
        "gttubes": {},
    }
    _write_pickle(root / "JHMDB-GT.pkl", content)
    for name in clips:
        _write(root / "puppet_mask" / name / "puppet_mask.mat", f"the mask of {name}")
    for action in JHMDB:
        rows = [(name, part) for part, names in ((1, JHMDB_TRAIN), (2, JHMDB_TEST)) for name in names]
        lines = [f"{name.split('/')[1]}.avi {part}\n" for name, part in rows if name.startswith(f"{action}/")]
        _write(root / "splits" / f"{action}_test_split1.txt", "".join(lines))


def _write_ucf101_24(root: Path) -> None:
    _write_videos(root / "videos", [f"{name}.avi" for name in [*UCF_TRAIN, *UCF_TEST]])
    _write_pickle(root / "pyannot.pkl", {name: {"annotations": [], "numf": 9} for name in [*UCF_TRAIN, *UCF_TEST]})
    _write(root / "testlist01.txt", "".join(f"{name}\n" for name in UCF_TEST))
    _write(root / "trainlist01.txt", "".join(f"{name}.avi 1\n" for name in UCF_TRAIN))


def _write_ava(root: Path) -> None:
    _write_videos(root / "videos", ["trn_cinema0.mkv", "trn_unseen1.mkv", "tst_ntsc_00.mkv"])
    _write_videos(root / "videos" / "-tst_frames", [f"-tst_frames_{number:06d}.jpg" for number in (1, 2, 3)])
    listed = {"train": ["trn_cinema0", "trn_unseen1"], "val": ["-tst_frames", "tst_ntsc_00", "tst_gone_00"]}
    for part, names in listed.items():
        _write(root / f"ava_{part}_v2.2.csv", "".join(f"{name},0902,0.1,0.1,0.5,0.9,12,0\n" for name in names))
    items = [
        f'label {{\n  name: "{AVA.get(number, f"action {number}")}"\n  label_id: {number}\n}}\n'
        for number in range(1, 81)
    ]
    _write(root / "ava_action_list_v2.2.pbtxt", "".join(items))
    _write(root / "ava_train_excluded_timestamps_v2.2.csv", "")
    _write(root / "ava_val_excluded_timestamps_v2.2.csv", "tst_ntsc_00,0905\n")


def _write_folder(root: Path) -> None:
    _write_videos(root, ["a day/at the sea.MP4", "a day/night/lamp.webm", "clip.avi", "other/clip.avi"])
    header = "video,frame,x1,y1,x2,y2,person,label"
    rows = [
        "a day/at the sea.MP4,0,10,10,30,40,1,walking",
        "a day/night/lamp.webm,0,1,2,11,22,anna,reading",
        "clip.avi,0,10,10,30,40,2,reading",
        "other/clip.avi,3,5,5,25,45,7,waving",
    ]
    _write(root / "boxes.csv", "".join(f"{line}\n" for line in [header, *rows]))
    parts = ["part", "train", "test", "train", "test"]
    with_part = zip([header, *rows], parts, strict=True)
    _write(root / "boxes_and_parts.csv", "".join(f"{line},{part}\n" for line, part in with_part))
    _write(root / "train.txt", "clip.avi\na day/at the sea.MP4\n")
    _write(root / "texts.yaml", "reading: a person reads\n")


def _write_models(root: Path) -> None:
    _write(root / "demo/models/clip.json", json.dumps({"model_cfg": _clip(64, 8), "preprocess_cfg": {}}))
    _write(root / "demo/models/clip.safetensors", "weights of the demo's encoder")
    _write(root / "demo/models/detector.py", "_base_ = 'mmdet::rtmdet/rtmdet_tiny_8xb32-300e_coco.py'\n")
    _write(root / "demo/models/detector.pth", "weights of the demo's detector")
    _write(root / "data/yolox_nano_mmdet.pth", "weights of a YOLOX")


def _write_packages(folder: Path) -> None:
    """Packages as a plan sees them: it finds their folders and versions, and imports none."""
    for name, version in VERSIONS.items():
        about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        _write(folder / f"{name.replace('-', '_')}-{version}.dist-info" / "METADATA", about)
    for package in ("open_clip", "mmdet"):
        _write(folder / package / "__init__.py", f"raise ImportError('a plan has imported {package}')\n")
    models = {"ViT-B-16": _clip(224, 16), "ViT-B-32": _clip(224, 32), "ViT-L-14": _clip(224, 14)}
    timm = _clip(224, 16) | {"vision_cfg": {"timm_model_name": "vit_base_patch16_siglip_224", "image_size": 224}}
    hugging = _clip(224, 16) | {"text_cfg": {"hf_model_name": "roberta-base"}}
    for name, config in {**models, "ViT-B-16-SigLIP": timm, "roberta-ViT-B-32": hugging}.items():
        _write(folder / "open_clip/model_configs" / f"{name}.json", json.dumps(config))
    configs = folder / "mmdet/.mim/configs"
    based = "_base_ = ['../_base_/models/faster-rcnn.py', '../_base_/runtime.py']\n"
    _write(configs / "faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py", based)
    _write(configs / "_base_/models/faster-rcnn.py", "model = dict(type='FasterRCNN')\n")
    _write(configs / "_base_/runtime.py", "scope = 'mmdet'\n")
    _write(configs / "yolox/yolox_nano_8xb8-300e_coco.py", "_base_ = '../_base_/runtime.py'\n")
    _write(configs / "rtmdet/rtmdet_tiny_8xb32-300e_coco.py", "model = dict(type='RTMDet')\n")


def _clip(size: int, patch: int) -> dict[str, Any]:
    vision = {"image_size": size, "patch_size": patch, "layers": 2, "width": 64}
    return {"embed_dim": 32, "vision_cfg": vision, "text_cfg": {"context_length": 8, "width": 16}}


def _write_users_files(root: Path) -> None:
    _write(root / "splits.yaml", "mine: [wave, run]\nhalves: {seen: [catch], unseen: [wave]}\nagain: mine\n")
    _write(root / "one_split.yaml", "unseen: [SalsaSpin]\n")
    _write(root / "ava_split.yaml", "seen: [crawl, stir]\nunseen: [dance, shovel, hug (a person)]\n")
    _write(root / "own_words.yaml", "unseen: [reading]\n")
    _write(root / "texts.yaml", "wave: a person waves\n")
    _write(root / "phrasings.yaml", "wave: [a person waves, somebody greets]\ncatch: catching a ball\n")
    _write(root / "boxes.csv", "video_id,frame,x1,y1,x2,y2,score,what\n")
    _write(root / "stclip.json", "[]")
    _write(root / "jhmdb_test_gt_min.json", '{"images": []}')
    _write(root / "detector.py", "_base_ = ['below/a.py', 'below/b/a.py']\n")
    _write(root / "below/a.py", "_base_ = 'b/c.py'\n")
    _write(root / "below/b/a.py", "model = dict()\n")
    _write(root / "below/b/c.py", "x = 1\n")
    _write(root / "weights.pth", "weights of a detector")
    for kind in ("frame", "groundtruth", "person", "object", "text"):
        _write(root / "tokens" / f"tokens-{kind}.npz", f"tokens of kind {kind}")
    _write(root / "pipeline.yaml", "{}\n")
    _write(root / "lists.yaml", _LISTS)
    _write(root / "folder.yaml", "datasets: {folder: {labels: [reading, walking, waving]}}\n")
    digest = hashlib.sha256((root / "data/jhmdb/videos/wave/b_clip.avi").read_bytes()).hexdigest()
    note = {"video_id": "wave/b_clip", "digest": digest, "stage": "index", "reason": "does not decode"}
    _write(root / "noted/jhmdb/set-aside/0.json", json.dumps(note))


_LISTS = """
encoder: {texts: {wave: [a person waves, somebody greets], catch: catching a ball}}
evaluation: {video_iou: [0.5]}
"""
