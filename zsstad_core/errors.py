"""Errors that a user can correct, each with a message of one line.

Every message has the same parts: where (file, line, frame or key), the value, the rule, and how to correct it. Only
our own mistakes show a traceback: `friendly` turns these errors into one line and an exit code.
"""

import errno
import functools
import os
import select
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches

from zsstad_core.stopping import Terminated, sigterm_raises

FULL = {errno.ENOSPC, errno.EDQUOT}
"""The error numbers of a full disk and of a full quota."""

_STOPPED = "stopped; finished units are kept, the same command goes on from here"


class UserError(Exception):
    """Base of all errors that a user can correct; its text is the whole message."""


class SettingsError(UserError, ValueError):
    """A setting is unknown, of the wrong type, or impossible."""


class UnfitHeadError(SettingsError):
    """The chosen head cannot run under the other settings; another head may."""


class DataError(UserError, ValueError):
    """A dataset, annotation, split or box file is not valid."""


class VideosFailedError(DataError):
    """Clips that could not be read, each with the reason; the other clips of the group are not affected."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__("; ".join(reasons.values()))
        self.reasons = dict(reasons)


class MissingFileError(UserError, FileNotFoundError):
    """A file or folder that the settings name does not exist."""


class CacheError(UserError, RuntimeError):
    """A cached unit is incomplete, damaged, or made from other inputs than the plan's."""


class DamagedUnitError(CacheError):
    """A unit differs from what was written; it does not count as a unit any more, and its stage makes it again."""


class WorkersLostError(UserError, RuntimeError):
    """No worker is left to make the rest of the units, and none comes back."""


class ModelError(UserError, RuntimeError):
    """Weights, a config or an operator do not fit the model."""


def nearest_name(name: str, names: Iterable[str]) -> str | None:
    """The name in `names` that is most like `name`, as a correction of a misspelling; None if none is near.

    Upper and lower case are equal, and so are Unicode's forms of a letter, and a blank, a hyphen and an underscore.
    """
    spelled = {_plain(other): other for other in names}
    near = get_close_matches(_plain(name), spelled, n=1)
    return spelled[near[0]] if near else None


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """` (did you mean …?)` with the nearest name, for the end of a message; empty if no name is near."""
    near = nearest_name(name, names)
    if near is None:
        return ""
    alike = unicodedata.normalize("NFC", near) == unicodedata.normalize("NFC", name)
    return f" (did you mean {near}{', in another Unicode form' if alike and near != name else ''}?)"


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().replace(" ", "_").replace("-", "_")


def friendly[**P](main: Callable[P, None]) -> Callable[P, None]:
    """Decorate an entry point: an error that a user can correct, or an interrupt, prints one line on standard error.

    Exit codes: a `UserError` or a full disk 2; Ctrl-C 130; SIGTERM (SLURM, `kill`) 143; and 141, without a line, if
    nobody reads our standard output any more (`| head`).
    """

    @functools.wraps(main)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            with sigterm_raises():
                main(*args, **kwargs)
                sys.stdout.flush()
        except UserError as error:
            _leave(2, f"error: {error}")
        except BrokenPipeError:
            if not _unread(1):  # another pipe is broken, not standard output
                raise
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python flushes standard output once more when it ends
            raise SystemExit(141) from None
        except OSError as error:
            if error.errno not in FULL:
                raise
            where = f"{error.filename}: " if error.filename else ""
            _leave(2, f"error: {where}{error.strerror}; finished units are kept: free some space and run again")
        except KeyboardInterrupt:
            _leave(130, _STOPPED)
        except Terminated:
            _leave(143, _STOPPED)

    return wrapped


def _unread(descriptor: int) -> bool:
    """Whether a file descriptor is a pipe whose reader is gone."""
    asked = select.poll()
    asked.register(descriptor, select.POLLOUT)
    return any(events & select.POLLERR for _, events in asked.poll(0))


def _leave(code: int, line: str) -> None:
    print(line, file=sys.stderr)
    raise SystemExit(code) from None
