"""Tokens from a file that does not fit the plan, is damaged or is not there: one line, and never a cache."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.exported import FORMATS, Arrays, copied, given, read, stage, write
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.cache.units import published_units
from zsstad_core.plan.plan import Plan


def refused(name: str, there: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a stage refuses with."""
    capsys.readouterr()
    assert stage(name, there, tmp_path) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def without(arrays: Arrays, name: str) -> dict[str, Any]:
    return {key: values for key, values in arrays.items() if key != name}


def rows_of(arrays: Arrays, chosen: Any) -> dict[str, Any]:
    return {name: values[chosen] if values.ndim else values for name, values in arrays.items()}


def doubled(arrays: Arrays) -> dict[str, Any]:
    return rows_of(arrays, [0, *range(len(arrays["tokens"]))])


def one_more(arrays: Arrays) -> dict[str, Any]:
    more = rows_of(arrays, [*range(len(arrays["tokens"])), -1])
    more["box"][-1] += 1
    return more


def swapped(arrays: Arrays) -> dict[str, Any]:
    return rows_of(arrays, [0, 2, 1, *range(3, len(arrays["tokens"]))])


def with_value(arrays: Arrays, name: str, place: Any, value: float) -> dict[str, Any]:
    values = arrays[name].copy()
    values[place] = value
    return {**arrays, name: values}


def moved(arrays: Arrays) -> dict[str, Any]:
    return with_value(arrays, "y2", 5, arrays["y2"][5] + 0.6)


LAST = r"wave/clip_b frame \d+ box 1"
MISTAKES: list[tuple[str, Callable[[Arrays], dict[str, Any]], str]] = [
    ("short", lambda a: rows_of(a, slice(None, -1)), rf"has no token of {LAST} \(1 of \d+ rows are not there\)"),
    ("a row twice", doubled, r"tokens\[1\] \(catch/clip_b frame 0 box 0\) stands after catch/clip_b frame 0 box 0; "),
    (
        "reordered",
        swapped,
        r"tokens\[2\] \(catch/clip_b frame 0 box 1\) stands after catch/clip_b frame 1 box 0; rows ",
    ),
    ("a row too many", one_more, r"tokens\[\d+\] is of wave/clip_b frame \d+ box 2, which the plan has no box of \(1 "),
    (
        "other boxes",
        moved,
        r"catch/clip_b frame 2 box 1 is \[60, 10, 90, 60.6\], in the plan \[60, 10, 90, 60\] \(1 such",
    ),
    (
        "a box that is NaN",
        lambda a: with_value(a, "x1", 0, np.nan),
        r"frame 0 box 0 is \[nan, 10, 40, 60\], in the plan",
    ),
    ("NaN", lambda a: with_value(a, "tokens", (7, 2), np.nan), r"tokens\[7\] \(catch/clip_b frame 3 box 1\) is NaN or"),
    ("infinite", lambda a: with_value(a, "tokens", (7, 2), np.inf), r"tokens\[7\] .*is NaN or infinite"),
    (
        "another width",
        lambda a: {**a, "tokens": a["tokens"][:, :3]},
        r"tokens are 3 wide, those of tokens-frame\.\w+ 4;",
    ),
    (
        "float64",
        lambda a: {**a, "tokens": a["tokens"].astype(float)},
        r"tokens is float64 \[\d+, 4\]; it must be float16",
    ),
    ("one number a row", lambda a: {**a, "tokens": a["tokens"][:, 0]}, r"tokens is float16 \[\d+\]; it must be"),
    ("no tokens", lambda a: without(a, "tokens"), "not readable .*tokens"),
    ("no box", lambda a: without(a, "box"), "has no column box; it must be whole numbers, one a row of tokens"),
    ("no x2", lambda a: without(a, "x2"), "has no column x2; it must be numbers"),
    ("half frames", lambda a: {**a, "frame": a["frame"] + 0.5}, "frame is float64 .* it must be whole numbers"),
    ("numbers for names", lambda a: {**a, "video_id": a["frame"]}, r"video_id is int32 \[\d+\] .* it must be text"),
    ("a short column", lambda a: {**a, "box": a["box"][:-1]}, r"box is int32 \[\d+\] beside \d+ tokens; it must be"),
]


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize(("change", "said"), [mistake[1:] for mistake in MISTAKES], ids=[name for name, *_ in MISTAKES])
def test_a_file_that_does_not_fit_is_refused_by_name(
    folder: Path,
    file_format: str,
    change: Callable[[Arrays], dict[str, Any]],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    path = copied(folder, file_format, tmp_path) / f"tokens-person.{file_format}"
    write(path, change(read(path)))
    there = given(folder, path.parent)
    line = refused("encode", there, tmp_path, capsys)
    assert line.startswith(f"error: {path}: ")
    assert re.search(said, line), line
    assert not published_units(there.tokens(TokenKind.person).path)


def flip_a_token(path: Path) -> None:
    """One bit of the first token."""
    content = path.read_bytes()
    at = content.index(read(path)["tokens"][:2].tobytes())
    path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])


DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-200]),
    "empty": lambda path: path.write_bytes(b""),
    "something else": lambda path: path.write_text("video_id,frame,box\n"),
    "a flipped bit": flip_a_token,
}


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("kind", ["frame", "text"])
def test_a_damaged_file_is_refused(
    folder: Path, file_format: str, damage: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = copied(folder, file_format, tmp_path) / f"tokens-{kind}.{file_format}"
    DAMAGES[damage](path)
    there = given(folder, path.parent)
    line = refused("text" if kind == "text" else "encode", there, tmp_path, capsys)
    assert line.startswith(f"error: {path}: not readable (")
    assert not published_units((there.text if kind == "text" else there.tokens(TokenKind[kind])).path)


def test_pickled_objects_are_not_read(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = copied(folder, "npz", tmp_path) / "tokens-person.npz"
    arrays: dict[str, Any] = read(path)
    np.savez(path, **{**arrays, "video_id": arrays["video_id"].astype(object)})
    line = refused("encode", given(folder, path.parent), tmp_path, capsys)
    assert line.startswith(f"error: {path}: not readable (Object arrays cannot be loaded")


@pytest.mark.parametrize("kind", ["frame", "text"])
def test_a_file_that_is_missing_is_named(folder: Path, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = copied(folder, "h5", tmp_path) / f"tokens-{kind}.h5"
    path.unlink()
    line = refused("text" if kind == "text" else "encode", given(folder, path.parent), tmp_path, capsys)
    assert line == (f"error: {path} or .npz: no such file (encoder.tokens_from); docs/export.md shows what is in it")


def test_two_files_of_a_kind_are_refused(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    tokens = copied(folder, "h5", tmp_path)
    shutil.copy(folder / "npz" / "tokens-frame.npz", tokens)
    line = refused("encode", given(folder, tokens), tmp_path, capsys)
    assert line.endswith("tokens-frame.h5 and .npz are both there (encoder.tokens_from); keep the one that you mean")


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda a: rows_of(a, [1, 0, *range(2, 21)]),
            r"tokens\[0\] is of class 'catch'; it must be 'brush_hair': rows",
        ),
        (lambda a: rows_of(a, slice(None, -1)), "has 20 rows; the dataset has 21 classes"),
        (lambda a: rows_of(a, [*range(21), 0]), "has 22 rows; the dataset has 21 classes"),
        (lambda a: without(a, "class_name"), "has no column class_name"),
        (lambda a: with_value(a, "tokens", (4, 0), np.nan), r"tokens\[4\] \(class golf\) is NaN or infinite"),
        (lambda a: {**a, "tokens": a["tokens"][:, :2]}, "tokens are 4 wide, those of tokens-text.* 2; all must come"),
    ],
)
def test_texts_that_do_not_fit_are_refused(
    folder: Path,
    file_format: str,
    change: Callable[[Arrays], dict[str, Any]],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    path = copied(folder, file_format, tmp_path) / f"tokens-text.{file_format}"
    write(path, change(read(path)))
    there = given(folder, path.parent)
    line = refused("text", there, tmp_path, capsys)
    assert re.search(said, line), line
    assert not published_units(there.text.path)
