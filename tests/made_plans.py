"""Plans of a small made-up J-HMDB: files in the right places, enough for every key, nothing that decodes."""

from pathlib import Path
from typing import Any

from tests.datasets.made_jhmdb import TRAIN_AND_TEST, annotation, write_clips, write_pickle
from zsstad_core.plan.plan import Plan
from zsstad_core.settings.pipeline import Settings


def write_dataset(root: Path) -> Path:
    """Four training and four test clips of two classes, and their annotation."""
    root.mkdir(parents=True)
    write_pickle(root, annotation())
    write_clips(root, TRAIN_AND_TEST)
    for name in TRAIN_AND_TEST:
        clip(root, name).write_text(f"the pictures of {name}")
    return root


def clip(root: Path, name: str) -> Path:
    return root / "videos" / f"{name}.avi"


def settings(folder: Path, **changed: Any) -> Settings:
    """The defaults with the dataset and the cache in `folder`, and some settings by dotted name."""
    tree: dict[str, Any] = {}
    own = {"datasets.jhmdb.root": str(folder / "jhmdb"), "cache.root": str(folder / "cache")}
    for name, value in (own | changed).items():
        *above, last = name.split(".")
        section = tree
        for key in above:
            section = section.setdefault(key, {})
        section[last] = value
    return Settings.model_validate(tree)


def plan(folder: Path, **changed: Any) -> Plan:
    return Plan(settings(folder, **changed))


def keys(made: Plan) -> dict[str, str]:
    return {artifact.stage.name: artifact.key for artifact in made.all()}


def members(made: Plan) -> dict[str, dict[str, str]]:
    return {artifact.stage.name: dict(artifact.members) for artifact in made.all()}


def changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """Stages of `after` that are not as they were."""
    return {stage for stage, value in after.items() if before.get(stage) != value}
