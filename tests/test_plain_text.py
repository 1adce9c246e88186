"""Every text file of a user reads the same from Windows' programs, or is refused with file and line, by one reader."""

import ast
import codecs
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.conftest import ROOT
from tests.datasets.made_folder import write_videos
from zsstad_core import configure
from zsstad_core.ask.question import labels_of, videos_of
from zsstad_core.datasets.box_files import read_boxes as read_detections
from zsstad_core.datasets.folder_annotation import read_annotation, read_train_list
from zsstad_core.datasets.published_boxes import IMAGES, read_published
from zsstad_core.datasets.puppet_masks import PuppetMasks
from zsstad_core.datasets.ucf101_24_lists import read_parts
from zsstad_core.errors import DataError, MissingFileError, UserError
from zsstad_core.frozen.detector.mmdet.config import config_files
from zsstad_core.frozen.encoder_identity import model_config, phrasings
from zsstad_core.metrics.ava_files import read_boxes, read_exclusions, read_keyframes, read_labelmap
from zsstad_core.metrics.ava_rows import video_names
from zsstad_core.metrics.box_tables import read_table
from zsstad_core.plain_text import read_lines, read_text
from zsstad_core.settings.frozen import Encoder
from zsstad_core.splits.files import read_lists

NAMES = ["é/a.mp4", "b.mp4"]


class Reader(NamedTuple):
    """A reader of a user's file: the file's name and text, and the function that reads it."""

    file: str
    text: str
    read: Callable[[Path], Any]


def _annotation(path: Path) -> Any:
    return [box[1:] for box in read_annotation(path, NAMES)]


def _published(path: Path) -> Any:
    images = {"images": [{"id": 1, "movie": "é", "timestamp": "00001"}]}
    path.with_name(IMAGES).write_text(json.dumps(images), encoding="utf-8")
    return read_published(path, ["wave/é"])[0].to_csv()


def _published_images(path: Path) -> Any:
    boxes = [{"image_id": 1, "category_id": 0, "bbox": [0, 0, 9, 9], "score": "1"}]
    path.with_name("boxes.json").write_text(json.dumps(boxes))
    return read_published(path.with_name("boxes.json"), ["wave/é"])[0].to_csv()


BOX = "é/a.mp4,0,1,2,11,12"
READERS = [
    Reader("list.txt", "é/a.mp4\nb.mp4\n", lambda path: videos_of(str(path))),
    Reader("labels.txt", "# ours\nmangé\nrun\n", lambda path: labels_of(str(path)).names),
    Reader("labels.yaml", "- mangé\n- run\n", lambda path: labels_of(str(path)).names),
    Reader("texts.yaml", "run: he runs\nsit: le café\n",
           lambda path: phrasings(["run", "sit"], Encoder(texts=str(path)))),
    Reader("splits.yaml", "# é\nmine: [mangé]\n", read_lists),
    Reader("pipeline.yaml", "# é\nencoder:\n  template: é {}\n", lambda path: configure.load(path)),
    Reader("boxes.csv", f"video,frame,x1,y1,x2,y2,label\n{BOX},mangé\n{BOX},run\n", _annotation),
    Reader("boxes.json", '[{"video": "é/a.mp4", "frame": 0,\n "x1": 1, "y1": 2, "x2": 11, "y2": 12}]', _annotation),
    Reader("train.txt", "é/a.mp4\nb.mp4\n", lambda path: read_train_list(path, NAMES)),
    Reader("persons.csv", f"video_id,frame,x1,y1,x2,y2,score,what\n{BOX},0.5,person\n",
           lambda path: read_detections(path, NAMES).boxes.to_csv()),
    Reader("detections.json", '[{"image_id": 1, "category_id": 0, "bbox": [0, 0, 9, 9], "score": "1", "é": 0}]',
           _published),
    Reader(IMAGES, '{"images": [{"id": 1, "movie": "é", "timestamp": "00001"}]}', _published_images),
    Reader("testlist01.txt", "Biking/é.avi\nBiking/b.avi\n",
           lambda path: read_parts(["Biking/é", "Biking/b"], Path("a.pkl"), path, None, ["Biking"])),
    Reader("wave_test_split1.txt", "é.avi 1\nb.avi 2\n",
           lambda path: PuppetMasks(path, path.parent, 1, ["wave"]).parts),
    Reader("map.pbtxt", '# é\nitem {\n name: "mangé" id: 1\n}\n', read_labelmap),
    Reader("map.csv", "label_id,label_name\n1,mangé\n2,run\n", read_labelmap),
    Reader("ava.csv", "é,902,0,0,1,1,1,1\nb,903,0,0,1,1,2,1\n", lambda path: read_boxes(path, scores=False).to_csv()),
    Reader("ava7.csv", "é,902,0,0,1,1,1\nb,903,0,0,1,1,2\n", lambda path: read_boxes(path, scores=True).to_csv()),
    Reader("frames.csv", "é,902\nb,903,0,0,1,1,2\n", lambda path: read_keyframes(path).to_csv()),
    Reader("excluded.csv", "é,902\nb,903\n", lambda path: read_exclusions(path).to_csv()),
    Reader("names.csv", "video,second\né,902\nb,903\n", video_names),
    Reader("table.csv", "video,frame,class,x1,y1,x2,y2\né,0,mangé,0,0,9,9\n",
           lambda path: read_table(path, scores=False).to_csv()),
    Reader("gaps.csv", "video,frame,class,x1,y1,x2,y2\n\né,0,mangé,0,0,9,9\n",
           lambda path: read_table(path, scores=False).to_csv()),
    Reader("model.json", '{"embed_dim": 1, "vision_cfg": {},\n "text_cfg": {"é": 1}}',
           lambda path: model_config(Encoder(model=str(path)))),
]  # fmt: skip

