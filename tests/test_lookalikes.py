"""Names that look the same and are not are refused by name, in every reader that joins names."""

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.datasets.made_ava import open_ava, write_annotation
from tests.datasets.made_jhmdb import annotation, open_jhmdb, write_clips, write_pickle
from tests.datasets.made_ucf101_24 import CLIPS, open_ucf, write_all
from tests.metrics.test_command import FOUND, TRUTH, files, refused, result  # noqa: F401  # a fixture
from zsstad_core.ask.question import labels_of, videos_of
from zsstad_core.datasets.box_files import read_boxes
from zsstad_core.datasets.folder import Folder
from zsstad_core.datasets.folder_annotation import read_annotation, read_train_list
from zsstad_core.datasets.published_boxes import IMAGES, read_published
from zsstad_core.errors import MissingFileError, UserError
from zsstad_core.frozen.encoder_identity import phrasings
from zsstad_core.lookalikes import look, lookalikes
from zsstad_core.metrics.ava_labelmap import read_labelmap
from zsstad_core.plan.cross_dataset import shared_classes
from zsstad_core.settings import datasets as settings
from zsstad_core.settings.frozen import Encoder
from zsstad_core.splits import load_split

ONE, TWO = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
ALIKE = [(ONE, TWO, "in another Unicode form"), (ONE, "CAFÉ", "in another letter case"), (ONE, f"{ONE}\u200b", "signs")]
PAIRS = pytest.mark.parametrize(("name", "other", "how"), ALIKE)
HEADER = "video,frame,x1,y1,x2,y2,person,label"


def refusal(read: Callable[[], Any]) -> str:
    with pytest.raises(UserError) as caught:
        read()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "other"),
    [(ONE, TWO), ("Run", "run"), ("a b", "a\u00a0b"), ("run", "ｒｕｎ"), ("ﬁsh", "fish"), ("straße", "STRASSE"),
     ("run", "run\u200b"), ("\ufeffrun", "run")],
)  # fmt: skip
def test_what_looks_the_same(name: str, other: str):
    assert look(name) == look(other)
    assert list(lookalikes([name], [other])) == [(name, other)]
    assert list(lookalikes([name], [name, other])) == []  # known as it is


def test_names_that_look_different_are_none(realdata: Path):
    assert list(lookalikes(["cafe", "run_a", "v_g01"], [ONE, "run a", "v_g1"])) == []
    listed = (realdata / "annotations/ava/ava_file_names_trainval_v2.1.txt").read_text().split()
    assert len({look(name) for name in listed}) == len(listed) == 299  # ids that differ in letter case would be two


@pytest.mark.fault(60)
@PAIRS
def test_an_annotated_video_that_looks_like_one_on_disk(tmp_path: Path, name: str, other: str, how: str):
    (tmp_path / "boxes.csv").write_text(f"{HEADER}\nb.mp4,0,1,2,11,12,1,run\n{other}.mp4,0,1,2,11,12,1,run\n")
    message = refusal(lambda: read_annotation(tmp_path / "boxes.csv", [f"{name}.mp4", "b.mp4"]))
    assert "boxes.csv:3: video " in message
    assert f"looks like {f'{name}.mp4'!a} of the folder" in message
    assert how in message
    (tmp_path / "boxes.csv").write_text(f"{HEADER}\n{name}.mp4,0,1,2,11,12,1,run\n{other}.mp4,0,1,2,11,12,1,run\n")
    assert len(read_annotation(tmp_path / "boxes.csv", [f"{name}.mp4", f"{other}.mp4"])) == 2  # two files are two


