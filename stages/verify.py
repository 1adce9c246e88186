"""verify: compare every byte of the cache with the digests recorded when it was written.

reads   all artifacts of DATASET, or of every dataset
writes  nothing; a damaged unit loses its manifest, so that the next make redoes it
"""

from pathlib import Path

from zsstad_core import configure
from zsstad_core.cache.verify import verify
from zsstad_core.errors import MissingFileError, friendly
from zsstad_core.formatting import count_text, size_text


@friendly
def main() -> None:
    options = configure.arguments(__doc__).parse_args()
    root = Path(configure.from_arguments(options).cache.root)
    chosen = root / options.dataset
    if not chosen.is_dir():
        raise MissingFileError(f"{chosen}: no such folder (cache.root); there is nothing to verify")
    roots = [chosen] if options.dataset else sorted(path for path in root.iterdir() if path.is_dir())
    found = verify(roots, report=lambda line: print(line, flush=True))
    much = f"{count_text(found.units, 'unit')} of {count_text(found.artifacts, 'artifact')}, {size_text(found.bytes)}"
    print(f"verify: {much}: {f'{found.damaged} damaged' if found.damaged else 'all whole'}")
    raise SystemExit(1 if found.damaged else 0)


if __name__ == "__main__":
    main()
