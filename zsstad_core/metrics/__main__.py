"""Evaluate results that another program made; the numbers go to standard output, as JSON.

    python -m zsstad_core.metrics ava --groundtruth gt.csv --detections det.csv --labelmap map.pbtxt
    python -m zsstad_core.metrics frame --protocol multisports --groundtruth gt.csv --detections det.csv
    python -m zsstad_core.metrics video --protocol multisports --groundtruth gt.csv --detections det.csv

`ava` reads files in AVA's format. `frame` and `video` read CSV or Parquet with the columns video, frame, class, x1, y1,
x2, y2; detections have a column score too, ground-truth tubes a column tube, and detections with a column tube are
linked already. APs are fractions; null is a class without ground truth, which is in no mean. docs/protocols.md says
what each protocol counts.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from zsstad_core.errors import DataError, friendly
from zsstad_core.metrics import ava_files
from zsstad_core.metrics.ava import ava_ap
from zsstad_core.metrics.box_tables import read_table
from zsstad_core.metrics.frame_map import frame_ap
from zsstad_core.metrics.joins import refuse_names_that_look_alike, remarks
from zsstad_core.metrics.linking import link_tubes
from zsstad_core.metrics.protocols import FRAME, VIDEO
from zsstad_core.metrics.summary import json_number
from zsstad_core.metrics.video_map import RANGES, thresholds, video_ap, video_map
from zsstad_core.tables import BOX


@friendly
def main() -> None:
    """Read the files, print the result."""
    arguments = _parser().parse_args()
    evaluate = {"ava": _ava, "frame": _frame, "video": _video}[arguments.metric]
    json.dump(evaluate(arguments), sys.stdout, indent=1, allow_nan=False)
    print()


def _ava(arguments: argparse.Namespace) -> dict[str, Any]:
    names = ava_files.read_labelmap(arguments.labelmap)
    seconds = tuple(arguments.seconds) if arguments.seconds else None
    keyframes = _rename(ava_files.read_keyframes(arguments.groundtruth, seconds))
    groundtruth = _rename(ava_files.read_boxes(arguments.groundtruth, scores=False, seconds=seconds), names)
    detections = _rename(ava_files.read_boxes(arguments.detections, scores=True, seconds=seconds), names)
    excluded = _rename(ava_files.read_exclusions(arguments.exclusions)) if arguments.exclusions else None
    if len(groundtruth) and groundtruth["class_name"].isna().all():
        raise DataError(
            f"{arguments.groundtruth}:{groundtruth['line'].iloc[0]}: action_id is {groundtruth['action_id'].iloc[0]}; "
            f"no action of this file is in {arguments.labelmap}"
        )
    said = _compare(groundtruth, detections, arguments)
    per_class = ava_ap(groundtruth, detections, list(names.values()), arguments.iou, keyframes, excluded)
    return {
        "metric": "frame AP",
        "protocol": "ava",
        "description": FRAME["ava"].description,
        "iou": arguments.iou,
        **_result(per_class),
        "counted": {
            "keyframes": len(keyframes),
            "excluded keyframes": 0 if excluded is None else len(excluded),
            "groundtruth": len(groundtruth),
            "groundtruth of actions that the label map lacks": int(groundtruth["class_name"].isna().sum()),
            "detections": len(detections),
            "detections of actions that the label map lacks": int(detections["class_name"].isna().sum()),
        },
        "remarks": said,
    }


def _rename(rows: pd.DataFrame, names: dict[int, str] | None = None) -> pd.DataFrame:
    """AVA's columns by the evaluators' names; class_name is missing where the label map has no name."""
    rows = rows.rename(columns={"video": "video_id", "second": "frame"})
    if names is not None:
        ids = pd.Index(sorted(names))
        codes = ids.get_indexer(pd.Index(rows["action_id"]))
        rows["class_name"] = pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype([names[i] for i in ids]))
    return rows


def _frame(arguments: argparse.Namespace) -> dict[str, Any]:
    groundtruth = read_table(arguments.groundtruth, scores=False)
    detections = read_table(arguments.detections, scores=True)
    said = _compare(groundtruth, detections, arguments)
    classes = _classes(groundtruth, detections)
    per_class = frame_ap(groundtruth, detections, classes, arguments.iou, arguments.protocol)
    return {
        "metric": "frame AP",
        "protocol": arguments.protocol,
        "description": FRAME[arguments.protocol].description,
        "iou": arguments.iou,
        **_result(per_class),
        "counted": {"groundtruth": len(groundtruth), "detections": len(detections), **_without_area(detections)},
        "remarks": said,
    }


def _video(arguments: argparse.Namespace) -> dict[str, Any]:
    wanted = [name if name in RANGES else _threshold(name) for name in arguments.iou]
    groundtruth = read_table(arguments.groundtruth, scores=False, tubes=True).rename(columns={"tube": "box"})
    detections = read_table(arguments.detections, scores=True)
    said = _compare(groundtruth, detections, arguments)
    classes = _classes(groundtruth, detections)
    linked = "tube" not in detections
    tubes = link_tubes(detections, classes, arguments.protocol) if linked else detections
    per_threshold = video_ap(groundtruth, tubes, classes, thresholds(wanted), arguments.protocol)
    means = video_map(per_threshold, wanted)
    return {
        "metric": "video AP",
        "protocol": arguments.protocol,
        "description": VIDEO[arguments.protocol].description,
        "tubes": "linked from the detections" if linked else "as the detections name them",
        "mAP": {name: json_number(ap.mean()) for name, ap in means.items()},
        "per_class": {
            name: {str(label): json_number(value) for label, value in ap.items()} for name, ap in means.items()
        },
        "counts": {f"{threshold:g}": _result(rows)["counts"] for threshold, rows in per_threshold.items()},
        "counted": {"groundtruth": len(groundtruth), "detections": len(detections), **_without_area(detections)},
        "remarks": said,
    }


def _compare(groundtruth: pd.DataFrame, detections: pd.DataFrame, arguments: argparse.Namespace) -> list[str]:
    """What keeps the two files apart, printed on standard error too, since the numbers alone do not show it."""
    files = (arguments.groundtruth.name, arguments.detections.name)
    refuse_names_that_look_alike(groundtruth, detections, *files)
    said = remarks(groundtruth, detections, *files)
    for sentence in said:
        print(f"remark: {sentence}", file=sys.stderr)
    return said


def _threshold(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise DataError(f"--iou {text}: must be a number, or one of {', '.join(RANGES)}") from None


def _classes(groundtruth: pd.DataFrame, detections: pd.DataFrame) -> list[str]:
    return sorted({*groundtruth["class_name"].cat.categories, *detections["class_name"].cat.categories})


def _without_area(detections: pd.DataFrame) -> dict[str, int]:
    x1, y1, x2, y2 = (detections[side] for side in BOX)
    return {"detections without area": int(((x2 <= x1) | (y2 <= y1)).sum())}


def _result(per_class: pd.DataFrame) -> dict[str, Any]:
    return {
        "mAP": json_number(per_class["ap"].mean()),
        "per_class": {str(name): json_number(ap) for name, ap in per_class["ap"].items()},
        "counts": {
            str(name): {key: int(row[key]) for key in ("groundtruth", "detections", "true_positives")}
            | {"recall": json_number(row["recall"])}
            for name, row in per_class.iterrows()
        },
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m zsstad_core.metrics",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    metrics = parser.add_subparsers(dest="metric", required=True)
    ava = metrics.add_parser("ava", help="frame AP of files in AVA's format, as ActivityNet's tool computes it")
    frame = metrics.add_parser("frame", help="frame AP")
    video = metrics.add_parser("video", help="video AP")
    for command in (ava, frame, video):
        command.add_argument("--groundtruth", type=Path, required=True, metavar="FILE")
        command.add_argument("--detections", type=Path, required=True, metavar="FILE")
    ava.add_argument("--labelmap", type=Path, required=True, metavar="FILE", help="pbtxt, or csv label_id,label_name")
    ava.add_argument("--exclusions", type=Path, metavar="FILE", help="csv of keyframes to leave out: video,second")
    ava.add_argument(
        "--seconds",
        type=int,
        nargs=2,
        metavar=("FIRST", "LAST"),
        help="refuse rows of other seconds (AVA's keyframes: 902 1798)",
    )
    frame.add_argument("--protocol", choices=list(FRAME), default="multisports")
    video.add_argument("--protocol", choices=list(VIDEO), default="multisports")
    for command in (ava, frame):
        command.add_argument("--iou", type=float, default=0.5, help="smallest overlap that counts (default: 0.5)")
    video.add_argument(
        "--iou",
        nargs="+",
        default=["0.2", "0.5", "0.50:0.95", "0.10:0.90"],
        help=f"smallest overlaps that count, and means over several: {', '.join(RANGES)} (default: %(default)s)",
    )
    return parser


if __name__ == "__main__":
    main()
