"""invalidate: remove what a stage made under the present settings, so that the next make makes it again.

reads   pipeline.yaml, the dataset's folders
writes  nothing; removes the stage's artifacts, and for a training also the checkpoints
"""

from zsstad_core import configure
from zsstad_core.cache import folders
from zsstad_core.errors import friendly
from zsstad_core.formatting import count_text, size_text
from zsstad_core.plan.plan import Plan
from zsstad_core.plan.why import artifacts_of


@friendly
def main() -> None:
    parser = configure.arguments(__doc__)
    parser.add_argument("--stage", default="", help="STAGE= of the Makefile")
    options = parser.parse_args()
    plan = Plan(configure.from_arguments(options))
    made = [artifact.path for artifact in artifacts_of(plan, options.stage)]
    trainings = {"train": plan.runs, "finetune": plan.finetune_runs}
    checkpoints = [trainings[options.stage]] if options.stage in trainings else []  # first, or a training resumes them
    for folder in [*checkpoints, *made]:
        if folder.is_dir():
            size, units = folders.size_of(folder), len(folders.units(folder))
            folders.remove(folder)
            print(
                f"invalidate: removed {folder} ({f'{count_text(units, "unit")}, ' if units else ''}{size_text(size)})"
            )
        else:
            print(f"invalidate: {folder} is not there")


if __name__ == "__main__":
    main()
