"""Official masks and lists: the tight box, nothing where the mask is empty, and clear words where a file is wrong."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.io import savemat

from tests.datasets.made_jhmdb import open_jhmdb, write_clips, write_masks
from zsstad_core.datasets.puppet_masks import tight_boxes
from zsstad_core.errors import DataError, MissingFileError

MASKS = st.tuples(st.integers(1, 7), st.integers(1, 9), st.integers(1, 5)).flatmap(
    lambda shape: arrays(np.uint8, shape, elements=st.sampled_from([0, 0, 0, 1]))
)


@given(MASKS)
def test_a_box_holds_its_mask_and_every_side_touches_it(mask):
    boxes = {int(row[0]): row[1:].astype(int) for row in tight_boxes(mask)}
    for frame in range(mask.shape[2]):
        ys, xs = np.nonzero(mask[:, :, frame])
        if len(xs):
            np.testing.assert_array_equal(boxes[frame + 1], [xs.min(), ys.min(), xs.max(), ys.max()])
        else:
            assert frame + 1 not in boxes


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_masks(tmp_path)
    write_clips(tmp_path, ["wave/a_clip"])
    return tmp_path


def groundtruth(root: Path):
    return open_jhmdb(root, groundtruth="puppet_mask").groundtruth()


def write_mask(root: Path, content: dict[str, object]) -> None:
    savemat(root / "puppet_mask/wave/a_clip/puppet_mask.mat", content)


def test_a_frame_with_an_empty_mask_has_no_box(root: Path):
    mask = np.zeros((48, 64, 4), np.uint8)
    mask[5:9, 3:8, [0, 2]] = 1
    write_mask(root, {"part_mask": mask})
    rows = groundtruth(root).query("video_id == 'wave/a_clip'")
    assert list(rows.frame) == [0, 2]


def test_a_mask_of_one_frame_lost_its_last_axis_in_matlab(root: Path):
    mask = np.zeros((48, 64), np.uint8)
    mask[5:9, 3:8] = 1
    write_mask(root, {"part_mask": mask})
    [row] = groundtruth(root).query("video_id == 'wave/a_clip'").itertuples()
    assert (row.frame, row.x1, row.y1, row.x2, row.y2) == (0, 3, 5, 7, 8)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"mask": np.zeros((4, 4, 2))}, "holds no part_mask"),
        ({"part_mask": np.zeros((2, 2, 2, 2))}, r"part_mask has shape \(2, 2, 2, 2\)"),
        ({"part_mask": np.array([["a", "b"]], object)}, "part_mask has shape"),
    ],
)
def test_a_mat_file_of_something_else_is_refused(root: Path, content: dict[str, object], words: str):
    write_mask(root, content)
    with pytest.raises(DataError, match=rf"wave/a_clip/puppet_mask\.mat: {words}"):
        groundtruth(root)


@pytest.mark.parametrize("length", [0, 60, 180])
def test_a_mat_file_cut_short_is_named(root: Path, length: int):
    file = root / "puppet_mask/wave/a_clip/puppet_mask.mat"
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(DataError, match=r"wave/a_clip/puppet_mask\.mat: not a readable mat file"):
        groundtruth(root)


@pytest.mark.parametrize("line", ["a_clip.avi", "a_clip.avi 3", "a_clip 1", "../a_clip.avi 1", "a clip.avi 1"])
def test_a_wrong_line_of_an_official_list_is_named(root: Path, line: str):
    file = root / "splits/golf_test_split1.txt"
    file.write_text(f"x.avi 1\n\n{line}\n")
    with pytest.raises(DataError, match=r"golf_test_split1\.txt:3: .*expected NAME\.avi and 1 \(train\) or 2 \(test\)"):
        groundtruth(root)


def test_a_list_that_names_a_clip_twice_is_refused(root: Path):
    (root / "splits/golf_test_split1.txt").write_text("x.avi 1\nx.avi 2\n")
    with pytest.raises(DataError, match=r"golf_test_split1\.txt:2: x\.avi is listed twice"):
        groundtruth(root)


def test_windows_line_ends_and_no_last_line_end_lose_no_clip(root: Path):
    file = root / "splits/wave_test_split1.txt"
    before = open_jhmdb(root, groundtruth="puppet_mask").official_split()
    file.write_bytes(file.read_text().strip().replace("\n", "\r\n").encode())
    assert open_jhmdb(root, groundtruth="puppet_mask").official_split() == before


def test_a_missing_list_is_named(root: Path):
    (root / "splits/golf_test_split1.txt").unlink()
    with pytest.raises(MissingFileError, match=r"golf_test_split1\.txt: no such list"):
        groundtruth(root)
