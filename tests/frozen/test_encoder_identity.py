import hashlib
import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import TINY_CLIP
from zsstad_core.datasets import ucf101_24
from zsstad_core.errors import MissingFileError, ModelError, SettingsError, UserError
from zsstad_core.frozen import encoder_identity
from zsstad_core.frozen.encoder_identity import class_texts, image_identity, model_config, text_identity
from zsstad_core.settings.frozen import Encoder


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def both(**fields):
    settings = Encoder(**fields)
    return image_identity(settings, digest), text_identity(settings, digest)


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "weights.pt"
    path.write_bytes(b"one")
    return path


@pytest.mark.parametrize(
    "change",
    [
        {"model": "ViT-B-32"},
        {"model": str(TINY_CLIP)},
        {"pretrained": "laion2b_s34b_b88k"},
        {"pretrained": "random"},
        {"precision": "bf16"},
    ],
)
def test_what_moves_tokens_gives_other_tokens_another_name(change):
    (image, text), (changed_image, changed_text) = both(), both(**change)
    assert image != changed_image
    assert text != changed_text


def test_the_crop_renames_tokens_of_frames_but_not_of_texts():
    assert both(crop="pad")[0] != both()[0]
    assert both(crop="pad")[1] == both()[1]


@pytest.mark.parametrize(
    "change",
    [
        {"batch": 7},
        {"seed": 5},  # the weights are not random here
        {"model": "ViT-B/16"},
        {"pretrained": "OpenAI"},
        {"template": "a photo of {}", "underscores": "space"},  # decides the texts, which the plan names itself
    ],
)
def test_what_does_not_move_tokens_does_not_recompute_them(change):
    assert both(**change) == both()


def test_the_seed_names_random_weights():
    assert both(pretrained="random", seed=1) != both(pretrained="random", seed=2)


def test_files_are_named_by_content_not_by_path(tmp_path, weights):
    first = both(model=str(TINY_CLIP), pretrained=str(weights))
    moved_config, moved_weights = tmp_path / "other.json", tmp_path / "other.pt"
    moved_config.write_bytes(TINY_CLIP.read_bytes())
    moved_weights.write_bytes(b"one")
    assert both(model=str(moved_config), pretrained=str(moved_weights)) == first
    moved_weights.write_bytes(b"two")
    assert both(model=str(moved_config), pretrained=str(moved_weights)) != first
    assert str(tmp_path) not in json.dumps(first)


@pytest.mark.fault(17)
def test_libraries_are_part_of_the_name():
    image, text = both()
    assert set(image["versions"]) == set(text["versions"]) == {"open_clip_torch", "torch"}
    assert image["pillow"]
    assert image["versions"]["torch"].count(".") == 1  # not the patch release, not the build
    mobile, mobile_text = both(model="MobileCLIP-S1")
    assert "timm" in mobile["versions"]
    assert "timm" not in mobile_text["versions"]


def test_a_mistyped_model_is_refused_before_anything_is_computed():
    with pytest.raises(SettingsError, match=r'"ViT-B16".*did you mean ViT-B-16\?'):
        both(model="ViT-B16")


@pytest.mark.parametrize(("field", "value"), [("model", "no/such.json"), ("pretrained", "no/such.pt")])
def test_a_missing_file_is_named(field, value):
    with pytest.raises(MissingFileError, match=f'encoder.{field} is "{value}"'):
        both(**{field: value})


@pytest.mark.parametrize("content", ["{", "[1]", '{"embed_dim": 64}', '{"model_cfg": 3}'])
def test_a_file_that_is_no_model_config_is_refused(tmp_path, content):
    path = tmp_path / "model.json"
    path.write_text(content)
    with pytest.raises(ModelError, match=r"model\.json(: not a model config|:1: .*; a model config must be JSON)"):
        model_config(Encoder(model=str(path)))


def test_classes_become_sentences():
    classes = ["brush_hair", "catch"]
    assert class_texts(classes, Encoder()) == classes
    assert class_texts(classes, Encoder(underscores="space")) == ["brush hair", "catch"]
    photo = Encoder(template="a_b {}", underscores="space")
    assert class_texts(classes, photo) == ["a_b brush hair", "a_b catch"]
    with pytest.raises(SettingsError, match="place of the class name"):
        class_texts(classes, Encoder(template="an action"))


@pytest.mark.fault(65)
@pytest.mark.skipif(find_spec("transformers") is not None, reason="transformers is installed")
@pytest.mark.parametrize(
    ("model", "named"), [("ViT-B-16-SigLIP", "timm/ViT-B-16-SigLIP"), ("coca_roberta-ViT-B-32", "roberta-base")]
)
@pytest.mark.parametrize("identity", [image_identity, text_identity])
def test_a_tokeniser_of_another_package_is_refused_when_planning(identity, model, named):
    rule = rf"encoder\.model is {model}; its tokeniser \({named}\) needs the package transformers.*uv pip install"
    with pytest.raises(ModelError, match=rule):
        identity(Encoder(model=model, pretrained="random"), lambda path: "")


CLASSES = ["brush_hair", "catch"]


def test_a_class_is_read_by_its_text_where_it_has_one():
    assert class_texts(CLASSES, Encoder(texts={"catch": "catch_a ball"}, underscores="space")) == [
        "brush hair",
        "catch_a ball",  # a text is read as it stands
    ]
    several = Encoder(texts={"catch": ["catch", "a ball is caught"]}, template="a video of {}")
    assert class_texts(CLASSES, several) == [
        "a video of brush_hair",
        ["a video of catch", "a video of a ball is caught"],
    ]


def test_texts_from_a_file_are_those_that_it_shows(tmp_path):
    file = tmp_path / "texts.yaml"
    file.write_text("catch:\n- no\n- 1_0\nbrush_hair: 'combing: hair'\n")
    assert class_texts(CLASSES, Encoder(texts=str(file))) == ["combing: hair", ["no", "1_0"]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("catch: a\nbrush hair: b", r":2: brush hair: not among the classes \(did you mean brush_hair\?\)"),
        ("catch: a\ncatch: b", r":2: catch stands twice \(first in line 1\)"),
        ("brush_hair: a\ncatch: a", ":2: brush_hair and catch are given the same texts"),
        ("catch: brush_hair", ":1: brush_hair and catch are given the same texts"),
        ("catch: []", ":1: catch: a text, or a list of texts, is due here"),
        ("catch: {a: b}", ":1: catch: a text, or a list of texts, is due here"),
        ("- catch", ": no class texts"),
        ("catch: [", ":1: not valid YAML"),
    ],
)
def test_a_wrong_file_of_texts_is_refused_with_its_line(tmp_path, text, words):
    (tmp_path / "t.yaml").write_text(text)
    with pytest.raises(UserError, match=rf"t\.yaml{words}"):
        class_texts(CLASSES, Encoder(texts=str(tmp_path / "t.yaml")))


def test_the_readable_names_of_ucf101_24_are_of_its_classes():
    file = Path(encoder_identity.__file__).parent / "texts" / "ucf101_24.yaml"
    texts = class_texts(ucf101_24.CLASSES, Encoder(texts=str(file)))
    assert [text.replace(" ", "") for text in texts] == [name.lower() for name in ucf101_24.CLASSES]
    assert texts[ucf101_24.CLASSES.index("WalkingWithDog")] == "walking with dog"
