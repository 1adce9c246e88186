"""Builds the open_clip model of `settings.encoder` and loads its weights; errors say in one line why it cannot."""

import hashlib
import json
import logging
import re
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import open_clip
import torch
from torch import nn

from zsstad_core import light_imports
from zsstad_core.errors import MissingFileError, ModelError, SettingsError, did_you_mean
from zsstad_core.frozen import encoder_identity, encoder_repairs
from zsstad_core.settings.frozen import Encoder

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoadedEncoder:
    """An open_clip model on the CPU in fp32 and eval mode, with its tokeniser, token width and name in tables."""

    model: Any  # open_clip's CLIP, CustomTextCLIP or CoCa: an nn.Module with encode_image and encode_text
    tokenizer: Any  # tokenizer(texts, context_length=None) gives ids [K, context length]
    width: int
    description: str


def load(settings: Encoder) -> LoadedEncoder:
    """Build the model that the settings name and load its weights.

    `pretrained` is a tag of open_clip (downloaded once, kept in its cache), a local file, or `random`. A file is an
    open_clip checkpoint or state_dict (.pt, .bin, .safetensors), which is read without running anything in it, or one
    of OpenAI's own TorchScript files, which must be exactly as OpenAI published it.

    The activation comes from the tag's entry in open_clip's table. open_clip 3.3.0 itself does not apply that entry (it
    warns, and `ViT-B-16` with tag `openai` computes something else than OpenAI's model). A local file has no tag, so
    `model` decides there: weights of OpenAI, MetaCLIP or DFN need the model name that ends in `-quickgelu`. Mean, std
    and interpolation come from the tag's entry too; a local file has OpenAI's, or those of the model's config file, and
    is refused where no weights of that model were trained with OpenAI's. Positions that open_clip interpolates are said
    in the description.

    Raises SettingsError (unknown model or tag), MissingFileError (no such file, or the weights cannot be downloaded) or
    ModelError (a file that is not a checkpoint, belongs to another model, or would be read with wrong pixels).
    """
    config = encoder_identity.model_config(settings)
    name = _registered(settings, config["model_cfg"])
    file, tag = (None, {}) if settings.pretrained == "random" else _weights(settings, name)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(settings.seed)  # torch.manual_seed would also reseed GPUs
        model = _model(name, {**config["preprocess_cfg"], **tag}, bool(tag.get("quick_gelu")))
    description = _says(settings)
    if file is not None:
        with encoder_repairs.interpolated_positions() as notes:
            _load_file(model, file, settings)
        description = ", ".join([description, *notes])
        for note in notes:
            _log.warning(
                f"{file.name}: {note}, to fit {name}; the model computes something else than it was trained to. Every "
                "result says so. Name the model of these weights (encoder.model) if that is not meant"
            )
    model.eval().requires_grad_(False)
    return LoadedEncoder(model, _tokenizer(name), config["model_cfg"]["embed_dim"], description)


def tokenizer(settings: Encoder) -> Any:
    """The tokeniser of the model that the settings name, without the model (`LoadedEncoder`). Raises as `load`."""
    return _tokenizer(_registered(settings, encoder_identity.model_config(settings)["model_cfg"]))


def digest(model: nn.Module) -> str:
    """SHA-256 of a model's state_dict: name, dtype, shape and bytes of every tensor, in the order of names.

    It does not depend on how the weights were stored.
    """
    sha = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        sha.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        sha.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return sha.hexdigest()


def _registered(settings: Encoder, model_cfg: dict[str, Any]) -> str:
    """The name of the model in open_clip's registry; the model of a config file is added to the registry first."""
    if encoder_identity.config_file(settings) is None:
        return encoder_identity.model_name(settings)
    text = json.dumps(model_cfg, sort_keys=True)
    # A name by content neither hides a model of open_clip nor clashes with another file of the same name.
    name = f"config-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    if name not in open_clip.list_models():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{name}.json"
            path.write_text(text)
            open_clip.add_model_config(path)
    return name


def _weights(settings: Encoder, name: str) -> tuple[Path, dict[str, Any]]:
    """The weights file, and its entry in open_clip's table of weights (empty for a file that is not in it)."""
    file = encoder_identity.weights_file(settings)
    if file is None:
        return _fetch(settings, name)
    if _is_torchscript(file):
        return file, _openai_entry(settings, name, file)
    encoder_repairs.check_preprocessing(name, file)
    if f"{name}-quickgelu" in open_clip.list_models():
        _log.warning(
            f"{file.name}: read as weights of {name}; those of OpenAI, MetaCLIP or DFN need "
            f"encoder.model={name}-quickgelu"
        )
    return file, {}


