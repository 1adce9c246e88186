import json

import numpy as np
import open_clip
import pytest
import torch
from safetensors.torch import save_file

from tests.conftest import TINY_CLIP
from zsstad_core.errors import MissingFileError, ModelError, SettingsError
from zsstad_core.frozen import encoder_weights
from zsstad_core.frozen.encoder import Encoder
from zsstad_core.settings.frozen import Encoder as Settings

VIEWS = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)


def tiny(pretrained="random", model=TINY_CLIP, **changes):
    return Settings(model=str(model), pretrained=str(pretrained), **changes)


@pytest.fixture(scope="module")
def model():
    return encoder_weights.load(tiny(seed=7)).model


def as_state_dict(model, path):
    torch.save(model.state_dict(), path)


def as_training_checkpoint(model, path):
    torch.save({"epoch": 1, "state_dict": {f"module.{k}": v for k, v in model.state_dict().items()}}, path)


def as_safetensors(model, path):
    save_file({name: tensor.clone() for name, tensor in model.state_dict().items()}, path)


@pytest.mark.parametrize(
    ("save", "name"),
    [(as_state_dict, "clip.pt"), (as_training_checkpoint, "epoch_1.pt"), (as_safetensors, "clip.safetensors")],
)
def test_a_file_gives_the_tokens_of_the_model_that_was_saved(model, tmp_path, save, name):
    save(model, tmp_path / name)
    saved, original = Encoder(tiny(tmp_path / name), "cpu"), Encoder(tiny(seed=7), "cpu")
    assert saved.weights == original.weights
    assert saved.description == f"tiny-clip, weights of {name}"
    np.testing.assert_array_equal(saved.encode_views(VIEWS), original.encode_views(VIEWS))
    np.testing.assert_array_equal(saved.encode_texts(["catch"]), original.encode_texts(["catch"]))


class Malice:
    def __reduce__(self):
        return (print, ("run",))


@pytest.mark.fault(45)
@pytest.mark.parametrize(
    "content",
    [
        {"visual.conv1.weight": torch.zeros(3)},
        {},
        [1, 2],
        {"state_dict": {"visual.proj": Malice()}},
        encoder_weights.load(Settings(model=str(TINY_CLIP), pretrained="random")).model.visual.state_dict(),
    ],
    ids=["another model", "empty", "a list", "code", "one tower"],
)
def test_a_file_that_does_not_fit_is_refused_in_one_line(tmp_path, content, capsys):
    path = tmp_path / "wrong.pt"
    torch.save(content, path)
    with pytest.raises(ModelError, match=r"wrong\.pt: (not weights of|.*more than tensors)") as error:
        encoder_weights.load(tiny(path))
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 600
    assert "run" not in capsys.readouterr().out


@pytest.mark.fault(45)
@pytest.mark.parametrize("name", ["cut.pt", "cut.safetensors", "cut.bin"])
def test_a_damaged_file_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"PK\x03\x04 half a download")
    with pytest.raises(ModelError, match=r"cut\.\w+: (not weights of|damaged)"):
        encoder_weights.load(tiny(tmp_path / name))


def as_openai_published(model, path):
    """A TorchScript program whose state_dict is the model's and three sizes, as OpenAI's files are."""
    program = torch.nn.Module()
    sizes = {name: torch.tensor(1) for name in ("input_resolution", "context_length", "vocab_size")}
    for name, tensor in {**model.state_dict(), **sizes}.items():
        *folders, last = name.split(".")
        inner = program
        for folder in folders:
            if folder not in dict(inner.named_children()):
                inner.add_module(folder, torch.nn.Module())
            inner = inner.get_submodule(folder)
        inner.register_buffer(last, tensor)
    torch.jit.script(program).save(path)


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_a_torchscript_program_is_not_run_unless_openai_published_it(model, tmp_path, monkeypatch):
    path = tmp_path / "ViT-Tiny.pt"
    as_openai_published(model, path)
    with pytest.raises(ModelError, match="TorchScript program, and not the one OpenAI published"):
        encoder_weights.load(tiny(path))

    with path.open("rb") as file:
        sha = encoder_weights.hashlib.file_digest(file, "sha256").hexdigest()
    monkeypatch.setattr(open_clip, "get_pretrained_url", lambda name, tag: f"https://published/{sha}/ViT-Tiny.pt")
    monkeypatch.setattr(open_clip, "get_pretrained_cfg", lambda name, tag: {"quick_gelu": True})
    loaded = encoder_weights.load(tiny(path)).model
    assert encoder_weights.digest(loaded) == encoder_weights.digest(model)
    assert activations(loaded) == {"QuickGELU"}