FROM_WINDOWS = {
    "a byte-order mark": lambda text: text.encode("utf-8-sig"),
    "UTF-16 of Windows": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "UTF-16, big end first": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "UTF-32": lambda text: text.encode("utf-32"),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "CRLF in UTF-16": lambda text: text.replace("\n", "\r\n").encode("utf-16"),
    "CR": lambda text: text.replace("\n", "\r").encode(),
}


def write(folder: Path, reader: Reader, content: bytes) -> Path:
    write_videos(folder, NAMES)
    (folder / reader.file).write_bytes(content)
    return folder / reader.file


@pytest.fixture(params=READERS, ids=lambda reader: reader.file)
def reader(request: pytest.FixtureRequest) -> Reader:
    return request.param


@pytest.mark.fault(59)
@pytest.mark.parametrize("written", FROM_WINDOWS)
def test_a_file_of_windows_reads_as_the_plain_one(tmp_path: Path, reader: Reader, written: str):
    plain = reader.read(write(tmp_path, reader, reader.text.encode()))
    assert reader.read(write(tmp_path, reader, FROM_WINDOWS[written](reader.text))) == plain
    assert plain is not None
    assert len(str(plain)) > 0


def _line_of(text: str, sign: str) -> int:
    return text[: text.index(sign)].count("\n") + 1


@pytest.mark.fault(59)
def test_latin_1_is_refused_with_its_line(tmp_path: Path, reader: Reader):
    path = write(tmp_path, reader, reader.text.encode("latin-1"))
    with pytest.raises(
        UserError, match=rf"{reader.file}:{_line_of(reader.text, 'é')}: byte 0xe9 is not UTF-8 \('é' in"
    ):
        reader.read(path)


