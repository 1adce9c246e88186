"""Merge pipeline.yaml, recipes and SET= into one `Settings`; an invalid value is refused with its file and line.

Later layers win: the defaults of `zsstad_core.settings`, pipeline.yaml, the recipes DATASET and HEAD/DATASET, RECIPE=,
then DATASET=, SPLIT=, HEAD= and SET=.
"""

import argparse
import copy
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, get_args

import yaml
from pydantic import ValidationError

from zsstad_core.errors import MissingFileError, SettingsError, did_you_mean, nearest_name
from zsstad_core.plain_text import read_text
from zsstad_core.settings.base import Section
from zsstad_core.settings.pipeline import Settings
from zsstad_core.yaml_text import parse

Tree = dict[str, Any]
Origins = dict[str, str]  # dotted key -> the file and line, or the variable, that sets it; for messages


CHOICES = {
    "dataset": "dataset",
    "split": "split",
    "head": "head",
    "trained_on": "trained_on.dataset",
    "workers": "workers.count",
    "scheduler": "workers.scheduler",
    "gpus": "training.processes",
}
"""The settings that have a variable of make, by the variable's name in lower case."""


def arguments(description: str | None) -> argparse.ArgumentParser:
    """The argument parser that every stage starts from; its `parse_args()` goes to `from_arguments`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--settings", default="pipeline.yaml", help="the settings file")
    for name in (*CHOICES, "recipe"):
        parser.add_argument(f"--{name.replace('_', '-')}", default="", help=f"{name.upper()}= of the Makefile")
    parser.add_argument("--set", default="", dest="overrides", help='overrides, "a.b=c d.e=f"')
    parser.add_argument(
        "--training-plan", action="store_true", help="the dataset that trained_on names, not the one tested"
    )
    return parser


def from_words(words: Sequence[str]) -> Settings:
    """The settings that the command line of a stage asks for, whatever else stands there. Raises as `SettingsFile`."""
    options, _ = arguments(None).parse_known_args(words)
    return from_arguments(options)


def from_arguments(options: argparse.Namespace, file: "SettingsFile | None" = None) -> Settings:
    """The settings that a command line asks for; `file` is its settings file, if that has been read already."""
    choices = {name: getattr(options, name) for name in CHOICES if getattr(options, name)}
    file = file or SettingsFile.read(Path(options.settings))
    settings = file.settings(choices=choices, recipe=options.recipe, overrides=options.overrides)
    return settings.training_settings() if options.training_plan else settings


@dataclass(frozen=True)
class SettingsFile:
    """A settings file, read once for any number of choices: its values, the line of each key, and its recipes."""

    values: Tree
    lines: Origins
    recipes: dict[str, Tree]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file. Raises MissingFileError, and SettingsError naming the line."""
        values, lines = _read(path)
        recipes = _validated({"recipes": values["recipes"]} if "recipes" in values else {}, lines).recipes
        return cls(values, lines, recipes)

    def settings(self, *, choices: dict[str, str] | None = None, recipe: str = "", overrides: str = "") -> Settings:
        """Merge and validate all layers.

        Raises SettingsError, one line per problem: where, key, value, rule and the nearest right name.
        """
        return _layered(self, choices or {}, recipe, overrides)


def load(path: Path, *, choices: dict[str, str] | None = None, recipe: str = "", overrides: str = "") -> Settings:
    """The settings of a file under some choices. Raises as `SettingsFile` does."""
    return SettingsFile.read(path).settings(choices=choices, recipe=recipe, overrides=overrides)


def _layered(file: SettingsFile, choices: dict[str, str], recipe: str, overrides: str) -> Settings:
    recipes = file.recipes
    if recipe and recipe not in recipes:
        raise SettingsError(f"RECIPE={recipe} is not a recipe; {_choose(recipe, recipes)}")
    asked = [(CHOICES[name], text, f"{name.upper()}=") for name, text in choices.items()]
    asked += _assignments(overrides)

    def settings(asked: Sequence[tuple[str, str, str]]) -> Settings:
        def layered(names: Sequence[str]) -> tuple[Tree, Origins]:
            tree, origins = copy.deepcopy(file.values), dict(file.lines)
            for name in names:
                _merge(tree, origins, recipes[name], f"recipe {name}")
            for key, text, origin in asked:
                _put(tree, origins, key.split("."), _value(text), origin)
            return tree, origins

        chosen = [recipe] if recipe else []
        tree, origins = layered(chosen)
        head, dataset = (tree.get(name, getattr(Settings(), name)) for name in ("head", "dataset"))  # after the merge
        own = [name for name in (dataset, f"{head}/{dataset}") if name in recipes and name not in chosen]
        if own:
            tree, origins = layered([*own, *chosen])
        return _validated(tree, origins)

    tested = settings(asked)
    if not tested.trained_on.dataset:
        return tested
    # The training settings: the same layers with the dataset of `trained_on`, and so with its recipes.
    there = {"dataset": tested.trained_on.dataset, "split": tested.trained_on.split, "trained_on.dataset": "null"}
    return tested.with_training_settings(
        settings([*asked, *((key, text, "trained_on") for key, text in there.items())])
    )


def _read(path: Path) -> tuple[Tree, Origins]:
    """The file as plain data, and for each dotted key the file and line where it stands."""
    if not path.is_file():
        raise MissingFileError(f"{path}: no such settings file; `make settings` writes one with every default")
    text = read_text(path)
    try:
        node, tree = parse(text)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise SettingsError(f"{path}{line}: not valid YAML: {error.problem}") from error
    except (ValueError, yaml.YAMLError) as error:
        raise SettingsError(f"{path}: not readable: {' '.join(str(error).split())}; it must be YAML") from error
    if node is None:
        return {}, {}
    if not isinstance(tree, dict):
        raise SettingsError(f"{path}: holds no settings; write them as `key: value`, sections indented")
    return tree, {key: f"{path}:{line}" for key, line in _keys(node, (), path)}