def activations(model):
    return {type(m).__name__ for m in model.modules() if "GELU" in type(m).__name__}


def test_a_tag_brings_its_own_activation_and_normalisation(model, tmp_path, monkeypatch):
    as_state_dict(model, tmp_path / "clip.pt")
    entry = {"quick_gelu": True, "mean": (0.5, 0.4, 0.3), "std": (0.1, 0.2, 0.3), "interpolation": "bilinear"}
    monkeypatch.setattr(open_clip, "get_pretrained_cfg", lambda name, tag: entry if tag == "openai" else {})
    monkeypatch.setattr(open_clip, "download_pretrained", lambda cfg: str(tmp_path / "clip.pt"))
    tagged, plain = Encoder(tiny("openai"), "cpu"), Encoder(tiny(seed=7), "cpu")
    assert (tagged.mean, tagged.std, tagged.interpolation) == ((0.5, 0.4, 0.3), (0.1, 0.2, 0.3), "bilinear")
    assert tagged.description == "tiny-clip, openai weights"
    assert tagged.weights == plain.weights
    assert activations(tagged._model) == {"QuickGELU"}
    assert activations(plain._model) == {"GELU"}
    assert not np.array_equal(tagged.encode_texts(["catch"]), plain.encode_texts(["catch"]))


@pytest.mark.fault(45)
def test_openais_weights_are_known_to_want_quickgelu():
    # What the loader relies on: open_clip's table says it, although open_clip 3.3.0 only warns.
    for name in ("ViT-B-32", "ViT-B-16", "ViT-L-14", "ViT-B-16-quickgelu"):
        assert open_clip.get_pretrained_cfg(name, "openai")["quick_gelu"]


def test_a_local_file_for_a_model_of_two_activations_is_remarked(caplog, tmp_path):
    (tmp_path / "clip.pt").write_bytes(b"")
    with pytest.raises(ModelError):
        encoder_weights.load(Settings(model="RN50", pretrained=str(tmp_path / "clip.pt")))
    assert "encoder.model=RN50-quickgelu" in caplog.text


def resized(model, path, **changes):
    """The model's weights for another side of its views, or another length of its texts, at random."""
    state = model.state_dict()
    for name, positions in changes.items():
        name = name.replace("visual_", "visual.")
        state[name] = torch.randn(positions, state[name].shape[1])
    torch.save(state, path)


@pytest.mark.fault(64)
@pytest.mark.fault(45)
def test_positions_of_another_resolution_are_said_beside_every_result(model, tmp_path, caplog):
    """open_clip interpolates them, and says so to nobody."""
    side = model.visual.grid_size[0]
    resized(model, tmp_path / "wide.pt", visual_positional_embedding=(side + 3) ** 2 + 1)
    loaded = encoder_weights.load(tiny(tmp_path / "wide.pt"))
    note = f"interpolated from {side + 3} to {side} image positions a side"
    assert loaded.description == f"tiny-clip, weights of wide.pt, {note}"
    assert f"wide.pt: {note}, to fit" in caplog.text


def test_positions_of_longer_texts_are_said_too(model, tmp_path):
    length = model.context_length
    resized(model, tmp_path / "long.pt", positional_embedding=length + 20)
    note = f"interpolated from {length + 20} to {length} text positions"
    assert encoder_weights.load(tiny(tmp_path / "long.pt")).description == f"tiny-clip, weights of long.pt, {note}"


