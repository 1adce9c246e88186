"""timing: where the time went, stage by stage.

reads   the ledger of the dataset
writes  nothing
"""

from pathlib import Path

from zsstad_core import configure, timing_text
from zsstad_core.errors import friendly


@friendly
def main() -> None:
    settings = configure.from_arguments(configure.arguments(__doc__).parse_args())
    print(timing_text.table(Path(settings.cache.root) / settings.dataset))


if __name__ == "__main__":
    main()
