"""Render the clips of a seed into a folder.

python -m zsstad_core.stickworld --write FOLDER
"""

import argparse
from pathlib import Path

from zsstad_core.errors import DataError, friendly
from zsstad_core.settings.datasets import Stickworld
from zsstad_core.stickworld.write import write_clips


@friendly
def main() -> None:
    """Render, as the command line says."""
    defaults = Stickworld()
    parser = argparse.ArgumentParser(prog="python -m zsstad_core.stickworld", description="Render the clips.")
    parser.add_argument("--write", type=Path, metavar="FOLDER", required=True, help="a folder that does not exist yet")
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--train-clips", type=int, default=defaults.train_clips, help="a class")
    parser.add_argument("--test-clips", type=int, default=defaults.test_clips, help="a class")
    options = parser.parse_args()
    if options.write.exists():
        raise DataError(f"{options.write}: is there already; name a folder that is not")
    write_clips(options.write, options.seed, options.train_clips, options.test_clips)


if __name__ == "__main__":
    main()