def test_weights_that_fit_are_remarked_with_no_word(model, tmp_path, caplog):
    as_state_dict(model, tmp_path / "clip.pt")
    assert encoder_weights.load(tiny(tmp_path / "clip.pt")).description == "tiny-clip, weights of clip.pt"
    assert caplog.text == ""


@pytest.mark.fault(64)
@pytest.mark.fault(45)
@pytest.mark.parametrize(
    ("name", "pixels"),
    [
        ("MobileCLIP-S1", r'datacompdr: \{"mean": \[0\.0, 0\.0, 0\.0\], .*"interpolation": "bilinear"'),
        ("ViT-B-16-SigLIP", r'webli: \{"mean": \[0\.5, 0\.5, 0\.5\], "std": \[0\.5, 0\.5, 0\.5\]\}'),
    ],
)
def test_a_local_file_is_not_read_with_openais_pixels_where_no_weights_were_trained_so(tmp_path, name, pixels):
    (tmp_path / "clip.pt").write_bytes(b"")
    with pytest.raises(ModelError, match=rf"clip\.pt: would be read with OpenAI's mean.*{pixels}.*preprocess_cfg"):
        encoder_weights._weights(Settings(model=name, pretrained=str(tmp_path / "clip.pt")), name)


def test_where_only_some_were_the_others_are_named(tmp_path, caplog):
    (tmp_path / "clip.pt").write_bytes(b"")
    encoder_weights._weights(Settings(model="ViT-L-14", pretrained=str(tmp_path / "clip.pt")), "ViT-L-14")
    assert "if these are weights laion2b_s32b_b82k of ViT-L-14" in caplog.text
    assert "mean [0.5, 0.5, 0.5] and std [0.5, 0.5, 0.5]" in caplog.text


def test_a_config_file_may_bring_its_own_preprocessing(tmp_path):
    own = {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "interpolation": "bilinear", "resize_mode": "squash"}
    path = tmp_path / "open_clip_config.json"
    path.write_text(json.dumps({"model_cfg": json.loads(TINY_CLIP.read_text()), "preprocess_cfg": own}))
    encoder = Encoder(tiny(model=path, crop="squash"), "cpu")
    assert (encoder.mean, encoder.std, encoder.interpolation) == ((0.5,) * 3, (0.5,) * 3, "bilinear")


def test_a_config_file_does_not_hide_open_clips_model_of_that_name(tmp_path):
    path = tmp_path / "ViT-B-16.json"
    path.write_text(TINY_CLIP.read_text())
    assert encoder_weights.load(tiny(model=path)).width == 64
    assert open_clip.get_model_config("ViT-B-16")["embed_dim"] == 512
    # and two files of one name are two models
    other = {**json.loads(TINY_CLIP.read_text()), "embed_dim": 32}
    path.write_text(json.dumps(other))
    assert encoder_weights.load(tiny(model=path)).width == 32


def test_a_config_that_cannot_be_built_is_refused(tmp_path):
    path = tmp_path / "odd.json"
    path.write_text(json.dumps({"embed_dim": 64, "vision_cfg": {"layers": "two"}, "text_cfg": {}}))
    with pytest.raises(ModelError, match="cannot be built"):
        encoder_weights.load(tiny(model=path))


def test_an_unknown_tag_is_refused_with_the_nearest():
    with pytest.raises(SettingsError, match=r'"opnai".*did you mean openai\?'):
        encoder_weights.load(Settings(pretrained="opnai"))
    with pytest.raises(SettingsError, match="this model has none"):
        encoder_weights.load(tiny("openai"))


def test_without_network_the_way_out_is_named(monkeypatch):
    def unreachable(entry):
        raise OSError("no route to host\nretrying")

    monkeypatch.setattr(open_clip, "download_pretrained", unreachable)
    with pytest.raises(MissingFileError) as error:
        encoder_weights.load(Settings(model="ViT-B-16", pretrained="openai"))
    text = str(error.value)
    assert "cannot be fetched (no route to host retrying)" in text
    assert "encoder.pretrained=FILE encoder.model=ViT-B-16-quickgelu" in text
