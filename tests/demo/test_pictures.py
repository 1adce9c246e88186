"""The demo's pictures open, are as long as the clips, and tell seen from unseen."""

from pathlib import Path

import numpy as np
from PIL import Image

from demo.chart import draw_chart
from demo.clips import write_gif, write_mp4
from demo.show import as_table
from zsstad_core.video import VideoSource, decode

PICTURES = [np.full((64, 96, 3), 40 * number, np.uint8) for number in range(5)]
CLASSES = {
    "wave": {"ap": 0.5, "group": "unseen"},
    "pull_up": {"ap": None, "group": "unseen"},
    "walk": {"ap": 0.75, "group": "seen"},
}
METRICS = {
    "dataset": "stickworld",
    "split": 2,
    "protocol": {"iou": 0.5},
    "groundtruth": {"clips": 108},
    "classes": CLASSES,
    "unseen": 0.5,
    "seen": 0.75,
    "harmonic": 0.6,
}
TABLE = """\
stickworld, label split 2: frame mAP at IoU 0.5 of 108 test clips, detected persons
unseen: wave, pull up; the other 1 actions were trained

                        unseen    seen  harmonic
CLIP, whole frame        50.00   75.00     60.00
iCLIP                    50.00   75.00     60.00
"""


def test_the_clip_plays(tmp_path: Path) -> None:
    write_mp4(tmp_path / "clips.mp4", PICTURES)
    frames = [frame for _, _, frame in decode(VideoSource("clips", tmp_path / "clips.mp4"))]
    assert [frame.shape for frame in frames] == [(64, 96, 3)] * 5
    assert np.allclose([frame.mean() for frame in frames], [0, 40, 80, 120, 160], atol=6)


def test_the_gif_plays_again_and_again(tmp_path: Path) -> None:
    write_gif(tmp_path / "clips.gif", PICTURES)
    with Image.open(tmp_path / "clips.gif") as gif:
        assert (gif.n_frames, gif.size, gif.info["loop"]) == (3, (72, 48), 0)  # type: ignore[attr-defined]


def test_the_chart_has_a_panel_a_group_and_a_bar_a_method(tmp_path: Path) -> None:
    draw_chart(tmp_path / "ap.png", {"CLIP": CLASSES, "iCLIP": CLASSES})
    one = np.asarray(Image.open(tmp_path / "ap.png").convert("RGB"))
    draw_chart(tmp_path / "lower.png", {"CLIP": CLASSES, "iCLIP": {**CLASSES, "walk": {"ap": 0.1, "group": "seen"}}})
    other = np.asarray(Image.open(tmp_path / "lower.png").convert("RGB"))
    assert one.shape == other.shape
    changed = np.argwhere((one != other).any(2))[:, 1]
    assert len(changed) > 0
    assert changed.min() > one.shape[1] / 2  # the seen class's bar, in the panel on the right


def test_the_table_says_what_was_unseen() -> None:
    assert as_table({"clip_frame": METRICS, "iclip": METRICS}) == TABLE
