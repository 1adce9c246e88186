"""Write the golden files: python -m tests.golden.write keys [--changed]"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.golden import golden_keys, plan_lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["keys"])
    parser.add_argument("--changed", action="store_true", help="also what is there already and has changed")
    options = parser.parse_args()
    sys.exit(_keys(options.changed))


def _keys(changed: bool) -> int:
    known = golden_keys.read()
    with tempfile.TemporaryDirectory() as folder:
        computed = golden_keys.compute(Path(folder), plan_lines.lines())
    kept = {line: keys for line, keys in known.items() if line in computed}
    differing = golden_keys.differences(kept, computed)
    for difference in differing:
        print(difference)
    if differing and not changed:
        print("nothing is written: these keys have changed, and with --changed they are written anew")
        return 1
    for line in [line for line in computed if line not in known]:
        print(f"new: {line}{': refused' if computed[line] == 'refused' else ''}")
    golden_keys.write(computed)
    return 0


if __name__ == "__main__":
    main()
