"""The command line of a stage: its words, those that come in a file, and what is said where they are wrong.

`--choices=FILE` stands for the lines of a file, `NAME=value` each, as if they were the options `--name=value`. make
writes such a file of what its user chose, and a plan writes one for its stages: so no value is ever part of a command,
which a shell would read, and a value may be longer than a command (one argument of a process has at most 128 KiB). In a
value, a line break is written as \\n and a backslash as two.
"""

import argparse
import math
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from zsstad_core.errors import MissingFileError, SettingsError

_FILE = "--choices="
_WORD_PART = re.compile(
    "|".join(
        (
            r"(?P<blank>[ \t\r\n]+)",
            r"""(?P<plain>[^ \t\r\n'"\\]+)""",
            r"'(?P<single>[^']*)'",
            r'"(?P<double>(?:[^"\\]|\\.)*)"',
            r"\\(?P<escaped>.)",
        )
    ),
    re.DOTALL,
)


class Arguments(argparse.ArgumentParser):
    """A parser that reads `--choices=FILE`, and whose refusals are a SettingsError of one line, not a usage text."""

    def __init__(self, description: str | None) -> None:
        form = argparse.RawDescriptionHelpFormatter
        more = f"{_FILE}FILE: a file of these options, NAME=value a line, as make writes it"
        super().__init__(description=description, epilog=more, formatter_class=form, allow_abbrev=False)

    def parse_known_args(  # type: ignore[override]  # argparse's has overloads
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> Any:
        """As argparse's, with the words of files in place of their names. Raises MissingFileError, SettingsError."""
        words = sys.argv[1:] if args is None else args
        return super().parse_known_args([part for word in words for part in _parts(word)], namespace)

    def error(self, message: str) -> NoReturn:
        """Raise SettingsError."""
        raise SettingsError(f"{self.prog}: {message}; --help lists the options")


def choices_text(choices: Mapping[str, str]) -> str:
    """The text of a file for `--choices=`, of values by name (`DATASET`); empty ones are left out."""
    written = {name: value.replace("\\", "\\\\").replace("\n", "\\n") for name, value in choices.items() if value}
    return "".join(f"{name}={value}\n" for name, value in written.items())


def split_words(text: str) -> list[str]:
    """The words of a text as a shell has them: `shlex.split`, whose time grows with the square of a word's length.

    Raises ValueError for a quote that is not closed, and for a backslash at the end.
    """
    words: list[list[str]] = []
    place, inside = 0, False
    while place < len(text):
        part = _WORD_PART.match(text, place)
        if part is None:
            raise ValueError("No escaped character" if text[place] == "\\" else "No closing quotation")
        if part["blank"] is None:
            if not inside:
                words.append([])
            words[-1].append(_without_quotes(part))
        place, inside = part.end(), part["blank"] is None
    return ["".join(parts) for parts in words]


def _without_quotes(part: re.Match[str]) -> str:
    if part["double"] is not None:
        return re.sub(r'\\(["\\])', r"\1", part["double"])
    return next(text for text in (part["plain"], part["single"], part["escaped"]) if text is not None)


def number(variable: str, text: str) -> float:
    """A number of 0 or more. Raises SettingsError with the name of the variable of make."""
    with suppress(ValueError):
        value = float(text)
        if value >= 0 and math.isfinite(value):
            return value
    raise SettingsError(f'{variable} is "{text}"; it must be a number of 0 or more, such as 14 or 0.5')


def count(variable: str, text: str) -> int:
    """A whole number of 1 or more. Raises SettingsError with the name of the variable of make."""
    if text.isascii() and text.isdecimal() and int(text):
        return int(text)
    raise SettingsError(f'{variable} is "{text}"; it must be a whole number of at least 1')


def switch(variable: str, text: str) -> bool:
    """True for 1, False for 0 or nothing. Raises SettingsError with the name of the variable of make."""
    if text in ("", "0", "1"):
        return text == "1"
    raise SettingsError(f'{variable} is "{text}"; it must be 1, or left out')


def _parts(word: str) -> Iterator[str]:
    if not word.startswith(_FILE):
        yield word
        return
    path = Path(word.removeprefix(_FILE))
    try:
        text = path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise MissingFileError(f"{path}: {error.strerror}; it held what was chosen: give the command again") from error
    with suppress(OSError):
        os.utime(path)  # what is in use is not removed (`plan.makefile`)
    for line in text.split("\n"):
        name, equals, value = line.partition("=")
        if equals:
            yield f"--{name.lower().replace('_', '-')}={re.sub(r'\\(.)', _unescaped, value)}"


def _unescaped(escape: re.Match[str]) -> str:
    return "\n" if escape[1] == "n" else escape[1]
