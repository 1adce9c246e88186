"""What determines the encoder's tokens (for cache keys), and the texts its text encoder reads.

Imports neither torch nor open_clip.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsstad_core.errors import DataError, MissingFileError, ModelError, SettingsError, did_you_mean
from zsstad_core.frozen.text_files import read_texts
from zsstad_core.plain_text import read_json
from zsstad_core.settings.frozen import Encoder

if TYPE_CHECKING:
    from zsstad_core.frozen.views import Crop, Interpolation


@dataclass(frozen=True)
class ViewRules:
    """How frames and boxes become the encoder's views: squares of `size` pixels."""

    size: int
    crop: "Crop"
    interpolation: "Interpolation"


_INSTALL = "uv pip install --python .venv"
_WEIGHT_FILES = {".pt", ".pth", ".bin", ".safetensors", ".npz"}

RANDOM = "RANDOM weights"
"""How the description of an encoder says that its weights are random."""


def image_identity(settings: Encoder, digest: Callable[[Path], str]) -> dict[str, Any]:
    """Everything that determines the tokens of frames and boxes.

    digest: a function that gives the SHA-256 of a file. Batch size and device are left out: they change the lowest bits
    only. Raises SettingsError for an unknown model, MissingFileError for a file that does not exist.
    """
    # Pillow's full version: Pillow makes the views, which are reproducible to the bit.
    return {**_identity(settings, digest, "vision_cfg"), "crop": settings.crop, "pillow": version("pillow")}


def view_rules(settings: Encoder) -> ViewRules:
    """How views for the encoder are made; only its config is read, not its weights.

    Some tags of open_clip (those of timm's towers) use another interpolation than the config, so code that feeds views
    to an encoder must compare the two. Raises as `model_config`, and ModelError for an encoder whose views are not
    square.
    """
    config = model_config(settings)
    size = config["model_cfg"]["vision_cfg"].get("image_size", 224)  # open_clip's default
    height, width = (size, size) if isinstance(size, int) else size
    if height != width:
        raise ModelError(
            f"encoder.model: {settings.model} sees {height} x {width} pixels; views are square, take another model"
        )
    bilinear = config["preprocess_cfg"].get("interpolation") == "bilinear"
    return ViewRules(height, settings.crop, "bilinear" if bilinear else "bicubic")


def view_identity(settings: Encoder) -> dict[str, Any]:
    """Everything that determines the views of frames and boxes; the weights do not. Raises as `view_rules`."""
    return {**asdict(view_rules(settings)), "pillow": version("pillow")}


def text_identity(settings: Encoder, digest: Callable[[Path], str]) -> dict[str, Any]:
    """Everything that determines the tokens of a text except the text itself. Raises as `image_identity`."""
    return _identity(settings, digest, "text_cfg")


def class_texts(classes: Sequence[str], settings: Encoder) -> list[str | list[str]]:
    """The texts that the text encoder reads for each class. Raises as `phrasings` and `apply_templates`."""
    return apply_templates(phrasings(classes, settings), settings)


def apply_templates(phrasings: Iterable[Sequence[str]], settings: Encoder) -> list[str | list[str]]:
    """The texts of each class put into `template`: one text, or a list where the class has several.

    Raises SettingsError where the template has no place for the text: all classes would get the same text.
    """
    if "{}" not in settings.template:
        raise SettingsError(
            f'encoder.template is "{settings.template}"; it must hold {{}}, the place of the class name'
        )
    read = [[settings.template.replace("{}", text) for text in texts] for texts in phrasings]
    return [texts[0] if len(texts) == 1 else texts for texts in read]


def phrasings(classes: Sequence[str], settings: Encoder) -> list[list[str]]:
    """The texts of each class, one or several: from `texts`, else the class name, with underscores kept or made spaces.

    Raises SettingsError where `texts` names an unknown class or gives two classes the same texts; MissingFileError and
    DataError for a file of texts that does not exist or is malformed.
    """
    given, where = _given_texts(settings)
    for name in given:
        if name not in classes:
            raise SettingsError(f"{where(name)}: {name}: not among the classes{did_you_mean(name, classes)}")
    texts = {name: given.get(name, [_read(name, settings)]) for name in classes}
    first: dict[tuple[str, ...], str] = {}
    for name, of_class in texts.items():
        if (other := first.setdefault(tuple(of_class), name)) != name:
            raise SettingsError(f"{where(name)}: {other} and {name} are given the same texts; nothing tells them apart")
    return list(texts.values())


def _read(name: str, settings: Encoder) -> str:
    return name.replace("_", " ") if settings.underscores == "space" else name


def _given_texts(settings: Encoder) -> tuple[dict[str, list[str]], Callable[[str], str]]:
    """Texts by class from the settings or their file, and a function that gives the place of a class, for messages."""
    if not isinstance(settings.texts, str):
        given = settings.texts or {}
        return {name: [text] if isinstance(text, str) else list(text) for name, text in given.items()}, (
            lambda name: "encoder.texts"
        )
    file = _existing("encoder.texts", settings.texts)
    texts, lines = read_texts(file)
    return texts, lambda name: f"{file}:{lines[name]}" if name in lines else str(file)


