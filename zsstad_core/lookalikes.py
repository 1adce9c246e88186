"""Names that look the same and are not: another letter case, another Unicode form, blanks and signs that nobody sees.

A Mac writes `é` in file names as two characters (e and an accent), other systems as one; a spreadsheet makes `Run` of
`run`. Compared as they are, such names are two, and what belongs to one of them would be missing without a word. So
every reader that joins names refuses a pair that looks the same, and names both.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from zsstad_core.errors import DataError

WAY_OUT = "write the name alike everywhere"


def look(name: str) -> str:
    """What all names that look the same have in common: Unicode's compatible form in lower case, with single blanks,
    without signs that take no room."""
    if name.isascii():  # the same, and ten times as fast
        return " ".join(name.casefold().split())
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join("".join(sign for sign in plain if unicodedata.category(sign) != "Cf").split())


def lookalikes(names: Iterable[str], known: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The names that are not known but look like a known name, each with that name, in the order of `names`."""
    known = dict.fromkeys(known)
    unknown = [name for name in dict.fromkeys(names) if name not in known]
    if unknown:
        by_look = {look(name): name for name in known}
        yield from ((name, by_look[look(name)]) for name in unknown if look(name) in by_look)


def refuse_lookalikes(what: str, names: Iterable[str], where: str, known: Iterable[str], there: str) -> None:
    """Raise DataError if a name of `where` is not known and looks like a known name, which is in `there`."""
    for name, other in lookalikes(names, known):
        raise DataError(
            f"{where}: {what} {name!a} looks like {other!a} of {there}, {difference(name, other)}; {WAY_OUT}"
        )


def refuse_pairs(what: str, names: Iterable[str], where: str | Mapping[str, str]) -> None:
    """Raise DataError if two of these names differ and look the same. where: the file, or the place of each name."""
    first: dict[str, str] = {}
    for name in dict.fromkeys(names):
        if (other := first.setdefault(look(name), name)) != name:
            place = where if isinstance(where, str) else where[name]
            raise DataError(f"{place}: {what} {name!a} looks like {other!a}, {difference(name, other)}; {WAY_OUT}")


def difference(name: str, other: str) -> str:
    """In words, how two names differ that look the same."""
    forms = unicodedata.normalize("NFC", name), unicodedata.normalize("NFC", other)
    if forms[0] == forms[1]:
        return "in another Unicode form"
    return "in another letter case" if forms[0].casefold() == forms[1].casefold() else "with other signs or blanks"
