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


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
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


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
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


def test_protocol_5_reads_as_protocol_4(realdata: Path):
    folder = realdata / "hard_inputs/13-pickle-protocol-5"
    if not folder.is_dir():
        pytest.skip("shared/realdata has no hard_inputs")
    old, new = (load_pickle(folder / f"made_up_protocol{number}.pkl") for number in (4, 5))
    assert {key: old[key] for key in old if key != "gttubes"} == {key: new[key] for key in new if key != "gttubes"}
    for video, tubes in old["gttubes"].items():
        np.testing.assert_array_equal(new["gttubes"][video][0][0], tubes[0][0])
        assert new["gttubes"][video][0][0].dtype == np.float32


def test_protocol_5_of_numpy_1_is_read_too(tmp_path: Path):
    raw = pickle.dumps({"boxes": np.arange(6, dtype="<u2").reshape(2, 3)}, 5)
    named = b"\x8c\x13numpy._core.numeric"
    assert named in raw
    without_frame = raw[:2] + raw[11:]  # a frame has a length, which would be wrong
    back = load(tmp_path, without_frame.replace(named, b"\x8c\x12numpy.core.numeric"))
    np.testing.assert_array_equal(back["boxes"], [[0, 1, 2], [3, 4, 5]])


def test_buffers_that_travelled_apart_are_refused(tmp_path: Path):
    raw = pickle.dumps(np.arange(6), 5, buffer_callback=lambda buffer: False)
    with pytest.raises(DataError, match=r"gt\.pkl: not a readable pickle \(UnpicklingError: .*out-of-band"):
        load(tmp_path, raw)


def _laughs() -> list[Any]:
    shared: list[Any] = ["ha"]
    for _ in range(60):
        shared = [shared, shared]
    return shared


def _deep_key() -> bytes:
    """(), then 60 times a pair of what was there, as a key: to hash it takes 2**60 steps."""
    return b"\x80\x02}(X\x01\x00\x00\x00aK\x01)" + b"2\x86" * 60 + b"K\x02u."


def _same_bytes(how: bytes) -> bytes:
    """A megabyte of text, and then a call that makes bytes of it, again and again."""
    text = b"X" + (2**20).to_bytes(4, "little") + b"a" * 2**20 + b"q\x00"
    return b"\x80\x02](c_codecs\nencode\nq\x01" + text + b"0" + how * 30_000 + b"e."


@pytest.mark.fault(62)
@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(_laughs()),
        pickle.dumps({"gttubes": _laughs(), "labels": []}, 5),
        _deep_key(),
        b"\x80\x02()" + b"2\x86" * 60 + b"K\x02d.",
        _same_bytes(b"h\x01h\x00X\x06\x00\x00\x00latin1\x86R"),
        b"\x80\x04\x8f(K\x01)" + b"2\x86" * 60 + b"\x90.",
    ],
    ids=["a list of lists", "protocol 5", "a key", "a dict of pairs", "the same bytes", "a set"],
)
def test_a_pickle_that_grows_without_end_is_refused(tmp_path: Path, content: bytes):
    with pytest.raises(
        DataError, match=r"gt\.pkl: (grows far beyond|has a tuple of tuples|holds a set).*so it was refus"
    ):
        load(tmp_path, content)


@pytest.mark.fault(62)
def test_a_memo_of_gigabytes_is_not_made(tmp_path: Path):
    """Twelve bytes that name place 2,000,000,000 of the memo, for which the C loader makes room."""
    assert load(tmp_path, b"\x80\x02]r" + (2 * 10**9).to_bytes(4, "little") + b".") == []


def test_what_is_shared_stays_shared(tmp_path: Path):
    shared = ["golf/a", "run/b"]
    back = load(tmp_path, {"train_videos": [shared, shared, shared]}, 5)
    assert back == {"train_videos": [shared] * 3}
    assert back["train_videos"][0] is back["train_videos"][1]


def test_a_list_that_holds_itself_is_refused(tmp_path: Path):
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(DataError, match=r"gt\.pkl: not a readable pickle \(RecursionError"):
        load(tmp_path, endless)


def test_a_stand_in_cannot_be_changed_by_a_pickle(tmp_path: Path):
    with pytest.raises(DataError, match="changes something else than an array while it loads"):
        load(tmp_path, b"\x80\x02c_codecs\nencode\n}X\x01\x00\x00\x00aK\x01sb.")