def _keys(node: yaml.Node, prefix: tuple[str, ...], path: Path) -> Iterator[tuple[str, int]]:
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        name = str(key.value)
        if name in seen:
            raise SettingsError(f"{path}:{key.start_mark.line + 1}: {'.'.join((*prefix, name))} stands twice; keep one")
        seen.add(name)
        yield ".".join((*prefix, name)), key.start_mark.line + 1
        yield from _keys(value, (*prefix, name), path)


def _value(text: str) -> Any:
    """A number, true, false, null or text, as in YAML; never a list or mapping: `encoder.template={}` is a text."""
    try:
        _, value = parse(text)
    except (yaml.YAMLError, ValueError):
        return text
    plain = value is None or isinstance(value, bool | int | float) or text[0] in "'\""
    return value if plain else text


def _assignments(overrides: str) -> list[tuple[str, str, str]]:
    """The assignments in SET=, each as (key, text, "SET=")."""
    try:
        words = shlex.split(overrides)
    except ValueError as error:
        raise SettingsError(f"SET={overrides!r}: {error}; quote values with spaces in single quotes") from error
    assignments = []
    for word in words:
        key, equals, text = word.partition("=")
        if not equals or not key:
            raise SettingsError(f'SET="{word}": write it as key=value, for example encoder.crop=pad')
        assignments.append((key, text, "SET="))
    return assignments


def _put(tree: Tree, origins: Origins, keys: Sequence[str], value: Any, origin: str) -> None:
    for depth, key in enumerate(keys[:-1]):
        if tree.get(key) is None:
            tree[key] = {}
        if not isinstance(tree[key], dict):
            above = ".".join(keys[: depth + 1])
            raise SettingsError(f"{origin}: {'.'.join(keys)} is not a setting; {above} is a value, not a section")
        tree = tree[key]
    tree[keys[-1]] = value
    origins[".".join(keys)] = origin


def _merge(tree: Tree, origins: Origins, changes: Tree, origin: str, prefix: tuple[str, ...] = ()) -> None:
    for key, value in changes.items():
        if isinstance(value, dict):
            _merge(tree, origins, value, origin, (*prefix, key))
        else:
            _put(tree, origins, (*prefix, key), value, origin)


def _validated(tree: Tree, origins: Origins) -> Settings:
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        lines = [_sentence(problem, origins) for problem in error.errors()]
        raise SettingsError("\n       ".join(dict.fromkeys(lines))) from None


def _sentence(problem: Any, origins: Origins) -> str:
    """One pydantic error as a message: `where: key is value; rule (hint)`."""
    loc = [str(part) for part in problem["loc"]]
    key, kind = ".".join(loc), problem["type"]
    if kind == "value_error":  # a rule of a whole section; its message begins with the name of a setting
        rule = str(problem["ctx"]["error"])
        concerned = [name for name in _section(loc).model_fields if re.search(rf"\b{name}\b", rule)]
        places = dict.fromkeys(_where(f"{key}.{name}", origins) for name in concerned)
        return f"{' and '.join(filter(None, places))}: {key}.{rule}".removeprefix(": ")
    prefix = f"{_where(key, origins)}: ".removeprefix(": ")
    if kind == "extra_forbidden":
        return f"{prefix}{key} is not a setting; {_nearest_setting(loc)}"
    return f"{prefix}{key} is {_shown(problem['input'])}; {_rule(problem, loc)}"


def _where(key: str, origins: Origins) -> str:
    """Where a key stands; for a section that is only named in dotted keys, where the first of these keys stands."""
    return origins.get(key) or next((where for name, where in origins.items() if name.startswith(f"{key}.")), "")


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def _rule(problem: Any, loc: Sequence[str]) -> str:
    if problem["type"] == "literal_error":
        options = [str(option) for option in get_args(_section(loc[:-1]).model_fields[loc[-1]].annotation)]
        return f"it must be one of {', '.join(options)}{did_you_mean(str(problem['input']), options)}"
    if problem["type"] in ("model_type", "dict_type"):
        return "it must be a section of settings"
    rule = problem["msg"].replace("Input should be", "it must be").replace("String should", "it must")
    return str(rule).replace("a valid integer", "an integer").replace("a valid ", "a ")


def _section(loc: Sequence[str]) -> type[Section]:
    """The section that these keys name, or the last section on their path."""
    section: type[Section] = Settings
    for name in loc:
        field = section.model_fields.get(name)
        if field is None or not isinstance(field.annotation, type) or not issubclass(field.annotation, Section):
            break
        section = field.annotation
    return section


def _nearest_setting(loc: Sequence[str]) -> str:
    """A hint for an unknown key: the same name in other sections, else a near name, else all names of its section."""
    elsewhere = [name for name in _names(Settings) if name.split(".")[-1] == loc[-1]]
    if elsewhere:
        return f"did you mean {' or '.join(elsewhere)}?"
    return _choose(loc[-1], _section(loc[:-1]).model_fields, prefix="".join(f"{name}." for name in loc[:-1]))


def _names(section: type[Section], prefix: str = "") -> Iterator[str]:
    """The dotted names of all settings."""
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from _names(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _choose(name: str, names: Iterable[str], prefix: str = "") -> str:
    near = nearest_name(name, names)
    return f"did you mean {prefix}{near}?" if near else f"there are {', '.join(prefix + n for n in sorted(names))}"
