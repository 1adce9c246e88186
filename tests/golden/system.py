"""What the golden tests ask of the library, in one place: whoever moves modules adapts this file, and no golden data.

python -m tests.golden.system < LINES    keys of the plans that lines on standard input ask for, as JSON
"""

import json
import shlex
import sys
from pathlib import Path
from typing import get_args

from tests.golden.made_world import write_stickworld
from zsstad_core import configure
from zsstad_core.cache.artifact import Artifact
from zsstad_core.datasets.stickworld import Stickworld
from zsstad_core.errors import UserError
from zsstad_core.plan.plan import Plan
from zsstad_core.settings.pipeline import Settings


def choices() -> dict[str, list[str]]:
    """The datasets, heads and recipes that there are, which the golden plans must all have."""
    fields = Settings.model_fields
    return {
        "DATASET": list(get_args(fields["dataset"].annotation)),
        "HEAD": list(get_args(fields["head"].annotation)),
        "RECIPE": list(Settings().recipes),
    }


def keys(line: str) -> str:
    """The artifacts of the plan that a line (`DATASET=jhmdb HEAD=iclip SET="a.b=c"`) asks for, sorted, with spaces.

    Each is STAGE-KEY:VIDEOS; VIDEOS is the digest of the videos that are wanted of it, from the name of the file that
    says they are all there. `decoded/` stands before views that are decoded whenever they are read, DATASET/ before
    what belongs to the plan that the head is trained under. A plan that is refused is `refused`.
    """
    asked = dict(word.split("=", 1) for word in shlex.split(line))
    named = {name.lower(): value for name, value in asked.items() if name not in ("SET", "RECIPE", "SETTINGS")}
    file = Path(asked.get("SETTINGS", "pipeline.yaml"))
    try:
        settings = configure.load(file, choices=named, recipe=asked.get("RECIPE", ""), overrides=asked.get("SET", ""))
        for chosen in (settings, settings.training_settings()):
            _fill_stickworld(chosen)
        plan = Plan(settings)
        made = plan.all()
        others = [artifact for artifact in plan.lineage() if artifact.path not in {known.path for known in made}]
        elsewhere = plan.training_plan.all() if plan.training_plan is not None and plan.train is not None else []
    except UserError:
        return "refused"
    names = [_name(artifact) for artifact in made]
    names += [f"decoded/{_name(artifact)}" for artifact in others]
    names += [f"{artifact.root.name}/{_name(artifact)}" for artifact in elsewhere]
    return " ".join(sorted(names))


def _name(artifact: Artifact) -> str:
    return f"{artifact.path.name}:{artifact.done.stem.removeprefix('complete-')[:8]}"


def _fill_stickworld(settings: Settings) -> None:
    """Clips that are not rendered: the name of their folder holds a digest of the renderer's source."""
    own = settings.datasets.stickworld
    folder = Stickworld(own).place
    if settings.dataset != "stickworld":
        return
    if not folder.is_dir():
        write_stickworld(folder, own.train_clips, own.test_clips)
    if Stickworld(own).folder != folder:
        raise AssertionError(f"stickworld is read from {Stickworld(own).folder}, not from {folder}")


if __name__ == "__main__":
    json.dump({line: keys(line) for line in sys.stdin.read().splitlines()}, sys.stdout)
