"""What a user did wrong is said in one line, with the way out; nothing is half done."""

import json
import pickle
import shutil
from pathlib import Path

import pytest

from tests.end_to_end import runs
from tests.end_to_end.caches import leftovers, manifests
from tests.end_to_end.conftest import Work
from tests.end_to_end.made import CLIPS


def refused(ended: runs.Ended) -> str:
    """The one line that says why; make adds lines of its own."""
    assert ended.code == 2, ended.out + ended.err
    assert "Traceback" not in ended.out + ended.err
    (line,) = [line for line in ended.err.splitlines() if line.startswith("error: ")]
    return line.removeprefix("error: ")


@pytest.mark.parametrize(
    ("changed", "choices", "words"),
    [
        ({"datasets.jhmdb.videos": "clips"}, {}, "clips: no such folder (datasets.jhmdb.videos); expected CLASS/NAME"),
        ({"datasets.jhmdb.groundtruth": "GT.pkl"}, {}, "GT.pkl: no annotation there"),
        ({"detector.checkpoint": "weights.pth"}, {}, "weights.pth: No such file or directory"),
        ({"detector.config": "yolox/yolox_nano.py"}, {}, "(did you mean yolox/yolox_nano_8xb8-300e_coco.py?)"),
        ({"detector.boxes_from": "boxes.csv"}, {}, "boxes.csv: No such file or directory"),
        ({"encoder.model": "ViT-B-17"}, {}, "did you mean ViT-B-1"),
        (
            {"encoder.pretrained": "weights/clip.pt"},
            {},
            'encoder.pretrained is "weights/clip.pt"; there is no such file',
        ),
        ({"encoder.template": "a photo"}, {}, "it must hold {}, the place of the class name"),
        ({"training.warmup": 1000}, {}, "warmup is 1000; it must be at most iterations (60)"),
        ({"cache.root": "/tmp/my cache"}, {}, 'make cannot handle " " in it'),
        ({}, {"head": "clip_frames"}, "did you mean clip_frame?"),
        ({}, {"dataset": "jhmbd"}, "did you mean jhmdb?"),
    ],
    ids=str,
)
def test_a_mistake_is_named_before_anything_starts(changed, choices, words: str, empty: Work):
    ended = runs.make("extract", {**empty.settings, **changed}, **choices)
    assert words in refused(ended)
    assert ended.out == ""
    assert manifests(empty.cache) == []


def test_a_clip_that_does_not_decode_is_named_and_what_was_done_is_kept(empty: Work, tmp_path: Path):
    root = tmp_path / "damaged"
    shutil.copytree(str(empty.settings["datasets.jhmdb.root"]), root)
    clip = root / "videos" / "wave" / "clip_a.avi"
    clip.write_bytes(clip.read_bytes()[:500])
    ended = runs.make("extract", {**empty.settings, "datasets.jhmdb.root": root})
    assert str(clip) in refused(ended)
    kept = manifests(empty.cache)
    held = [member for manifest in kept for member in json.loads(manifest.read_text())["members"]]
    assert sorted(held) == [name for name in CLIPS if name != "wave/clip_a"]
    assert leftovers(empty.cache) == []

    clip.unlink()
    empty.run("index", datasets__jhmdb__root=root).ok()
    assert sorted(manifests(empty.cache)) == sorted(kept)  # nothing to do but to call it complete


def test_weights_of_another_detector_are_refused(empty: Work):
    config = "yolox/yolox_nano_8xb8-300e_coco.py"
    assert "weights.pth: does not fit" in refused(empty.run("extract", detector__config=config))


def test_a_checkpoint_that_would_run_code_is_refused(empty: Work, tmp_path: Path):
    (tmp_path / "weights.pth").write_bytes(pickle.dumps(Path("/")))
    ended = empty.run("detect", detector__checkpoint=tmp_path / "weights.pth")
    assert f"{tmp_path}/weights.pth" in refused(ended)


def test_boxes_of_other_clips_only_are_refused(empty: Work, tmp_path: Path):
    (tmp_path / "boxes.csv").write_text("video_id,frame,x1,y1,x2,y2,score,what\nwave/other,0,1,2,30,40,0.5,person\n")
    ended = empty.run("detect", detector__boxes_from=tmp_path / "boxes.csv")
    assert "none of its 1 boxes is of a clip of jhmdb; check the ids" in refused(ended)


def test_a_loss_that_is_not_finite_is_said_with_the_setting_to_lower(ready: Work):
    assert "the loss is " in (said := refused(ready.run("train", training__lr=1e12)))
    assert "lower training.lr (1000000000000.0) or heads.iclip.block_lr_factor" in said
