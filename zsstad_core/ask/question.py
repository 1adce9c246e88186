"""The question of `make ask` as settings: VIDEO=, LABELS=, and the other choices of make. Imports no torch, no pandas.

Videos and labels become settings of dataset `folder`. SPLIT= names the label split on which the head was trained
(`trained_on.split`): the user's labels are all unseen. The settings with which a head of another dataset was trained
(encoder, detector, the method's section) come from that dataset's recipes; SET= overrides them.
"""

import argparse
import json
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from zsstad_core import configure
from zsstad_core.datasets.folder import videos_below
from zsstad_core.errors import DataError, MissingFileError, SettingsError, did_you_mean
from zsstad_core.frozen.text_files import read_texts
from zsstad_core.lookalikes import look
from zsstad_core.methods import registry
from zsstad_core.plain_text import read_lines
from zsstad_core.settings.pipeline import Settings
from zsstad_core.yaml_files import compose, line_of

_LISTS, _YAML = {".txt"}, {".yaml", ".yml"}
_HEAD_SETTINGS = {
    "encoder": ("model", "pretrained", "seed", "crop", "precision", "template", "underscores"),
    "clips": ("of", "tracklet"),
    "detector": (
        *("kind", "config", "checkpoint", "options", "person_class"),
        *("person_score", "persons_per_frame", "object_score", "objects_per_frame"),
    ),
}
"""Settings that a head needs as in its training, besides the section of its method."""


@dataclass(frozen=True)
class Question:
    """A question. options: the question as options of any stage. name: the name of the folder for the answer."""

    options: argparse.Namespace
    name: str


@dataclass(frozen=True)
class Labels:
    """Names of actions, and the file with texts for them, if there is one."""

    names: list[str]
    texts: str | None = None


def read_question(options: argparse.Namespace) -> Question:
    """The question of a command line with `video` and `labels`. Raises UserError if it cannot be asked."""
    if options.dataset not in ("", "folder"):
        raise SettingsError(
            f"DATASET={options.dataset}: make ask is about the videos that VIDEO= names; for a head that was trained "
            f"on {options.dataset} say TRAINED_ON={options.dataset}"
        )
    if options.split and not options.trained_on:
        raise SettingsError(
            f"SPLIT={options.split}: of make ask, SPLIT= is the label split that a head was trained on; name its "
            f"dataset with TRAINED_ON=, or leave SPLIT= out (your labels have no split)"
        )
    videos, labels = videos_of(options.video), labels_of(options.labels)
    head = options.head or (registry.DEFAULT if options.trained_on else registry.UNTRAINED)
    if head in registry.names() and registry.method(head).truth is not None:
        others = ", ".join(name for name in registry.names() if registry.method(name).truth is None)
        raise SettingsError(f"HEAD={head} knows the answer from an annotation; choose one of {others}")
    chosen = {**vars(options), "dataset": "folder", "split": "", "head": head}
    taken = settings_of_head(argparse.Namespace(**chosen), options.split) if options.trained_on else ""
    folder = {
        "videos": [] if isinstance(videos, Path) else [str(path) for path in videos],
        **({"root": str(videos)} if isinstance(videos, Path) else {}),
        "labels": labels.names,
        "texts": labels.texts,
        "annotation": None,
        "train_list": None,
    }
    own = {f"datasets.folder.{name}": value for name, value in folder.items()}
    if options.trained_on and options.split:
        own["trained_on.split"] = options.split
    chosen["overrides"] = " ".join(filter(None, [taken, options.overrides, as_words(own)]))
    return Question(argparse.Namespace(**chosen), name_of(videos))


def as_words(settings: dict[str, Any]) -> str:
    """Settings as SET= takes them: texts in quotes, so that no text is read as a number; mappings entry by entry."""
    words = []
    for key, value in settings.items():
        if isinstance(value, dict):
            words += [as_words({f"{key}.{name}": inner for name, inner in value.items()})]
        else:
            words += [f"{key}={shlex.quote(json.dumps(value, ensure_ascii=False))}"]
    return " ".join(words)


def settings_of_head(options: argparse.Namespace, split: str) -> str:
    """The differences between the settings of the head's training and those of dataset `folder`, as SET= takes them."""
    plain = configure.from_arguments(argparse.Namespace(**{**vars(options), "trained_on": ""}))
    there = {"dataset": options.trained_on, "split": split or "full", "trained_on": ""}
    source = configure.from_arguments(argparse.Namespace(**{**vars(options), **there}))
    names = {**_HEAD_SETTINGS, f"heads.{options.head}": tuple(_method_settings(source, options.head))}
    different = {
        f"{section}.{name}": getattr(_section(source, section), name)
        for section, fields in names.items()
        for name in fields
        if getattr(_section(source, section), name) != getattr(_section(plain, section), name)
    }
    return as_words(different)


def _method_settings(settings: Settings, head: str) -> Iterable[str]:
    own = getattr(settings.heads, head, None)
    return own.content_fields() if own is not None else ()


def _section(settings: Settings, dotted: str) -> Any:
    section: Any = settings
    for name in dotted.split("."):
        section = getattr(section, name)
    return section


# ---- videos


