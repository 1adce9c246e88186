"""What a user did that cannot work, said in one line.

Every message has the same parts: where (file, line, frame or key), the value, the rule, and the way out. A traceback
is for our own mistakes only: `friendly` turns these errors into one line and an exit code.
"""

import errno
import functools
import os
import select
import sys
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches

from zsstad_core.stopping import Terminated, sigterm_raises

FULL = {errno.ENOSPC, errno.EDQUOT}
"""What the system says where a disk or a quota is full."""

_STOPPED = "stopped; finished units are kept, the same command goes on from here"


class UserError(Exception):
    """Base of everything a user can mend; its text is the whole message."""


class SettingsError(UserError, ValueError):
    """A setting is unknown, of the wrong type, or impossible."""


class UnfitHeadError(SettingsError):
    """The chosen head cannot run under the other settings; another head may."""


class DataError(UserError, ValueError):
    """A dataset, annotation, split or box file is not what it must be."""


class VideosFailedError(DataError):
    """Clips that could not be read, each with the reason; the other clips of a group are none the worse."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__("; ".join(reasons.values()))
        self.reasons = dict(reasons)


class MissingFileError(UserError, FileNotFoundError):
    """A file or folder that the settings name does not exist."""


class CacheError(UserError, RuntimeError):
    """A cached unit is incomplete, damaged, or made by something else than the plan says."""


class DamagedUnitError(CacheError):
    """A unit is not as it was written; it is no unit any more, and its stage will make it again."""


class WorkersLostError(UserError, RuntimeError):
    """No worker is left to make the rest of the units, and none comes back."""


class ModelError(UserError, RuntimeError):
    """Weights, a config or an operator do not fit the model."""


def nearest_name(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that somebody who wrote `name` may have meant; None if none is near.

    Upper and lower case are the same, and so are a blank, a hyphen and an underscore.
    """
    spelled = {_plain(other): other for other in names}
    near = get_close_matches(_plain(name), spelled, n=1)
    return spelled[near[0]] if near else None


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """` (did you mean …?)` with the nearest name, for the end of a message; empty if no name is near."""
    near = nearest_name(name, names)
    return "" if near is None else f" (did you mean {near}?)"


def _plain(name: str) -> str:
    return name.lower().replace(" ", "_").replace("-", "_")


def friendly[**P](main: Callable[P, None]) -> Callable[P, None]:
    """Decorate an entry point: what a user can mend or has asked for becomes one line on standard error.

    Exit codes: a `UserError`, or a full disk, 2; Ctrl-C 130; SIGTERM (SLURM, `kill`) 143; and 141, in silence, where
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
            if not _unread(1):  # some other pipe, which is not the reader's doing
                raise
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for what Python still flushes when it ends
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
    """Whether it is a pipe whose reader is gone."""
    asked = select.poll()
    asked.register(descriptor, select.POLLOUT)
    return any(events & select.POLLERR for _, events in asked.poll(0))


def _leave(code: int, line: str) -> None:
    print(line, file=sys.stderr)
    raise SystemExit(code) from None
