"""Label maps in protobuf's text format are read as protobuf's own parser reads them."""

import json
import sys
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from hypothesis import given
from hypothesis import strategies as st

from zsstad_core.errors import DataError
from zsstad_core.metrics.__main__ import main
from zsstad_core.metrics.ava_labelmap import read_labelmap


def read(folder: Path, text: str) -> dict[int, str]:
    (folder / "map.pbtxt").write_text(text, encoding="utf-8", newline="")
    return read_labelmap(folder / "map.pbtxt")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('item {\n  id: 1;\n  name: "a";\n}\nitem {\n  id: 2,\n  name: "b",\n}\n', {1: "a", 2: "b"}),
        ("item {id: 1, name: 'a'}\nitem {id: 2, name: 'b'}", {1: "a", 2: "b"}),
        ("item: <id: 1 name: 'a'>;\nlabel < label_id: 2 name: 'b' >", {1: "a", 2: "b"}),
        ("item {\n  name: 'open (e.g., {door})'\n  id: 1\n}", {1: "open (e.g., {door})"}),
        ('item {\n name: "walk"   # was name: "stroll"\n id: 2  # id: 7 in v1\n}', {2: "walk"}),
        ('item {name: "walk" id: 1}\n#item {\n#  name: "run"\n#  id: 2\n#}\n', {1: "walk"}),
        ('# a map {\nitem{name:"# no comment"id:1}', {1: "# no comment"}),
        ("item { name: 'it\\'s ' \"all\"\n 'one' id: 0x10 }", {16: "it's allone"}),
        ('item { name: "caf\\303\\251 \\"x\\"" id: 1 }', {1: 'café "x"'}),
        ('item { name: "a" id: 1 display_name: "x" keypoints { id: 5 label: "k" } ids: [1, -2] w: -1.5e3 }', {1: "a"}),
        ('item { name: "a" id: 1 [ext.name]: 5 more: [{id: 3}, <id: 4>] kind: PERSON_MOVEMENT }', {1: "a"}),
    ],
)
def test_what_the_format_allows_is_read(tmp_path: Path, text: str, names: dict[int, str]):
    assert read(tmp_path, text) == names
    assert read(tmp_path, text.replace("\n", "\r\n")) == names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('item {\n name: "a"\n name: "b"\n id: 1 }', r"map\.pbtxt:3: .*name stands twice in this entry"),
        ("item {\n name: walk\n id: 1 }", r"map\.pbtxt:2: .*Expected string but found: 'walk'"),
        ('item {\n name: "walk\n id: 1 }', r"map\.pbtxt:2: .*missing ending quote"),
        ('item {\n name: "walk" id: one }', r"map\.pbtxt:2: .*Couldn't parse integer: one"),
        ('item {\n name: "walk" id: 1', r"map\.pbtxt:2: not protobuf's text format"),
        ('item {\n name: "walk" id: 1 colour: }', r"map\.pbtxt:2: .*a value is due here"),
        ('item { name: "a" id: 1 }\nitems { name: "b" id: 2 }', r"map\.pbtxt:2: items is no entry of a label map"),
        (
            'item { name: "a" id: 1 }\nitem { name: "A" id: 2 }',
            r"map\.pbtxt:2: name 'A' looks like 'a', in another let",
        ),
        ('item { name: "a" id: 1 }\nitem { name: "" id: 2 }', r"map\.pbtxt:2: this entry must have a name"),
        ("item { a " + "{ a " * 5000, r"map\.pbtxt: not readable \(its messages stand too deep"),
    ],
)
def test_what_the_format_does_not_allow_is_refused_with_its_line(tmp_path: Path, text: str, message: str):
    with pytest.raises(DataError, match=message):
        read(tmp_path, text)


def _protobufs_own(text: str) -> dict[int, str]:
    """The same text, read by protobuf's parser with a schema."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="map.proto", package="m", syntax="proto2")
    item, whole = file.message_type.add(name="Item"), file.message_type.add(name="Map")
    item.field.add(name="name", number=1, type=field.TYPE_STRING, label=field.LABEL_OPTIONAL)
    item.field.add(name="id", number=2, type=field.TYPE_INT64, label=field.LABEL_OPTIONAL)
    whole.field.add(name="item", number=1, type=field.TYPE_MESSAGE, label=field.LABEL_REPEATED, type_name=".m.Item")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    made = message_factory.GetMessageClass(pool.FindMessageTypeByName("m.Map"))()
    text_format.Parse(text, made, allow_unknown_field=True)
    return {entry.id: entry.name for entry in made.item}


BLANKS = st.sampled_from(["", " ", "\n", "\t", " # name: 'no' }\n"])
EXTRA = st.sampled_from(["", "other: 'x' ", "other: -1.5 ", "other { id: 9 name: 'no' } ", "other: [1, 2] ", "o: X "])


@st.composite
def maps(draw: st.DrawFn) -> str:
    entries = []
    names = draw(st.lists(st.text("ab {}<>#'\"\\:,é", min_size=1, max_size=6), max_size=4))
    for number, name in enumerate(names, start=1):
        written = f'"{number} {text_format.text_encoding.CEscape(name, as_utf8=draw(st.booleans()))}"'
        between = draw(st.sampled_from([" ", ",", ";", "\n", ", "])) + draw(BLANKS)
        fields = [f"name:{draw(BLANKS)}{written}", f"id: {number}"]
        fields = between.join(fields if draw(st.booleans()) else fields[::-1])
        left, right = draw(st.sampled_from(["{}", "<>"]))
        colon = draw(st.sampled_from(["", ":"]))
        entries.append(f"item{colon}{draw(BLANKS)}{left}{draw(BLANKS)}{draw(EXTRA)}{fields}{draw(BLANKS)}{right}")
    return draw(BLANKS) + draw(st.sampled_from(["\n", " ", ",\n", ";"])).join(entries) + draw(BLANKS)


@pytest.mark.fault(36)
@given(maps())
def test_any_map_reads_as_protobufs_own_parser_reads_it(tmp_path_factory: pytest.TempPathFactory, text: str):
    expected = _protobufs_own(text)
    folder = tmp_path_factory.mktemp("maps")
    if expected:
        assert read(folder, text) == expected
    else:
        with pytest.raises(DataError, match=r"names no action|neither a pbtxt"):
            read(folder, text)


@pytest.mark.parametrize(
    ("labels", "found", "per_class"),
    [
        ("a3", "det", {"a": 1.0, "b": 1.0, "c": 1.0}),
        ("a4", "det", {"a": 1.0, "b": 1.0, "c": 1.0}),
        ("a5", "det", {"open (e.g., {door})": 1.0, "b": 1.0, "c": 1.0}),
        ("a6", "det", {"walk": 1.0, "run": 1.0, "x": 1.0}),
        ("a7", "det_no2", {"walk": 1.0, "x": 1.0}),
    ],
)
def test_the_maps_of_bug_reports_give_the_right_map(
    realdata: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], labels, found, per_class
) -> None:
    folder = realdata / "hard_inputs/07-pbtxt-comments"
    if not folder.is_dir():
        pytest.skip("shared/realdata has no hard_inputs")
    files = (folder / "gt.csv", folder / f"{found}.csv", folder / f"{labels}.pbtxt")
    options = zip(("--groundtruth", "--detections", "--labelmap"), map(str, files), strict=True)
    monkeypatch.setattr(sys, "argv", ["metrics", "ava", *(word for pair in options for word in pair)])
    main()
    result = json.loads(capsys.readouterr().out)
    assert (result["per_class"], result["mAP"]) == (per_class, 1.0)
