"""Read files of tokens that another program made, in the format of `make export`: HDF5 or npz (docs/export.md).

Every plan looks for these files, so finding a file imports nothing that takes long.
"""

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from zsstad_core.errors import DataError, MissingFileError

_FORMATS = (".h5", ".npz")
_BLOCK = 65_536  # rows that are read together
_RULES = {
    "text": "must be text, one value a row of tokens",
    "whole": "must be whole numbers, one a row of tokens",
    "number": "must be numbers, one a row of tokens",
}


def token_file(folder: str, name: str) -> Path:
    """The file of tokens in a folder; `name` is a token kind, or text.

    Raises MissingFileError if there is no file, DataError if there are two.
    """
    paths = [Path(folder, f"tokens-{name}{suffix}") for suffix in _FORMATS]
    there = [path for path in paths if path.is_file()]
    if not there:
        raise MissingFileError(
            f"{paths[0]} or {_FORMATS[1]}: no such file (encoder.tokens_from); docs/export.md shows what is in it"
        )
    if len(there) > 1:
        raise DataError(
            f"{paths[0]} and {_FORMATS[1]} are both there (encoder.tokens_from); keep the one that you mean"
        )
    return there[0]


@dataclass(frozen=True)
class TokenFile:
    """An open file of tokens. Errors name the file and the row of `tokens`, from 0.

    tokens: [rows, D] float16 or float32; in an h5 file a dataset, from which `read` reads only the rows that it
    returns.
    """

    path: Path
    tokens: Any
    encoder: str
    """The encoder that made the tokens, as the file names it; empty if it names none."""
    _arrays: Any

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a file. Raises DataError if it is damaged, or its tokens are not [rows, D] of float16 or float32."""
        try:
            arrays = _open_h5(path) if path.suffix == ".h5" else _open_npz(path)
            tokens = arrays["tokens"]
            shape, dtype, encoder = tuple(tokens.shape), tokens.dtype, _encoder(arrays)
        except Exception as error:  # h5py, zipfile, zlib and NumPy raise different errors, and all mean damage
            raise _unreadable(path, error) from error
        if len(shape) != 2 or shape[1] == 0 or dtype not in (np.float16, np.float32):
            raise DataError(
                f"{path}: tokens is {dtype} {list(shape)}; it must be float16 or float32, [rows, width of a token]"
            )
        return cls(path, tokens, encoder, arrays)

    @property
    def width(self) -> int:
        return int(self.tokens.shape[1])

    def column(self, name: str, kind: str) -> NDArray[Any]:
        """A column, one value per row. kind: text, whole (numbers) or number. Raises DataError for another kind."""
        try:
            values = self._arrays[name]
            values = values if isinstance(values, np.ndarray) else _h5_values(values)
        except KeyError as error:
            raise DataError(f"{self.path}: has no column {name}; it {_RULES[kind]}") from error
        except Exception as error:
            raise _unreadable(self.path, error) from error
        fits = {"text": "OU", "whole": "iu", "number": "iuf"}[kind]
        if values.dtype.kind not in fits or values.shape != (len(self.tokens),):
            raise DataError(
                f"{self.path}: {name} is {values.dtype} {list(values.shape)} beside {len(self.tokens)} tokens; "
                f"it {_RULES[kind]}"
            )
        return values.astype(object) if kind == "text" else values

    def read(self, start: int, end: int) -> NDArray[np.floating[Any]]:
        """Tokens of the rows `start` to `end` (excluded). Raises DataError if they fail their checksum."""
        try:
            return np.asarray(self.tokens[start:end])
        except Exception as error:
            raise _unreadable(self.path, error) from error

    def first_not_finite(self) -> int | None:
        """The first row that holds NaN or infinity, or None; reads the whole file, block by block."""
        for start in range(0, len(self.tokens), _BLOCK):
            bad = ~np.isfinite(self.read(start, start + _BLOCK)).all(1)
            if bad.any():
                return start + int(np.flatnonzero(bad)[0])
        return None


def open_files(folder: str, names: Sequence[str]) -> dict[str, TokenFile]:
    """Open the files of these names, as `token_file` finds them.

    Raises MissingFileError, and DataError for a damaged file or files with tokens of different widths.
    """
    files = {name: TokenFile.open(token_file(folder, name)) for name in names}
    first, *others = files.values()
    for other in others:
        if other.width != first.width:
            raise DataError(
                f"{other.path}: tokens are {other.width} wide, those of {first.path.name} {first.width}; "
                "all must come from one encoder"
            )
    return files


def read_texts(file: TokenFile, classes: Sequence[str]) -> NDArray[np.floating[Any]]:
    """The tokens [K, D] of the classes.

    Raises DataError unless the rows are these classes in this order, with finite tokens.
    """
    names = file.column("class_name", "text").tolist()
    for number, (name, wanted) in enumerate(zip(names, classes, strict=False)):
        if name != wanted:
            raise DataError(
                f"{file.path}: tokens[{number}] is of class {name!r}; it must be {wanted!r}: rows are the dataset's "
                "classes in its order"
            )
    if len(names) != len(classes):
        raise DataError(f"{file.path}: has {len(names)} rows; the dataset has {len(classes)} classes, one row each")
    if (row := file.first_not_finite()) is not None:
        raise DataError(f"{file.path}: tokens[{row}] (class {names[row]}) is NaN or infinite; make it again")
    return file.read(0, len(names))


def _open_h5(path: Path) -> Any:
    import h5py

    return h5py.File(path, "r")


def _open_npz(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays, in memory: an npz file can only be read whole."""
    if not zipfile.is_zipfile(path):  # np.load would accept a single array too, and take damage for a pickle
        raise ValueError("no zip archive")
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def _h5_values(dataset: Any) -> NDArray[Any]:
    import h5py

    text = h5py.check_string_dtype(dataset.dtype) is not None
    return np.asarray(dataset.asstr()[:] if text else dataset[:])


def _encoder(arrays: Any) -> str:
    """`made_with.encoder` of the file's provenance, which a file of another program need not have."""
    said = arrays if isinstance(arrays, dict) else arrays.attrs
    if "provenance" not in said:
        return ""
    text = str(said["provenance"])
    try:
        return str(json.loads(text)["made_with"]["encoder"])
    except (KeyError, ValueError, TypeError):
        return ""


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(
        f"{path}: not readable ({' '.join(str(error).split())}); it must be as `make export` writes it: copy it again"
    )