def videos_of(text: str) -> Path | list[Path]:
    """The folder or the files that VIDEO= names. Raises SettingsError and MissingFileError.

    The text is one path, with its spaces and commas, if such a path exists; otherwise several paths with commas, line
    breaks or spaces between, names with spaces in quotes, `*` and `?` as in a shell. A list (.txt) holds one path a
    line, relative to the working folder or to the list.
    """
    if not text.strip():
        raise SettingsError(
            'VIDEO= names no video; give a file, several ("a.mp4, b.mov"), a folder, or a list (.txt, a path a line)'
        )
    places = [place for name in _split(text) for place in _places(name)]
    if len(places) == 1 and places[0].is_dir():
        return places[0]
    return [file for place in places for file in (sorted(videos_below(place)) if place.is_dir() else [place])]


def _split(text: str) -> list[str]:
    """The names in VIDEO=, by the first way of splitting under which all of them exist."""
    by_comma = [name.strip() for name in text.split(",") if name.strip()]
    try:
        by_space = shlex.split(text.replace(",", " "))
    except ValueError:  # a quote in a name
        by_space = text.replace(",", " ").split()
    by_line = [name.strip() for name in text.split("\n") if name.strip()]
    for names in ([text], [text.strip()], by_comma, by_line, by_space):
        if names and all(_found(name) for name in names):
            return names
    lacking = next(name for name in (by_comma if "," in text else by_space) if not _found(name))
    raise MissingFileError(
        f"VIDEO={text}: {lacking}: no such file or folder (names with spaces: in quotes, or the folder that holds them)"
    )


def _found(name: str) -> list[Path]:
    path = _path(name)
    if _exists(path):
        return [path]
    return sorted(Path(path.anchor or ".").glob(str(path.relative_to(path.anchor)))) if set(name) & set("*?[") else []


def _places(name: str) -> list[Path]:
    (first, *_) = found = _found(name)
    if first.suffix.lower() not in _LISTS or first.is_dir():
        return found
    places = []
    for line, written in enumerate(read_lines(first), 1):
        if not written.strip():
            continue
        tried = [_path(written.strip()), first.parent / written.strip()]
        there = [path for path in tried if _exists(path)]
        if not there:
            near = _beside(first.parent / written.strip())
            raise MissingFileError(f"{first}:{line}: {written.strip()}: no such file or folder{near}")
        places.append(there[0])
    if not places:
        raise DataError(f"{first}: names no video; write a path a line")
    return places


def _path(name: str) -> Path:
    """A path; `~` at its beginning is the home folder, if there is one and no file is called so."""
    plain = Path(name)
    try:
        return plain if _exists(plain) else plain.expanduser()
    except RuntimeError:  # no user of that name
        return plain


def _beside(path: Path) -> str:
    """` (did you mean …?)` with the nearest name in the folder of a path; empty if there is none."""
    if not path.parent.is_dir():
        return ""
    return did_you_mean(path.name, sorted(other.name for other in path.parent.iterdir()))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # longer than a file name can be, as a list of labels may be
        return False


def name_of(videos: Path | list[Path]) -> str:
    """The name of the folder for the answer."""
    if isinstance(videos, Path):
        return videos.resolve().name or "videos"
    return videos[0].stem + (f"-and-{len(videos) - 1}-more" if len(videos) > 1 else "")


# ---- labels


def labels_of(text: str) -> Labels:
    """The labels of LABELS=: names with commas or line breaks between, or a file: one per line (.txt), or YAML: a list,
    or texts by name.

    Raises SettingsError and DataError for no label, one label, or two labels with the same words.
    """
    written = text.strip()
    path = _path(written)
    if path.suffix.lower() in {*_LISTS, *_YAML} or (written and _exists(path) and path.is_file()):
        labels, where = _from_file(path), str(path)
    else:
        labels, where = Labels([name.strip() for name in re.split("[,\n]", written) if name.strip()]), "LABELS="
    if not labels.names:
        raise SettingsError(
            f'{where} names no action; write some, LABELS="juggle a ball, wave, clap", or name a file of them'
        )
    read: dict[str, str] = {}
    for name in labels.names:
        same = look(name.replace("_", " "))
        if same in read:
            raise SettingsError(f"{where} names the same action twice: {read[same]} and {name}; keep one")
        read[same] = name
    if len(labels.names) == 1:
        raise SettingsError(
            f"{where} names one action, {labels.names[0]}; name two or more, a score says which of them it is: what "
            "else a person may be doing"
        )
    return labels


def _from_file(path: Path) -> Labels:
    if not path.is_file():
        raise MissingFileError(f"LABELS={path}: no such file")
    if path.suffix.lower() not in _YAML:
        lines = [line.strip() for line in read_lines(path)]
        return Labels([line for line in lines if line and not line.startswith("#")])
    node = compose(path)
    if not isinstance(node, yaml.SequenceNode):
        return Labels([*read_texts(path)[0]], str(path))
    for entry in node.value:
        if not isinstance(entry, yaml.ScalarNode) or not str(entry.value).strip():
            raise DataError(f"{path}:{line_of(entry)}: a name is due here; put one with a colon in quotes")
    return Labels([str(entry.value).strip() for entry in node.value])
