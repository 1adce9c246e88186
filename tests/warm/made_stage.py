"""A stage for tests of the warm parent: it does what its arguments say, one after the other."""

import os
import sys
import time
from pathlib import Path

from zsstad_core.errors import SettingsError, friendly


@friendly
def main() -> None:
    for word in sys.argv[1:]:
        what, _, value = word.partition(":")
        match what:
            case "out":
                print(value)
            case "err":
                print(value, file=sys.stderr)
            case "in":
                print(sys.stdin.readline().strip())
            case "variable":
                print(os.environ.get(value))
            case "parent":
                print(os.getppid())
            case "exit":
                raise SystemExit(int(value))
            case "refuse":
                raise SettingsError(value)
            case "bug":
                raise RuntimeError(value)
            case "here":  # the number of this process, for those who want to kill it; then wait to be killed
                Path(value).write_text(f"{os.getpid()}\n")
                time.sleep(600)


if __name__ == "__main__":
    main()
