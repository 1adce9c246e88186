"""gc: list the artifacts that no plan needs any more, and the leftovers of killed processes; --apply removes them.

reads   the names and times of all artifacts of the dataset
writes  nothing without --apply
"""

from pathlib import Path

from zsstad_core import configure
from zsstad_core.cache import gc
from zsstad_core.command_line import number, switch
from zsstad_core.errors import MissingFileError, friendly
from zsstad_core.formatting import count_text, size_text
from zsstad_core.plan.reachable import reachable


@friendly
def main() -> None:
    parser = configure.arguments(__doc__)
    parser.add_argument("--apply", nargs="?", const="1", default="", help="1, or alone: remove what is listed")
    parser.add_argument("--days", default="14", help="what was changed in so many days stays (14)")
    parser.add_argument("--trained", nargs="?", const="1", default="", help="1, or alone: trained heads too")
    options = parser.parse_args()
    days, apply = number("DAYS", options.days), switch("APPLY", options.apply)
    trained = switch("TRAINED", options.trained)
    file = configure.SettingsFile.read(Path(options.settings))
    settings = configure.from_arguments(options, file)
    root = Path(settings.cache.root) / settings.dataset
    if not root.is_dir():
        raise MissingFileError(f"{root}: no such folder (cache.root); there is nothing to remove")
    named = reachable(settings, file, options.overrides)
    for note in named.notes:
        print(f"gc: {note}")
    things = gc.unneeded(root, named.names, days, trained)
    for thing in things:
        print(f"{size_text(thing.bytes):>8}  {thing.path}  ({thing.why})", flush=True)
        if apply:
            gc.remove(thing)
    much = f"{count_text(len(things), 'thing')}, {size_text(sum(thing.bytes for thing in things))}"
    if not things:
        print(f"gc: nothing to remove in {root}")
    else:
        print(f"gc: removed {much}" if apply else f"gc: {much}; APPLY=1 removes them")


if __name__ == "__main__":
    main()
