"""The artifacts that settings can ask for, which `make gc` keeps: of every head, split, choice of boxes and recipe."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import get_args

from zsstad_core.configure import SettingsFile
from zsstad_core.datasets import DATASETS
from zsstad_core.errors import UnfitHeadError, UserError
from zsstad_core.methods import registry
from zsstad_core.plan.inventory import Inventories
from zsstad_core.plan.plan import Plan
from zsstad_core.settings.pipeline import Settings
from zsstad_core.settings.results import Scoring
from zsstad_core.splits import published_splits


@dataclass
class Reachable:
    """Names of artifacts (`STAGE-KEY`), and a line for each recipe that cannot be planned here."""

    names: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def reachable(settings: Settings, file: SettingsFile, overrides: str) -> Reachable:
    """The artifacts of all plans of the settings' dataset, under the settings `file` with SET= `overrides`.

    The dataset is read once for all plans with the same settings of it. Raises UserError if a plan without a recipe
    cannot be made: its artifacts are not known then.
    """
    found, inventories = Reachable(), Inventories()
    for recipe in ["", *_recipes(settings)]:
        try:
            for chosen in _choices(settings):
                words = " ".join([overrides, f"dataset={settings.dataset}", *chosen])
                try:
                    plan = Plan(file.settings(recipe=recipe, overrides=words), inventories=inventories)
                    found.names |= {artifact.path.name for artifact in plan.all()}
                except UnfitHeadError:  # the head cannot have made anything under these settings
                    continue
        except UserError as error:
            if not recipe:
                raise
            found.notes.append(f"RECIPE={recipe} cannot be planned here, so only age protects what it made: {error}")
    return found


def _choices(settings: Settings) -> Iterator[tuple[str, ...]]:
    boxes = get_args(Scoring.model_fields["boxes"].annotation)
    for head, scored in product(registry.names(), boxes):
        for split in _splits(settings, head):
            yield f"head={head}", f"split={shlex.quote(split)}", f"scoring.boxes={scored}"


def _splits(settings: Settings, head: str) -> list[str]:
    """The published splits, the split of the settings, and the all-seen or all-unseen split, if the head can use it."""
    learns_here = registry.method(head).trains and settings.trained_on.dataset is None
    names = [*published_splits(settings.dataset), settings.split, *([] if settings.trained_on.dataset else ["full"])]
    return list(
        dict.fromkeys([name for name in names if name != "all-unseen"] + ([] if learns_here else ["all-unseen"]))
    )


def _recipes(settings: Settings) -> list[str]:
    """The recipes that a user chooses; the recipes DATASET and HEAD/DATASET apply by themselves."""
    return [name for name in settings.recipes if "/" not in name and name not in DATASETS]