def model_name(settings: Encoder) -> str:
    """The model name as open_clip spells it: ViT-B/16 becomes ViT-B-16. Not for a model that is a config file."""
    return settings.model.replace("/", "-")


def config_file(settings: Encoder) -> Path | None:
    """The JSON config that `model` names; None where `model` is a name of open_clip."""
    return _existing("encoder.model", settings.model) if settings.model.endswith(".json") else None


def weights_file(settings: Encoder) -> Path | None:
    """The local file that `pretrained` names; None for a tag or `random`.

    A value counts as a file if it is written as one (with a folder or a suffix), whatever lies in the current folder.
    """
    named_as_file = "/" in settings.pretrained or Path(settings.pretrained).suffix in _WEIGHT_FILES
    return _existing("encoder.pretrained", settings.pretrained) if named_as_file else None


def model_config(settings: Encoder) -> dict[str, Any]:
    """open_clip's config of the model: `model_cfg`, and `preprocess_cfg`, which is empty where the config has none.

    Raises SettingsError for a name that open_clip does not know, ModelError for a file that is not a model config.
    """
    file = config_file(settings) or _builtin_folder() / f"{model_name(settings)}.json"
    if not file.is_file():
        near = did_you_mean(model_name(settings), (path.stem for path in _builtin_folder().glob("*.json")))
        raise SettingsError(
            f'encoder.model is "{settings.model}"; open_clip has no such model{near}; take one of '
            "open_clip.list_models(), or the path of a model config (.json)"
        )
    try:
        content = read_json(file)
        config = {"model_cfg": content, **content}["model_cfg"]  # open_clip_config.json wraps it, others do not
        missing = [key for key in ("embed_dim", "vision_cfg", "text_cfg") if key not in config]
    except DataError as error:
        raise ModelError(f"{error}; a model config must be JSON as in open_clip/model_configs") from error
    except TypeError as error:
        raise ModelError(
            f"{file}: not a model config ({error}); it must be JSON as in open_clip/model_configs"
        ) from error
    if missing:
        raise ModelError(f"{file}: not a model config, it lacks {', '.join(missing)}; see open_clip/model_configs")
    return {"model_cfg": config, "preprocess_cfg": content.get("preprocess_cfg", {})}


def _identity(settings: Encoder, digest: Callable[[Path], str], tower: str) -> dict[str, Any]:
    config, weights = config_file(settings), weights_file(settings)
    _refuse_lacking_tokenizer(settings)
    return {
        "model": {"config": digest(config)} if config else model_name(settings),
        "weights": {"file": digest(weights)} if weights else _named_weights(settings),
        "precision": settings.precision,
        "versions": _versions(model_config(settings)["model_cfg"][tower]),
    }


def _named_weights(settings: Encoder) -> dict[str, Any]:
    if settings.pretrained == "random":
        return {"random": settings.seed}
    return {"tag": settings.pretrained.lower().replace("-", "_")}  # as open_clip reads tags


def _versions(tower: dict[str, Any]) -> dict[str, str]:
    """Versions of the libraries that do a tower's arithmetic."""
    # open_clip's full version, since it determines architecture, activation and tokeniser. torch's major.minor only:
    # its results are reproducible within a tolerance (device and batch change as many bits as its patch releases do),
    # its build (+cu130) changes no content, and a patch release should not cost everybody a re-run.
    torch = ".".join(version("torch").split(".")[:2])
    towers = {"timm_model_name": "timm", "hf_model_name": "transformers"}
    others = [library for key, library in towers.items() if key in tower]
    try:
        return {"torch": torch, **{library: version(library) for library in ("open_clip_torch", *others)}}
    except PackageNotFoundError as error:
        raise ModelError(
            f"encoder.model is computed by the package {error.name}, which is not installed: {_INSTALL} {error.name}, "
            "or take another model"
        ) from error


def _refuse_lacking_tokenizer(settings: Encoder) -> None:
    """Raise ModelError if the model's tokeniser is one of transformers, which is not installed.

    Every stage that loads the model loads the tokeniser too.
    """
    named = model_config(settings)["model_cfg"]["text_cfg"].get("hf_tokenizer_name")
    if named and find_spec("transformers") is None:
        raise ModelError(
            f"encoder.model is {settings.model}; its tokeniser ({named}) needs the package transformers, which is not "
            f"installed: {_INSTALL} transformers sentencepiece, or take a model with open_clip's own tokeniser "
            "(ViT-B-16)"
        )


def _existing(key: str, name: str) -> Path:
    path = Path(name).expanduser()
    if not path.is_file():
        raise MissingFileError(f'{key} is "{name}"; there is no such file')
    return path


@cache
def _builtin_folder() -> Path:
    spec = find_spec("open_clip")  # finds the package without running it, and so without torch
    if spec is None or not spec.submodule_search_locations:
        raise ModelError("open_clip is not installed; `make setup` installs it")
    return Path(spec.submodule_search_locations[0]) / "model_configs"
