"""Load annotation pickles safely: only plain containers, numbers, text and numeric arrays, and no code.

Annotations of this field travel as Python 2 pickles on shared drives. A pickle names functions to call while it loads,
and even functions of numpy can be abused (`numpy.ndarray` over a chosen buffer reads any address). So the few names
that arrays and their numbers need resolve to the stand-ins below, and every other name is refused.

A pickle may also grow without end: a few bytes say "this list twice, that list twice, ...", ask for a memo of
gigabytes, or for the same array a million times. So `pickle`'s Python loader is used (its C loader reserves memory for
the largest number that a pickle names, and cannot be asked about keys), bytes that are made while loading are counted,
and so are the entries that the content would have if everything shared were written out.
"""

import math
import pickle
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import numpy as np

from zsstad_core.errors import DataError, MissingFileError

_NUMERIC = re.compile(r"[|<>=]?[biuf][1248]")
_TEXT = re.compile(r"[|<>=]?U[1-9]\d{0,2}")  # names, and no more than 999 letters
_GROWTH, _ALWAYS = 10, 10_000
"""How many entries, and bytes made, a pickle may have for each of its bytes, and besides."""


def load_pickle(path: Path) -> Any:
    """The content of a pickle of Python 2 or 3 (protocols 0 to 5; byte strings become text by Latin-1).

    Raises MissingFileError, and DataError with one line naming what the pickle asked for, or why it does not load.
    """
    if not path.is_file():
        raise MissingFileError(f"{path}: no such file")
    most = _GROWTH * path.stat().st_size + _ALWAYS
    try:
        with path.open("rb") as stream:
            return _Plain(most).of(_Unpickler(stream, most).load())
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    except Exception as error:  # a damaged pickle raises nearly anything
        raise DataError(f"{path}: not a readable pickle ({type(error).__name__}: {error}); fetch it again") from error


_Loader: Any = pickle._Unpickler  # its methods are in no type stub


class _Unpickler(_Loader):  # type: ignore[misc]
    """A loader that knows the stand-ins alone. most: how many bytes it may make besides those of the pickle."""

    dispatch: ClassVar[dict[int, Any]] = dict(_Loader.dispatch)

    def __init__(self, stream: BinaryIO, most: int) -> None:
        super().__init__(stream, encoding="latin1")
        self._left = most

    def find_class(self, module: str, name: str) -> Any:
        try:
            stand_in = _STAND_INS[module.replace("numpy.core", "numpy._core"), name]
        except KeyError:
            raise DataError(
                f"asks for {module}.{name} while it loads; an annotation holds only containers, numbers, text and "
                "numeric arrays, so it was refused"
            ) from None
        return partial(stand_in, self._spend) if stand_in in _MAKE_BYTES else stand_in

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise DataError("grows far beyond its size while it loads, so it was refused")

    def load_build(self) -> None:
        if not isinstance(self.stack[-2], _Array | _Dtype):
            raise DataError("changes something else than an array while it loads, so it was refused")
        super().load_build()

    def load_setitem(self) -> None:
        _refuse_deep_keys(self.stack[-2:-1])
        super().load_setitem()

    def load_setitems(self) -> None:
        _refuse_deep_keys(self.stack[::2])  # since the last mark: key, value, key, value, ...
        super().load_setitems()

    def load_dict(self) -> None:
        _refuse_deep_keys(self.stack[::2])
        super().load_dict()

    def refuse_set(self) -> None:
        raise DataError("holds a set; an annotation holds lists, dicts, numbers, text and arrays, so it was refused")

    dispatch |= {
        pickle.BUILD[0]: load_build,
        pickle.SETITEM[0]: load_setitem,
        pickle.SETITEMS[0]: load_setitems,
        pickle.DICT[0]: load_dict,
        pickle.EMPTY_SET[0]: refuse_set,
        pickle.FROZENSET[0]: refuse_set,
    }


def _refuse_deep_keys(keys: list[Any]) -> None:
    """Refuse keys that are tuples of tuples: Python counts through all that such a key shares, again and again."""
    if any(isinstance(key, tuple) and any(isinstance(inner, tuple) for inner in key) for key in keys):
        raise DataError("has a tuple of tuples as a key; names and numbers are keys, so it was refused")


