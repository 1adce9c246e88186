"""Run pytest with some arguments and with those that TESTS= names: `make test` starts it. No shell reads TESTS=.

python -m tests.chosen -n 2
"""

import os
import shlex
import sys


def main() -> None:
    try:
        chosen = shlex.split(os.environ.get("TESTS", ""))
    except ValueError as error:
        raise SystemExit(f"error: TESTS={os.environ['TESTS']}: {error}; write words as for a shell") from None
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *sys.argv[1:], *chosen])


if __name__ == "__main__":
    main()