@pytest.mark.fault(60)
@PAIRS
@pytest.mark.parametrize("column", ["label", "person", "video"])
def test_two_names_of_an_annotation(tmp_path: Path, name: str, other: str, how: str, column: str):
    plain = {"video": "a.mp4", "frame": 0, "x1": 1, "y1": 1, "x2": 9, "y2": 9, "person": "p", "label": "run"}
    rows = [plain | {"frame": frame, column: named} for frame, named in enumerate((name, other))]
    for suffix, text in (
        ("json", json.dumps(rows)),
        ("csv", "\n".join([HEADER, *(",".join(map(str, row.values())) for row in rows)])),
    ):
        (tmp_path / f"boxes.{suffix}").write_text(text, encoding="utf-8")
        message = refusal(lambda suffix=suffix: read_annotation(tmp_path / f"boxes.{suffix}", ["a.mp4"]))
        assert (
            f"boxes.{suffix}:{' entry 2' if suffix == 'json' else '3'}: {column} {other!a} looks like {name!a}"
            in message
        )
        assert how in message


@PAIRS
def test_lists_and_labels_of_a_folder(tmp_path: Path, name: str, other: str, how: str):
    (tmp_path / "train.txt").write_text(f"b.mp4\n{other}.mp4\n", encoding="utf-8")
    message = refusal(lambda: read_train_list(tmp_path / "train.txt", [f"{name}.mp4", "b.mp4"]))
    assert "train.txt:2: " in message
    assert f"did you mean {name}.mp4" in message
    folder = Folder(settings.Folder(root=str(tmp_path), labels=[name, other]))
    assert "datasets.folder.labels: label" in refusal(lambda: folder.classes)
    (tmp_path / "boxes.csv").write_text(f"{HEADER}\na.mp4,0,1,2,11,12,1,{other}\n", encoding="utf-8")
    (tmp_path / "a.mp4").touch()
    folder = Folder(settings.Folder(root=str(tmp_path), labels=[name, "run"], annotation="boxes.csv"))
    assert f"did you mean {name}" in refusal(lambda: folder.classes)


@PAIRS
def test_labels_texts_and_splits(tmp_path: Path, name: str, other: str, how: str):
    (tmp_path / "labels.txt").write_text(f"{name}\n{other}\n", encoding="utf-8")
    assert "names the same action twice" in refusal(lambda: labels_of(str(tmp_path / "labels.txt")))
    (tmp_path / "texts.yaml").write_text(f'run: a\n"{other}": b\n', encoding="utf-8")
    message = refusal(lambda: phrasings([name, "run"], Encoder(texts=str(tmp_path / "texts.yaml"))))
    assert "texts.yaml:2: " in message
    assert f"did you mean {name}" in message
    (tmp_path / "splits.yaml").write_text(f'mine:\n- "{other}"\n', encoding="utf-8")
    message = refusal(lambda: load_split("folder", str(tmp_path / "splits.yaml"), [name, "run"]))
    assert "splits.yaml:2: " in message
    assert f"did you mean {name}" in message
    (tmp_path / "map.pbtxt").write_text(
        f'item {{ id: 1 name: "{name}" }}\nitem {{ id: 2 name: "{other}" }}', encoding="utf-8"
    )
    assert f"map.pbtxt:2: name {other!a} looks like {name!a}" in refusal(lambda: read_labelmap(tmp_path / "map.pbtxt"))
    assert shared_classes({other: ["x"]}, {name: ["y"]}) == {other: name}  # learned, so not unseen


def test_the_unicode_form_is_named_where_a_name_is_proposed(tmp_path: Path):
    (tmp_path / "train.txt").write_text(f"{TWO}.mp4\n", encoding="utf-8")
    message = refusal(lambda: read_train_list(tmp_path / "train.txt", [f"{ONE}.mp4"]))
    assert message.endswith(f"(did you mean {ONE}.mp4, in another Unicode form?)")


@PAIRS
def test_files_of_boxes(tmp_path: Path, name: str, other: str, how: str):
    (tmp_path / "boxes.csv").write_text(
        f"video_id,frame,x1,y1,x2,y2,score,what\nb,0,1,2,11,12,1,person\n{other},0,1,2,11,12,1,person\n",
        encoding="utf-8",
    )
    message = refusal(lambda: read_boxes(tmp_path / "boxes.csv", [name, "b"]))
    assert f"boxes.csv: video_id {other!a} looks like {name!a} of the dataset" in message
    (tmp_path / IMAGES).write_text(json.dumps({"images": [{"id": 1, "movie": other, "timestamp": "1"}]}))
    (tmp_path / "boxes.json").write_text("[]")
    assert f"{IMAGES}: movie {other!a}" in refusal(lambda: read_published(tmp_path / "boxes.json", [f"wave/{name}"]))


