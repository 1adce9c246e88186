"""python -m zsstad_core.metrics on files as other people write them."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import ROOT
from tests.metrics.command import run
from zsstad_core.metrics.__main__ import main

HEAD = "video,frame,class,x1,y1,x2,y2"
TRUTH = f"{HEAD},tube\na,0,sit,0,0,9,9,1\na,1,sit,0,0,9,9,1\nb,0,run,5,5,20,20,1\n"
FOUND = f"{HEAD},score\na,0,sit,0,0,9,9,0.9\na,1,sit,50,50,60,60,0.8\na,1,sit,0,0,9,9,0.7\n"


def files(folder: Path, truth: str = TRUTH, found: str = FOUND, suffix: str = "csv") -> list[str]:
    for name, text in (("gt", truth), ("det", found)):
        (folder / f"{name}.{suffix}").write_bytes(text.encode())
    return ["--groundtruth", str(folder / f"gt.{suffix}"), "--detections", str(folder / f"det.{suffix}")]


def result(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    monkeypatch.setattr(sys, "argv", ["metrics", *words])
    main()
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def evaluated(monkeypatch, capsys):
    return lambda *words: result(monkeypatch, capsys, *words)


@pytest.fixture
def refused(monkeypatch, capsys):
    def ended(*words: str) -> str:
        with pytest.raises(SystemExit) as exit_:
            result(monkeypatch, capsys, *words)
        assert exit_.value.code == 2
        return capsys.readouterr().err

    return ended


def test_frame_ap_of_a_csv(evaluated, tmp_path: Path) -> None:
    found = evaluated("frame", *files(tmp_path))
    assert (found["protocol"], found["iou"]) == ("multisports", 0.5)
    assert found["per_class"] == {"run": 0, "sit": pytest.approx((1 + 2 / 3) / 2)}
    assert found["mAP"] == pytest.approx((1 + 2 / 3) / 4)
    assert found["counts"]["sit"] == {"groundtruth": 2, "detections": 3, "true_positives": 2, "recall": 1}


@pytest.mark.parametrize(
    "change", ["crlf", "tabs", "columns in another order", "byte order mark", "empty lines", "parquet"]
)
def test_the_same_boxes_give_the_same_result_however_they_are_written(evaluated, tmp_path: Path, change: str) -> None:
    plain = evaluated("frame", *files(tmp_path))
    texts, suffix = [TRUTH, FOUND], "csv"
    match change:
        case "crlf":
            texts = [text.replace("\n", "\r\n") for text in texts]
        case "tabs":
            texts = [text.replace(",", "\t") for text in texts]
        case "columns in another order":
            texts = ["\n".join(",".join(reversed(row.split(","))) for row in text.splitlines()) for text in texts]
        case "mark":
            texts = ["\ufeff" + text for text in texts]
        case "empty lines":
            texts = [text.replace("\n", "\n\n") for text in texts]
    arguments = files(tmp_path, *texts, suffix)
    if change == "parquet":
        for name in ("gt", "det"):
            pd.read_csv(tmp_path / f"{name}.csv").to_parquet(tmp_path / f"{name}.parquet")
        arguments = [word.replace(".csv", ".parquet") for word in arguments]
    assert evaluated("frame", *arguments) == plain


def test_detections_without_ground_truth_of_their_class_have_no_number(evaluated, tmp_path: Path) -> None:
    found = evaluated("frame", *files(tmp_path, found=f"{FOUND}a,0,fly,0,0,9,9,0.9\n"))
    assert found["per_class"]["fly"] is None
    assert found["mAP"] == evaluated("frame", *files(tmp_path))["mAP"]


@pytest.mark.parametrize("protocol", ["act", "ava", "voc", "voc07"])
def test_every_protocol_has_its_name_in_the_result(evaluated, tmp_path: Path, protocol: str) -> None:
    found = evaluated("frame", "--protocol", protocol, *files(tmp_path))
    assert found["protocol"] == protocol
    assert 0 < found["per_class"]["sit"] < 1


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,1.5,sit,0,0,9,9,0.9", "det.csv:3: frame is 1.5; it must be a whole number from 0"),
        ("a,-1,sit,0,0,9,9,0.9", "det.csv:3: frame is -1.0; it must be a whole number from 0"),
        ("a,1,sit,0,zero,9,9,0.9", "det.csv:3: y1 is 'zero'; it must be a finite number"),
        ("a,1,sit,0,0,9,9,nan", "det.csv:3: score is 'nan'; it must be a finite number"),
        ("a,1,,0,0,9,9,0.9", "det.csv:3: class is ''; it must be a name"),
        ("a,1,sit,0,0,9,9", "det.csv:3: has 7 cells, the header 8"),
    ],
)
def test_a_wrong_row_is_one_line_with_file_and_line(refused, tmp_path: Path, row: str, message: str) -> None:
    first, rest = FOUND.split("\n", 2)[:2], "a,0,sit,0,0,9,9,0.5\n"
    error = refused("frame", *files(tmp_path, found="\n".join([*first, row, rest])))
    assert error.endswith(f"/{message}\n")
    assert error.count("\n") == 1


def test_wrong_files_are_one_line(refused, tmp_path: Path) -> None:
    inside_out = TRUTH.replace("5,5,20,20", "5,5,4,20")
    assert "gt.csv:4: x1 is 5.0; it must not be greater than x2" in refused("frame", *files(tmp_path, truth=inside_out))
    scoreless = refused("frame", *files(tmp_path, found=TRUTH))
    assert "det.csv:1: must have each of the columns video, class, tube, frame" in scoreless
    assert "(not so: score)" in scoreless
    without_tubes = "\n".join(row.rpartition(",")[0] for row in TRUTH.splitlines())
    assert "gt.csv:1" in refused("video", *files(tmp_path, truth=without_tubes))
    assert "boxes come as .csv or .parquet" in refused("frame", *files(tmp_path, suffix="json"))
    assert "--iou 0.5:0.7: must be a number, or one of 0.05:0.45" in refused(
        "video", *files(tmp_path), "--iou", "0.5:0.7"
    )
    assert "the smallest overlap is 2.0" in refused("frame", *files(tmp_path), "--iou", "2")


def test_video_ap_links_detections_or_takes_their_tubes(evaluated, tmp_path: Path) -> None:
    boxes = "".join(f"a,{frame},sit,0,0,9,9" + "{}\n" for frame in range(20))
    truth = f"{HEAD},tube\n" + boxes.replace("{}", ",t1")
    linked = evaluated("video", *files(tmp_path, truth, f"{HEAD},score\n" + boxes.replace("{}", ",0.9")))
    assert linked["tubes"] == "linked from the detections"
    assert linked["mAP"] == {"0.2": 1, "0.5": 1, "0.50:0.95": 1, "0.10:0.90": 1}
    named = f"{HEAD},score,tube\n" + "".join(
        f"a,{frame},sit,0,0,9,9,0.9,{'x' if frame < 8 else 'y'}\n" for frame in range(20)
    )
    given = evaluated("video", *files(tmp_path, truth, named), "--iou", "0.5", "0.6")
    assert given["tubes"] == "as the detections name them"
    assert given["mAP"] == {"0.5": pytest.approx(1 / 2), "0.6": 0}  # 11 of 19 steps, ranked second


AVA = {
    "gt.csv": "a,902,0,0,0.5,1,1,0\r\na,903,0,0,0.5,1,9\r\na,904\r\nb,902,0,0,0.5,1,2,0\r\nb,903,0,0,0.5,1,1,0\r\n",
    "det.csv": "a,902,0,0,0.5,1,1,0.5\na,903,0,0,0.5,1,1,0.6\na,904,0,0,0.5,1,1,0.7\nc,902,0,0,0.5,1,1,0.9\n"
    "b,903,0,0,0.1,0.1,1,0.8\n",
    "map.pbtxt": "".join(
        f'item {{\n  name: "{name}"\n  id: {i}\n}}\n' for i, name in ((1, "sit"), (2, "run"), (3, "fly"))
    ),
    "excluded.csv": "b,0903\n",
}


@pytest.fixture
def ava(tmp_path: Path) -> list[str]:
    for name, text in AVA.items():
        (tmp_path / name).write_bytes(text.encode())
    options = zip(("--groundtruth", "--detections", "--labelmap"), ("gt.csv", "det.csv", "map.pbtxt"), strict=True)
    return ["ava", *(word for option, name in options for word in (option, str(tmp_path / name)))]


def test_ava_counts_named_keyframes_ignores_others_and_leaves_the_excluded_out(evaluated, ava, tmp_path: Path) -> None:
    """Of `sit`: 1 of 2 found; on counted keyframes wrong ones are at 0.8, 0.7 and 0.6, above it."""
    found = evaluated(*ava)
    assert found["per_class"] == {"sit": pytest.approx(1 / 8), "run": 0, "fly": None}
    assert found["mAP"] == pytest.approx(1 / 16)
    assert found["counted"]["keyframes"] == 5
    assert found["counted"]["groundtruth of actions that the label map lacks"] == 1
    excluded = evaluated(*ava, "--exclusions", str(tmp_path / "excluded.csv"))
    assert excluded["per_class"] == {"sit": pytest.approx(1 / 3), "run": 0, "fly": None}


def test_ava_refuses_pixels_and_ids_of_another_map(refused, ava, tmp_path: Path) -> None:
    (tmp_path / "det.csv").write_text("a,902,0,0,0.5,1,1,0.5\na,902,100,20,214,230,1,0.5\n")
    error = refused(*ava)
    assert "det.csv:2: x1 is 100.0; AVA boxes are fractions of the frame from 0 to 1 (are these pixels?)" in error
    (tmp_path / "gt.csv").write_text("a,902,0,0,0.5,1,77\n")
    (tmp_path / "det.csv").write_text("")
    assert "gt.csv:1: action_id is 77; no action of this file is in" in refused(*ava)
    assert "gt.csv:1: second is 902; keyframes lie in 1 to 5" in refused(*ava, "--seconds", "1", "5")


def test_the_command_needs_no_torch_and_prints_json_alone(tmp_path: Path) -> None:
    ended = run("frame", *files(tmp_path))
    assert json.loads(ended.stdout)["metric"] == "frame AP"
    assert ended.stderr == ""
    ended = run("frame", *files(tmp_path, found="nonsense\n"), code=2)
    assert ended.stdout == ""
    assert ended.stderr.startswith("error: ")
    check = "import sys, zsstad_core.metrics.__main__; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", check], cwd=ROOT, check=True)
