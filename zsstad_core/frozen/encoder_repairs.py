"""What open_clip changes or assumes about weights without a word: said, or refused."""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import open_clip

from zsstad_core.errors import ModelError

_log = logging.getLogger(__name__)

# What a model without a preprocess_cfg is given by open_clip 3.3.0, and so what a local file is read with.
_OPENAI = {
    "mean": open_clip.OPENAI_DATASET_MEAN,
    "std": open_clip.OPENAI_DATASET_STD,
    "interpolation": "bicubic",
    "resize_mode": "shortest",
}
_PIXELS = ("mean", "std", "interpolation")  # the resize mode is no part of the model here: encoder.crop decides


@contextmanager
def interpolated_positions() -> Iterator[list[str]]:
    """In the block, weights are loaded; the list then names the positions that open_clip interpolated meanwhile.

    open_clip resizes position embeddings of another resolution or context length to those of the model, and tells it
    to the root logger at INFO alone.
    """
    root, notes = logging.getLogger(), list[str]()
    level = root.level

    def keep(record: logging.LogRecord) -> bool:
        words = r"Resizing (text )?position embedding \S+ from \(?(\d+).* to \(?(\d+)"
        if found := re.match(words, record.getMessage()):
            what = "text positions" if found[1] else "image positions a side"
            notes.append(f"interpolated from {found[2]} to {found[3]} {what}")
        return not found and record.levelno >= level

    root.setLevel(min(level, logging.INFO))
    root.addFilter(keep)
    try:
        yield notes
    finally:
        root.removeFilter(keep)
        root.setLevel(level)


def check_preprocessing(name: str, file: Path) -> None:
    """Compare OpenAI's mean, std and interpolation, with which a local file is read, with those of the model's tags.

    name: the model's name in open_clip. Raises ModelError where no published weights of the model were trained with
    OpenAI's; warns where some were not.
    """
    entries = {tag: open_clip.get_pretrained_cfg(name, tag) for tag in open_clip.list_pretrained_tags_by_model(name)}
    others = {tag: differing for tag, entry in entries.items() if (differing := _differing(entry))}
    if entries and all(set(_PIXELS) & set(others.get(tag, {})) for tag in entries):
        tag, differing = next(iter(others.items()))
        pixels = ", ".join(f'"{key}": {_json(value)}' for key, value in differing.items() if key in _PIXELS)
        raise ModelError(
            f"{file}: would be read with OpenAI's mean, std and interpolation, and no published weights of {name} were "
            f"trained with them ({tag}: {{{pixels}}}); say which, in a model config named as encoder.model: "
            f'{{"model_cfg": what stands in open_clip/model_configs/{name}.json, "preprocess_cfg": {{"mean": ..., '
            '"std": ..., "interpolation": ...}}'
        )
    for tag, differing in others.items():
        values = " and ".join(f"{key} {_json(value)}" for key, value in differing.items())
        _log.warning(
            f"{file.name}: read with OpenAI's mean, std and interpolation; if these are weights {tag} of {name}, name "
            f"encoder.pretrained={tag}, or a model config: they were trained with {values}"
        )


def _differing(entry: Mapping[str, Any]) -> dict[str, Any]:
    given = {key: entry[key] for key in _OPENAI if entry.get(key) is not None}
    return {key: value for key, value in given.items() if _plain(value) != _plain(_OPENAI[key])}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value


def _json(value: Any) -> str:
    return str(_plain(value)) if not isinstance(value, str) else f'"{value}"'
