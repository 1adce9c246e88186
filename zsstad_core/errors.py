"""What a user did that cannot work, said in one line.

Every message has the same parts: where (file, line, frame or key), the value, the rule, and the way out. A traceback
is for our own mistakes only: `friendly` turns these errors into one line and an exit code.
"""

import functools
import sys
from collections.abc import Callable, Mapping


class UserError(Exception):
    """Base of everything a user can mend; its text is the whole message."""


class SettingsError(UserError, ValueError):
    """A setting is unknown, of the wrong type, or impossible."""


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


class ModelError(UserError, RuntimeError):
    """Weights, a config or an operator do not fit the model."""


def friendly[**P](main: Callable[P, None]) -> Callable[P, None]:
    """Decorate an entry point: a `UserError` becomes one line on standard error and exit code 2; Ctrl-C becomes 130."""

    @functools.wraps(main)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            main(*args, **kwargs)
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)
            raise SystemExit(2) from None
        except KeyboardInterrupt:
            print("stopped; finished units are kept, the same command goes on from here", file=sys.stderr)
            raise SystemExit(130) from None

    return wrapped
