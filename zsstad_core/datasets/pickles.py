"""Load annotation pickles safely: only plain containers, numbers, text and numeric arrays, and no code.

Annotations of this field travel as Python 2 pickles on shared drives. A pickle names functions to call while it loads,
and even functions of numpy can be abused (`numpy.ndarray` over a chosen buffer reads any address). So the few names
that arrays and their numbers need resolve to the stand-ins below, and every other name is refused.
"""

import math
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np

from zsstad_core.errors import DataError, MissingFileError

_NUMERIC = re.compile(r"[|<>=]?[biuf][1248]")
_TEXT = re.compile(r"[|<>=]?U[1-9]\d{0,4}")


def load_pickle(path: Path) -> Any:
    """The content of a pickle of Python 2 or 3 (protocols 0 to 4; byte strings become text by Latin-1).

    Raises MissingFileError, and DataError with one line naming what the pickle asked for, or why it does not load.
    """
    if not path.is_file():
        raise MissingFileError(f"{path}: no such file")
    try:
        with path.open("rb") as stream:
            return _plain(_Unpickler(stream, encoding="latin1").load())
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    except Exception as error:  # a damaged pickle raises nearly anything
        raise DataError(f"{path}: not a readable pickle ({type(error).__name__}: {error}); fetch it again") from error


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _STAND_INS[module, name]
        except KeyError:
            raise DataError(
                f"asks for {module}.{name} while it loads; an annotation holds only containers, numbers, text and "
                "numeric arrays, so it was refused"
            ) from None


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
    """Stands in for the empty array that a pickle makes first and then fills."""

    value: "np.ndarray[Any, Any]"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        shape, dtype, fortran, raw = state[-4:]
        data = raw.encode("latin1") if isinstance(raw, str) else bytes(raw)
        kind = np.dtype(dtype.code)
        if kind.kind == "U" and shape != ():
            raise DataError(f"holds an array of {dtype.code!r}; only numbers are read")
        if len(data) != math.prod(shape) * kind.itemsize:
            raise DataError(f"holds an array of shape {shape} with {len(data)} bytes")
        self.value = np.frombuffer(data, kind).reshape(shape, order="F" if fortran else "C").copy()


def _scalar(dtype: _Dtype, raw: str | bytes) -> Any:
    """Stands in for numpy's scalar: a single number, or a text, with numpy's type for it (UCF101-24's pickle)."""
    array = _Array()
    array.__setstate__(((), dtype, False, raw))
    return array.value.item()


def _encode(text: str, codec: str) -> bytes:
    """Stands in for _codecs.encode, by which Python 3 writes bytes in old protocols."""
    if codec != "latin1":
        raise DataError(f"asks for the codec {codec!r}; only latin1 is known")
    return text.encode("latin1")


def _reconstruct(*_: Any) -> _Array:
    return _Array()


_STAND_INS: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy._core.multiarray", "scalar"): _scalar,
    ("numpy", "ndarray"): "numpy.ndarray",  # the class to reconstruct, which is never called: text cannot be
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _encode,
}


def _plain(loaded: Any) -> Any:
    """`loaded` with its stand-ins replaced by arrays."""
    if isinstance(loaded, _Array):
        return loaded.value
    if isinstance(loaded, dict):
        return {_plain_value(key): _plain_value(value) for key, value in loaded.items()}
    if isinstance(loaded, list | tuple):
        return type(loaded)([_plain_value(value) for value in loaded])
    return loaded


def _plain_value(value: Any) -> Any:
    return value if type(value) in {str, int, float, bool} else _plain(value)  # nearly all are such