class _Dtype:
    """Stands in for numpy.dtype: a kind and size, then, as state, a byte order."""

    def __init__(self, code: str, *_: Any) -> None:
        if not _NUMERIC.fullmatch(code) and not _TEXT.fullmatch(code):
            raise DataError(f"holds an array of {code!r}; only numbers are read")
        self.code = code

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        order = state[1]
        self.code = (order if order in ("<", ">") else "|") + self.code.lstrip("|<>=")


class _Array:
    """Stands in for an array: empty, then filled by its state (protocols 0 to 4), or filled at once (5)."""

    value: "np.ndarray[Any, Any]"

    def __init__(self, spend: Callable[[int], None], *_: Any) -> None:
        self._spend = spend

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        shape, dtype, fortran, raw = state[-4:]
        self.fill(raw, dtype, shape, "F" if fortran else "C")

    def fill(self, raw: Any, dtype: _Dtype, shape: Any, order: Any) -> None:
        """Take the bytes (or, from Python 2, their text) as numbers of this type and shape."""
        kind = np.dtype(dtype.code)
        if kind.kind == "U" and shape != ():
            raise DataError(f"holds an array of {dtype.code!r}; only numbers are read")
        if len(raw) != math.prod(shape) * kind.itemsize:
            raise DataError(f"holds an array of shape {shape} with {len(raw)} bytes")
        self._spend(len(raw))
        data = raw.encode("latin1") if isinstance(raw, str) else bytes(raw)
        self.value = np.frombuffer(data, kind).reshape(shape, order="F" if order == "F" else "C").copy()


def _from_buffer(
    spend: Callable[[int], None], raw: Any, dtype: _Dtype, shape: Any, order: Any = "C", *_: Any
) -> _Array:
    """Stands in for numpy's _frombuffer, by which arrays travel in protocol 5."""
    array = _Array(spend)
    array.fill(raw, dtype, shape, order)
    return array


def _scalar(spend: Callable[[int], None], dtype: _Dtype, raw: str | bytes) -> Any:
    """Stands in for numpy's scalar: a single number, or a text, with numpy's type for it (UCF101-24's pickle)."""
    array = _Array(spend)
    array.fill(raw, dtype, (), "C")
    return array.value.item()


def _encode(spend: Callable[[int], None], text: str, codec: str) -> bytes:
    """Stands in for _codecs.encode, by which Python 3 writes bytes in old protocols."""
    if codec != "latin1":
        raise DataError(f"asks for the codec {codec!r}; only latin1 is known")
    spend(len(text))
    return text.encode("latin1")


_STAND_INS: dict[tuple[str, str], Any] = {  # numpy 1 says numpy.core, numpy 2 numpy._core
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "scalar"): _scalar,
    ("numpy._core.numeric", "_frombuffer"): _from_buffer,
    ("numpy", "ndarray"): "numpy.ndarray",  # the class to reconstruct, which is never called: text cannot be
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _encode,
}
_MAKE_BYTES = (_Array, _scalar, _from_buffer, _encode)


class _Plain:
    """Replaces stand-ins by arrays. What is shared stays shared, and is counted as often as it stands there.

    most: how many entries the content may have.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._done: dict[int, tuple[Any, int, Any]] = {}  # by id: plain, entries, and the value, which keeps its id

    def of(self, loaded: Any) -> Any:
        """The plain content. Raises DataError where it has too many entries."""
        return self._replaced(loaded)[0]

    def _replaced(self, value: Any) -> tuple[Any, int]:
        if isinstance(value, _Array):
            return value.value, 1
        if not isinstance(value, dict | list | tuple):
            return value, 1
        if id(value) not in self._done:
            parts = [*value.keys(), *value.values()] if isinstance(value, dict) else value
            replaced = [self._replaced(part) for part in parts]
            entries = 1 + sum(number for _, number in replaced)
            if entries > self._most:
                raise DataError("grows far beyond its size when what it shares is written out, so it was refused")
            plain = [part for part, _ in replaced]
            half = len(plain) // 2
            made = dict(zip(plain[:half], plain[half:], strict=True)) if isinstance(value, dict) else type(value)(plain)
            self._done[id(value)] = made, entries, value
        return self._done[id(value)][:2]
