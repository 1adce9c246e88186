"""A pickle from a stranger's drive must not be able to run anything, nor to crash us."""

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zsstad_core.datasets.pickles import load_pickle
from zsstad_core.errors import DataError, MissingFileError


class Calls:
    """Pickles as a call of `function` with `arguments`."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


def load(tmp_path: Path, content: Any, protocol: int = 2) -> Any:
    (tmp_path / "gt.pkl").write_bytes(content if isinstance(content, bytes) else pickle.dumps(content, protocol))
    return load_pickle(tmp_path / "gt.pkl")


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
def test_arrays_and_containers_come_back_as_they_were(tmp_path: Path, protocol: int):
    arrays = {
        "f": np.arange(10, dtype="<f4").reshape(2, 5),
        "big": np.arange(6, dtype=">i2"),
        "fortran": np.asfortranarray(np.arange(6, dtype="f8").reshape(2, 3)),
        "bytes": np.array([[0, 255]], np.uint8),
        "yes": np.array([True, False]),
    }
    back = load(tmp_path, {"arrays": list(arrays.items()), ("a", 1): "b"}, protocol)
    assert back["a", 1] == "b"
    for name, array in back["arrays"]:
        np.testing.assert_array_equal(array, arrays[name])
        assert array.dtype == arrays[name].dtype


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
def test_numpys_single_numbers_and_texts_come_back_as_pythons(tmp_path: Path, protocol: int):
    """UCF101-24's pickle counts frames in uint8, and uses numpy's texts as names."""
    back = load(
        tmp_path, {np.str_("Biking/a"): [np.uint8(200), np.int64(-3), np.float64(0.5), np.bool_(True)]}, protocol
    )
    assert back == {"Biking/a": [200, -3, 0.5, True]}
    assert [type(value) for value in back["Biking/a"]] == [int, int, float, bool]
    assert back["Biking/a"][0] + 100 == 300  # as uint8 it would be 44


def test_a_single_number_of_another_size_than_its_bytes_is_refused(tmp_path: Path):
    whole = pickle.dumps(np.uint16(3), 2)
    with pytest.raises(DataError, match=r"gt\.pkl: "):
        load(tmp_path, whole.replace(b"u2", b"u8"))


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (Calls(os.system, "true"), "system"),
        (Calls(eval, "1"), "eval"),
        (Calls(getattr, "", "upper"), "getattr"),
        (b"cnumpy\nload\n(S'x'\ntR.", "numpy.load"),
        (b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93.", "numpy.ndarray.tofile"),
    ],
)
def test_a_call_of_anything_is_refused_by_name(tmp_path: Path, content: Any, name: str):
    with pytest.raises(DataError, match=rf"gt\.pkl: asks for \S*{name} while it loads.*refused") as caught:
        load(tmp_path, content)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (Calls(np.ndarray, (1,), np.dtype("f4"), b"A" * 8), "not a readable pickle"),  # over a foreign buffer
        (np.array([{"a": 1}], object), "holds an array of 'O8'; only numbers are read"),
        (np.array(["a"]), "only numbers are read"),
        (np.zeros(2, [("a", "f4")]), "only numbers are read"),
        (pickle.dumps({"a": [1, 2, 3]})[:-4], "not a readable pickle"),
        (b"", "not a readable pickle"),
        (b"<html>not found</html>", "not a readable pickle"),
    ],
)
def test_a_crafted_or_damaged_pickle_is_refused_in_one_line(tmp_path: Path, content: Any, words: str):
    with pytest.raises(DataError, match=rf"gt\.pkl: .*{words}"):
        load(tmp_path, content)


def test_an_array_shorter_than_its_shape_is_refused(tmp_path: Path):
    raw = pickle.dumps(np.arange(4, dtype="u1"), protocol=3)
    with pytest.raises(DataError, match=r"holds an array of shape \(9,\) with 4 bytes"):
        load(tmp_path, raw.replace(b"K\x04\x85", b"K\x09\x85"))


def test_a_missing_pickle_is_named(tmp_path: Path):
    with pytest.raises(MissingFileError, match=r"gt\.pkl: no such file"):
        load_pickle(tmp_path / "gt.pkl")


def test_the_real_annotation_reads_as_the_standard_reader_reads_it(realdata: Path):
    path = realdata / "annotations/jhmdb/JHMDB-GT.pkl"
    with path.open("rb") as stream:
        want = pickle.load(stream, encoding="latin1")
    got = load_pickle(path)
    assert {key: got[key] for key in got if key != "gttubes"} == {key: want[key] for key in want if key != "gttubes"}
    assert got["gttubes"].keys() == want["gttubes"].keys()
    for video, tubes in want["gttubes"].items():
        for label, [tube] in tubes.items():
            np.testing.assert_array_equal(got["gttubes"][video][label][0], tube)
