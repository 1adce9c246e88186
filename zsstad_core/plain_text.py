"""The one reader of text files that a user wrote: lists, labels, CSV, YAML, JSON, label maps, splits.

Programs on Windows write UTF-8 with a byte-order mark, and UTF-16; both are read, as UTF-32 is. A file without such a
mark must be UTF-8. Any other file is refused with the line of its first wrong byte, since no program can tell one old
code page (Latin-1, 1252, ...) from another, and a wrong guess would give other names. Lines end in LF, CRLF or CR.
"""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from zsstad_core.errors import DataError, MissingFileError

_MARKS = (  # UTF-32's first: its mark begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
_NO_TEXT = re.compile("[\0\ufeff]")
_CHUNK = 2**20


def open_text(file: Path) -> TextIO:
    """The file, opened for reading as text; line ends are left as they are, as module csv wants them.

    The whole file is decoded once before, so that reading it raises nothing. Raises MissingFileError, and DataError
    naming file and line of what is no text.
    """
    return file.open(encoding=encoding_of(file), newline="")


def read_text(file: Path) -> str:
    """The whole text of a file. Raises as `open_text`."""
    with open_text(file) as stream:
        return stream.read()


def read_lines(file: Path) -> list[str]:
    """The lines of a file without their ends, as an editor counts them. Raises as `open_text`."""
    return [line.rstrip("\r\n") for line in io.StringIO(read_text(file), newline="")]


def read_rows(file: Path, separator: str = ",") -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file: the number of the line on which a row ends, and its cells; an empty line has none.

    Raises as `open_text`, and DataError naming the line that is not CSV.
    """
    with open_text(file) as stream:
        reader = csv.reader(stream, delimiter=separator, strict=True)
        try:
            for row in reader:
                yield reader.line_num, row
        except csv.Error as error:
            raise DataError(f"{file}:{reader.line_num}: not CSV ({error}); is a quotation mark open?") from error


def read_json(file: Path) -> Any:
    """The content of a JSON file. Raises as `open_text`, and DataError naming the line that is not JSON."""
    try:
        return json.loads(read_text(file))
    except json.JSONDecodeError as error:
        raise DataError(f"{file}:{error.lineno}: not readable JSON ({error.msg})") from error
    except RecursionError as error:
        raise DataError(f"{file}: not readable JSON (its lists and objects stand too deep in each other)") from error


def encoding_of(file: Path) -> str:
    """The name of the encoding of a text file, for `open`. Raises as `open_text`."""
    try:
        with file.open("rb") as stream:
            head = stream.read(4)
            encoding = next((name for mark, name in _MARKS if head.startswith(mark)), "utf-8")
            stream.seek(0)
            decoder = codecs.getincrementaldecoder(encoding)()
            while chunk := stream.read(_CHUNK):
                if _NO_TEXT.search(decoder.decode(chunk)):
                    break
            else:
                decoder.decode(b"", final=True)
                return encoding
    except FileNotFoundError as error:
        raise MissingFileError(f"{file}: no such file") from error
    except OSError as error:
        raise DataError(f"{file}: not readable ({error.strerror})") from error
    except UnicodeDecodeError:
        pass
    raise DataError(_first_fault(file, encoding))


def _first_fault(file: Path, encoding: str) -> str:
    """What a file holds that is no text, with its line, as a message."""
    content = file.read_bytes()
    try:
        text, wrong = content.decode(encoding), b""
    except UnicodeDecodeError as error:
        text, wrong = content[: error.start].decode(encoding, "ignore"), content[error.start : error.start + 1]
    sign = _NO_TEXT.search(text)
    before = text[: sign.start()] if sign else text
    where = f"{file}:{1 + before.count('\n') + before.count('\r') - before.count('\r\n')}"
    if sign and sign[0] == "\0":
        return f"{where}: a zero byte, which no text has (UTF-16 without its mark?); save the file as UTF-8"
    if sign:
        return f"{where}: a byte-order mark (U+FEFF) inside the text (two files joined?); remove it"
    if not encoding.startswith("utf-8"):
        return f"{where}: not {encoding.upper()}, though the file begins with its mark; save the file as UTF-8"
    letter = wrong.decode("cp1252", "ignore")
    hint = f" ({letter!r} in Windows-1252)" if letter.isprintable() and letter else ""
    if b"\0" in content:
        hint = " (UTF-16 without its mark?)"
    return f"{where}: byte 0x{wrong.hex()} is not UTF-8{hint}; save the file as UTF-8"