def _fetch(settings: Encoder, name: str) -> tuple[Path, dict[str, Any]]:
    tags = open_clip.list_pretrained_tags_by_model(name)
    entry = open_clip.get_pretrained_cfg(name, settings.pretrained)
    if not entry:
        near = did_you_mean(settings.pretrained, [*tags, "random"])
        known = f"a tag of {name} ({', '.join(tags)})" if tags else "a tag, of which this model has none"
        raise SettingsError(
            f'encoder.pretrained is "{settings.pretrained}"; it must be the path of a weights file, random, or '
            f"{known}{near}"
        )
    try:
        return Path(open_clip.download_pretrained(entry)), entry
    except Exception as error:  # the hub's client raises other classes for each kind of network failure
        source = entry.get("hf_hub", "").rstrip("/") or entry.get("url", "")
        has_twin = entry.get("quick_gelu") and f"{name}-quickgelu" in open_clip.list_models()
        raise MissingFileError(
            f"encoder.pretrained: the weights {settings.pretrained} of {name} cannot be fetched ({_short(error)}); "
            f"fetch them elsewhere ({source}) and name the file: encoder.pretrained=FILE"
            + (f" encoder.model={name}-quickgelu" if has_twin else "")
        ) from error


def _model(name: str, preprocess: dict[str, Any], quick_gelu: bool) -> nn.Module:
    own = {key: preprocess.get(key) for key in ("mean", "std", "interpolation", "resize_mode")}
    try:
        if (open_clip.get_model_config(name) or {}).get("vision_cfg", {}).get("timm_model_name"):
            light_imports.import_timm()
        with _without_random_warning():
            model: nn.Module = open_clip.create_model(
                name, force_quick_gelu=quick_gelu, force_preprocess_cfg=own, pretrained_text=False
            )
    except Exception as error:  # a wrong config can raise anything, depending on the architecture
        raise ModelError(f"encoder.model: {name} cannot be built ({_short(error)})") from error
    return model


def _tokenizer(name: str) -> Any:
    try:
        return open_clip.get_tokenizer(name)
    except Exception as error:  # some models fetch their tokeniser from a hub, or need another package
        raise ModelError(f"encoder.model: the tokeniser of {name} cannot be had ({_short(error)})") from error


def _load_file(model: nn.Module, file: Path, settings: Encoder) -> None:
    try:
        if _is_torchscript(file):
            state = torch.jit.load(file, map_location="cpu").state_dict()  # type: ignore[no-untyped-call]
            sizes = ("input_resolution", "context_length", "vocab_size")
            model.load_state_dict({key: value for key, value in state.items() if key not in sizes})
        else:
            open_clip.load_checkpoint(model, str(file), weights_only=True)
    except UnpicklingError as error:  # torch's own message advises to load the file anyway
        raise ModelError(
            f"{file}: damaged, or holds more than tensors and plain data; save its state_dict alone, or fetch it again"
        ) from error
    except Exception as error:  # zip, safetensors and torch each raise their own classes
        raise ModelError(
            f"{file}: not weights of {settings.model} ({_short(error)}); check encoder.model and encoder.pretrained"
        ) from error


def _is_torchscript(file: Path) -> bool:
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def _openai_entry(settings: Encoder, name: str, file: Path) -> dict[str, Any]:
    """open_clip's entry for one of OpenAI's TorchScript files.

    Raises ModelError for any other TorchScript file, and does not load it: TorchScript can run code.
    """
    with file.open("rb") as stream:
        sha = hashlib.file_digest(stream, "sha256").hexdigest()
    if sha not in open_clip.get_pretrained_url(name, "openai"):
        raise ModelError(
            f"{file}: a TorchScript program, and not the one OpenAI published for {settings.model}; name a file that "
            "holds only a state_dict"
        )
    entry: dict[str, Any] = open_clip.get_pretrained_cfg(name, "openai")
    return entry


def _says(settings: Encoder) -> str:
    name = Path(settings.model).stem if settings.model.endswith(".json") else encoder_identity.model_name(settings)
    if settings.pretrained == "random":
        return f"{name}, {encoder_identity.RANDOM} (seed {settings.seed})"
    file = encoder_identity.weights_file(settings)
    return f"{name}, weights of {file.name}" if file else f"{name}, {settings.pretrained} weights"


def _short(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    text = re.sub(r"^Error\(s\) in loading state_dict for \w+: ", "", text)
    return text if len(text) <= 200 else f"{text[:200]} …"


@contextmanager
def _without_random_warning() -> Iterator[None]:
    """Suppress open_clip's warning that a model has random weights.

    Weights are loaded after the model is built; where they are not, `description` says that they are random.
    """
    root = logging.getLogger()

    def keep(record: logging.LogRecord) -> bool:
        return "No pretrained weights loaded" not in record.getMessage()

    root.addFilter(keep)
    try:
        yield
    finally:
        root.removeFilter(keep)