@PAIRS
def test_clips_of_jhmdb(tmp_path: Path, name: str, other: str, how: str):
    content = annotation()
    content["gttubes"][f"wave/{name}"] = content["gttubes"]["wave/a_clip"]
    content["train_videos"][0].append(f"wave/{name}")
    write_pickle(tmp_path, content)
    write_clips(tmp_path, ["wave/a_clip", f"wave/{other}"])
    message = refusal(lambda: open_jhmdb(tmp_path).videos())
    assert f"JHMDB-GT.pkl: clip {f'wave/{name}'!a} looks like {f'wave/{other}'!a} of " in message


def test_clips_and_lists_of_ucf101_24(tmp_path: Path):
    write_all(tmp_path)
    (class_name, clip), listed = CLIPS[0].split("/"), (tmp_path / "testlist01.txt").read_text().split()
    (tmp_path / "testlist01.txt").write_text("\n".join([*listed, f"{class_name}/{clip.upper()}.avi"]))
    message = refusal(lambda: open_ucf(tmp_path).videos())
    assert f"testlist01.txt: clip '{class_name}/{clip.upper()}' looks like '{CLIPS[0]}'" in message
    upper = [f"{name.removesuffix('.avi')}.AVI" for name in listed]
    (tmp_path / "testlist01.txt").write_text("\n".join(listed))
    parts = open_ucf(tmp_path).official_split()
    (tmp_path / "testlist01.txt").write_text("\n".join(upper))
    assert open_ucf(tmp_path).official_split() == parts


def test_a_clip_whose_ending_is_in_capitals_is_there(tmp_path: Path):
    write_pickle(tmp_path, annotation())
    write_clips(tmp_path, ["wave/a_clip", "wave/b_clip"])
    path = tmp_path / "videos/wave/a_clip.avi"
    path.rename(path.with_suffix(".AVI"))
    assert [source.video_id for source in open_jhmdb(tmp_path).videos()] == ["wave/a_clip", "wave/b_clip"]


def test_videos_of_ava(tmp_path: Path):
    write_annotation(tmp_path)
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos/TRN_pal_000.mkv").touch()
    message = refusal(lambda: open_ava(tmp_path).videos())
    assert "video 'trn_pal_000' looks like 'TRN_pal_000' of " in message
    csv = tmp_path / "ava_train_v2.2.csv"
    csv.write_text(csv.read_text() + csv.read_text().splitlines()[-1].upper().replace("TRN", "Trn") + "\n")
    assert "looks like" in refusal(lambda: open_ava(tmp_path).official_split())


@pytest.mark.fault(60)
@PAIRS
def test_results_of_another_program(refused, tmp_path: Path, name: str, other: str, how: str):  # noqa: F811
    for word, form in (("sit", "{}"), ("\na,", "\n{},")):
        truth, found = TRUTH.replace(word, form.format(name)), FOUND.replace(word, form.format(other))
        message = refused("frame", *files(tmp_path, truth, found))
        assert "det.csv: " in message
        assert f"{other!a} looks like {name!a} of gt.csv" in message
        assert how in message
        assert message.count("\n") == 1


def test_a_list_of_videos_in_another_unicode_form(tmp_path: Path):
    (tmp_path / f"{ONE}.mp4").touch()
    (tmp_path / "list.txt").write_text(f"{TWO}.mp4\n", encoding="utf-8")
    with pytest.raises(MissingFileError, match=rf"list\.txt:1: .*did you mean {ONE}\.mp4, in another Unicode form\?"):
        videos_of(str(tmp_path / "list.txt"))