@pytest.mark.fault(59)
@pytest.mark.parametrize(
    ("damaged", "message"),
    [
        (lambda text: text.encode("utf-16-le"), r".* \(UTF-16 without its mark\?\); save the file as UTF-8"),
        (lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le") + b"\0", "not UTF-16, though the file begins"),
        (lambda text: f"{text}\ufeff{text}".encode(), "a byte-order mark .* inside the text"),
        (lambda text: text.replace("é", "\0é").encode(), "a zero byte, which no text has"),
    ],
)
def test_what_is_no_text_is_refused_with_its_line(tmp_path: Path, reader: Reader, damaged, message: str):
    path = write(tmp_path, reader, damaged(reader.text))
    with pytest.raises(UserError, match=rf"{reader.file}:\d+: {message}") as refused:
        reader.read(path)
    assert "\n" not in str(refused.value)


def test_the_line_is_the_one_an_editor_shows(tmp_path: Path):
    for end in (b"\n", b"\r\n", b"\r"):
        (tmp_path / "a.txt").write_bytes(end.join([b"one", "zwei \u2028 \x85".encode(), b"caf\xe9", b""]))
        with pytest.raises(DataError, match=r"a\.txt:3: byte 0xe9"):
            read_text(tmp_path / "a.txt")
        (tmp_path / "a.txt").write_bytes(end.join([b"one", "zwei \u2028\x85".encode(), b"three", b""]))
        assert read_lines(tmp_path / "a.txt") == ["one", "zwei \u2028\x85", "three"]


def test_a_wrong_byte_far_into_a_file_is_found(tmp_path: Path):
    """The file is looked through in parts; a letter may stand across two of them."""
    good = "é" * 2**20 + "x"
    (tmp_path / "a.txt").write_text(f"x{good}\n", encoding="utf-8")
    assert read_text(tmp_path / "a.txt") == f"x{good}\n"
    (tmp_path / "a.txt").write_bytes(f"x{good}\n".encode() + b"\xc3")
    with pytest.raises(DataError, match=r"a\.txt:2: byte 0xc3"):
        read_text(tmp_path / "a.txt")


def test_a_missing_file_and_a_folder_are_one_line(tmp_path: Path):
    with pytest.raises(MissingFileError, match=r"gone\.txt: no such file"):
        read_text(tmp_path / "gone.txt")
    with pytest.raises(DataError, match=r"not readable \(Is a directory\)"):
        read_text(tmp_path)


def test_an_open_quote_is_refused_with_its_line_in_every_csv(tmp_path: Path):
    for text, read in (
        ('v,902,0,0,1,1,1\n"v,903,0,0,1,1,1\nv,904,0,0,1,1,1\n', lambda path: read_boxes(path, scores=False)),
        ('label_id,label_name\n1,"run\n2,sit\n', read_labelmap),
        ('video,frame,class,x1,y1,x2,y2\n"a,0,run,0,0,9,9\n', lambda path: read_table(path, scores=False)),
    ):
        (tmp_path / "open.csv").write_text(text)
        with pytest.raises(DataError, match=r"open\.csv:\d: (not CSV \(unexpected end of data\)|has \d cells)"):
            read(tmp_path / "open.csv")


def test_a_config_of_mmdet_with_a_mark_is_refused_before_mmengine_reads_it(tmp_path: Path):
    (tmp_path / "c.py").write_bytes("model = 'é'\n".encode())
    assert config_files(str(tmp_path / "c.py")) == [tmp_path / "c.py"]
    for content, message in (
        ("model = 'é'\n".encode("utf-8-sig"), r"c\.py:1: begins with a byte-order mark, which mmengine cannot read"),
        ("model = 'é'\n".encode("utf-16"), r"c\.py:1: begins with a byte-order mark"),
        ("a = 1\nmodel = 'é'\n".encode("latin-1"), r"c\.py:2: byte 0xe9"),
    ):
        (tmp_path / "c.py").write_bytes(content)
        with pytest.raises(UserError, match=message):
            config_files(str(tmp_path / "c.py"))


OURS = (  # modules that read text of the program's own: its cache, its package, its processes, the operating system
    *("cache/", "report/page/", "warm/", "stickworld/"),
    *("doctor/weights.py", "evaluation/metrics_file.py", "learning/launch.py", "results/published.py"),
    *("errors.py", "plain_text.py", "timing_text.py"),
)


def _opens_text(node: ast.AST) -> bool:
    """Whether a node reads a path as text: `.read_text(...)`, `.open()` or `open(...)` without "b", or pandas' reader
    of a path."""
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    words = [ast.unparse(argument) for argument in [*node.args, *(keyword.value for keyword in node.keywords)]]
    if name == "read_csv":
        return words[0] != "stream"
    of_pathlib = isinstance(node.func, ast.Attribute) and not words
    as_text = of_pathlib or any(keyword.arg == "encoding" for keyword in node.keywords)
    return (name == "read_text" and isinstance(node.func, ast.Attribute)) or (name == "open" and as_text)


def test_no_other_module_opens_a_text_file_of_a_user():
    """A second reader would have rules of its own: whoever needs text of a user takes `plain_text`."""
    found = []
    for file in sorted((ROOT / "zsstad_core").rglob("*.py")):
        name = file.relative_to(ROOT / "zsstad_core").as_posix()
        if not name.startswith(OURS):
            found += [f"{name}:{node.lineno}" for node in ast.walk(ast.parse(file.read_text())) if _opens_text(node)]
    assert found == []
