"""`make interest`: from the videos to pictures whose bright patches are the tokens that the trained head chose."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from zsstad_core.report.interest import on_test_frames

from tests.end_to_end import runs
from tests.end_to_end.conftest import ByMake, Work
from tests.end_to_end.made import HEIGHT, TEST, WIDTH

ASKED = {
    "heads__stclip__prompt_tokens": "interest",
    "heads__stclip__interest_tokens": 5,
    "training__iterations": 2,
    "training__warmup": 1,
    "training__batch": 4,
    "encoder__pixels": "decoded",
    "encoder__crop": "clip",
}


def test_pictures_show_what_the_trained_head_chose(
    by_make: ByMake, new_work: Callable[[Path | None], Work], tmp_path: Path
):
    work = new_work(by_make.cache)
    settings = {**work.settings, **{name.replace("__", "."): value for name, value in ASKED.items()}}
    first = runs.run("interest", settings, tmp_path / "log", head="stclip", out=tmp_path / "one").ok()
    assert first.stages == ("train", "score", "interest")
    again = runs.run("interest", settings, tmp_path / "again", head="stclip", out=tmp_path / "two").ok()
    assert again.stages == ("interest",)

    frames = list(on_test_frames(work.plan("stclip", **ASKED), 3))
    assert {frame.video_id for frame in frames} <= set(TEST)
    names = [f"{frame.video_id.replace('/', '_')}-{frame.frame}.png" for frame in frames]
    assert again.out.splitlines() == [f"interest: {tmp_path / 'two' / name}" for name in names]
    assert len(names) >= 2
    patches = set()
    for name, frame in zip(names, frames, strict=True):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
        sheet = np.asarray(Image.open(tmp_path / "one" / name))
        for number, person in enumerate(frame.persons[:4], 1):
            assert person.tokens == 5
            panel = sheet[46 : 46 + 288, 8 + 392 * number : 8 + 392 * number + 384]
            np.testing.assert_array_equal(bright_patches(panel, frame.picture), person.chosen_RC)
            patches.add(person.chosen_RC.tobytes())
    assert len(patches) > 1


def bright_patches(panel: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """Which of 4 x 4 patches of the frame's central square are mostly as in the frame."""
    wide, high = 384, 288
    assert picture.shape[:2] == (HEIGHT, WIDTH)  # of the same shape as a panel
    plain = np.asarray(Image.fromarray(picture).resize((wide, high), Image.Resampling.NEAREST))
    same = (panel == plain).all(-1)
    assert same[:, :46].mean() < 0.1, "beside the square the encoder sees nothing"
    return np.array([[part.mean() > 0.5 for part in np.split(row, 4, 1)] for row in np.split(same[:, 48:336], 4)])


def test_an_out_that_is_a_file_is_refused_in_one_line(by_make: ByMake, new_work, tmp_path: Path):
    work = new_work(by_make.cache)
    settings = {**work.settings, **{name.replace("__", "."): value for name, value in ASKED.items()}}
    (tmp_path / "file").write_text("")
    ended = runs.run("interest", settings, tmp_path / "log", head="stclip", out=tmp_path / "file")
    assert ended.code == 2
    assert ended.err.splitlines()[-1].endswith("cannot be written (File exists); choose another OUT=")
