"""Files of results that do not belong to their ground truth: mAP 0, as the official tools say, and why."""

import json
import sys
from pathlib import Path

import pytest

from zsstad_core.metrics.__main__ import main

HEAD = "video,frame,class,x1,y1,x2,y2"
TRUTH = "a,1,run,10,10,50,90\na,2,run,10,10,50,90\nb,1,jump,10,10,50,90\n"
FOUND = "a,1,run,10,10,50,90,0.9\na,2,run,10,10,50,90,0.8\nb,1,jump,10,10,50,90,0.7\n"
SMALL = FOUND.replace("10,10,50,90", "0.03125,0.0416667,0.15625,0.375")
AVA_TRUTH = "v1,0902,0.1,0.1,0.5,0.9,1,1\nv1,0903,0.1,0.1,0.5,0.9,2,1\n"
AVA_FOUND = "v1,0902,0.1,0.1,0.5,0.9,1,0.9\nv1,0903,0.1,0.1,0.5,0.9,2,0.8\n"


@pytest.fixture
def evaluated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """A function that evaluates two texts: the result, and what is on standard error."""

    def evaluate(metric: str, truth: str, found: str, *words: str) -> tuple[dict, str]:
        (tmp_path / "gt.csv").write_text(truth)
        (tmp_path / "det.csv").write_text(found)
        (tmp_path / "map.pbtxt").write_text("".join(f'item {{ name: "action {i}" id: {i} }}\n' for i in (1, 2)))
        files = ["--groundtruth", str(tmp_path / "gt.csv"), "--detections", str(tmp_path / "det.csv"), *words]
        files += ["--labelmap", str(tmp_path / "map.pbtxt")] if metric == "ava" else []
        monkeypatch.setattr(sys, "argv", ["metrics", metric, *files])
        main()
        output = capsys.readouterr()
        return json.loads(output.out), output.err

    return evaluate


CASES = [
    ("frames", FOUND.replace("a,", "a.mp4,").replace("b,", "b.mp4,"),
     "none of the 3 detections of det.csv is of a video of gt.csv (a.mp4, b.mp4 against a, b)"),
    ("classes", FOUND.replace("run", "1.0").replace("jump", "2.0"),
     "none of the 3 detections of det.csv is of a class of gt.csv (1.0, 2.0 against jump, run)"),
    ("numbers", FOUND.replace(",1,", ",1001,").replace(",2,", ",1002,"),
     "none of the 3 detections of det.csv is on a frame of gt.csv (frames 1001 to 1002 against 1 to 2)"),
    ("pairs", FOUND.replace("run", "sit").replace("jump", "run").replace("sit", "jump"),
     "none of the 3 detections of det.csv is of a class that gt.csv has on the same frame"),
    ("units", SMALL,
     "det.csv and gt.csv are in other units: 3 of 3 boxes of det.csv end at 2 or before (fractions of the frame), 3 of "
     "3 boxes of gt.csv beyond (pixels); write both alike"),
    ("nothing", "", "det.csv holds no box, so there is nothing to compare"),
]  # fmt: skip


@pytest.mark.fault(61)
@pytest.mark.parametrize(("found", "remark"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
@pytest.mark.parametrize("metric", ["frame", "video"])
def test_what_keeps_two_files_apart_is_said(evaluated, metric: str, found: str, remark: str):
    rows = [(f"{row},1" if metric == "video" else row) for row in TRUTH.splitlines()]
    head = f"{HEAD},tube" if metric == "video" else HEAD
    result, said = evaluated(metric, "\n".join([head, *rows]), f"{HEAD},score\n{found}")
    assert result["remarks"] == [remark]
    assert said == f"remark: {remark}\n"
    assert result["mAP"] in (0, dict.fromkeys(["0.2", "0.5", "0.50:0.95", "0.10:0.90"], 0))  # the number is the tools'


def test_pixels_against_fractions_of_the_ground_truth(evaluated):
    truth = "\n".join([HEAD, *(row.rpartition(",")[0] for row in SMALL.splitlines())])
    result, _ = evaluated("frame", truth, f"{HEAD},score\n{FOUND}")
    assert result["remarks"] == [
        "gt.csv and det.csv are in other units: 3 of 3 boxes of gt.csv end at 2 or before (fractions of the frame), 3 "
        "of 3 boxes of det.csv beyond (pixels); write both alike"
    ]


@pytest.mark.fault(61)
@pytest.mark.parametrize(
    ("found", "remark"),
    [
        (AVA_FOUND.replace("v1", "v1.mp4"),
         "none of the 2 detections of det.csv is of a video of gt.csv (v1.mp4 against v1)"),
        (AVA_FOUND.replace("090", "9"),
         "none of the 2 detections of det.csv is on a frame of gt.csv (frames 92 to 93 against 902 to 903)"),
        (AVA_FOUND.replace("0.9,1,", "0.9,11,").replace("0.9,2,", "0.9,12,"),
         "none of the 2 detections of det.csv is of a class of gt.csv (no name against action 1, action 2)"),
    ],
)  # fmt: skip
def test_files_of_ava_too(evaluated, found: str, remark: str):
    result, said = evaluated("ava", AVA_TRUTH, found)
    assert (result["mAP"], result["remarks"], said) == (0, [remark], f"remark: {remark}\n")


def test_files_that_belong_together_get_no_remark(evaluated):
    for metric, truth, found in (
        ("frame", f"{HEAD}\n{TRUTH}", f"{HEAD},score\n{FOUND}"),
        ("frame", f"{HEAD}\n{TRUTH}", f"{HEAD},score\n{FOUND.splitlines()[0]}\nx,9,sit,1,1,9,9,0.5\n"),
        ("frame", f"{HEAD}\n{TRUTH}", f"{HEAD},score\n{FOUND}a,1,run,0,0,0.5,0.5,0.1\n"),  # one small box is no unit
        ("ava", AVA_TRUTH, AVA_FOUND),
        ("ava", AVA_TRUTH, AVA_FOUND.replace("0.5,0.9", "1.5,1.9")),  # AVA's detections may reach beyond the frame
    ):
        result, said = evaluated(metric, truth, found)
        assert (result["remarks"], said) == ([], "")
    assert evaluated("frame", f"{HEAD}\n{TRUTH}", f"{HEAD},score\n{FOUND}")[0]["mAP"] == 1


@pytest.mark.parametrize(("name", "words"), [("d2", "of a video"), ("d4", "of a class"), ("d7", "in other units")])
def test_the_files_of_bug_reports(evaluated, realdata: Path, name: str, words: str):
    folder = realdata / "hard_inputs/09-results-of-other-names"
    if not folder.is_dir():
        pytest.skip("shared/realdata has no hard_inputs")
    right, said = evaluated("frame", (folder / "g.csv").read_text(), (folder / "d.csv").read_text())
    assert (right["mAP"], said) == (1, "")
    wrong, said = evaluated("frame", (folder / "g.csv").read_text(), (folder / f"{name}.csv").read_text())
    assert wrong["mAP"] == 0
    assert words in said
    assert "3" in said
