"""Phrasings, what the method says of itself, and what it refuses before anything is computed."""

from pathlib import Path
from typing import Any

import pytest

from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.configure import load
from zsstad_core.errors import SettingsError, UnfitHeadError
from zsstad_core.methods import registry
from zsstad_core.methods.actionclip.refusals import refuse
from zsstad_core.methods.actionclip.settings import Actionclip
from zsstad_core.methods.actionclip.texts import phrasings
from zsstad_core.methods.contract import Segments
from zsstad_core.settings.pipeline import Settings

PLACE = 'it must hold templates, each with {}, the place of the class\'s text ("{}" is the bare text)'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A settings file that leaves everything at its default."""
    path = tmp_path / "pipeline.yaml"
    path.write_text("head: actionclip\n")
    return path


def chosen(**changes: Any) -> Settings:
    return Settings.model_validate({"head": "actionclip", **changes})


def test_there_are_sixteen_templates_of_which_one_is_the_bare_name() -> None:
    templates = Actionclip().templates
    assert len(templates) == len(set(templates)) == 16
    assert templates.count("{}") == 1
    assert all(template.count("{}") == 1 for template in templates)


def test_each_class_has_its_name_under_every_template() -> None:
    of_classes = registry.method("actionclip").phrasings
    assert of_classes is not None
    found = of_classes(chosen(), [["brush hair"], ["catch"]])
    assert [len(of_class) for of_class in found] == [16, 16]
    assert found[0][0] == "a photo of action brush hair"
    assert found[1][7] == "catch"
    assert found[1][11] == "Can you recognize the action of catch?"


def test_several_texts_of_a_class_stand_under_each_template() -> None:
    found = phrasings(["{}", "a video of {}"], [["run", "sprint"], ["sit", "rest"]])
    assert found[0] == ["run", "sprint", "a video of run", "a video of sprint"]
    assert found[1] == ["sit", "rest", "a video of sit", "a video of rest"]


def test_a_class_with_more_texts_than_another_is_refused() -> None:
    with pytest.raises(UnfitHeadError) as error:
        phrasings(["{}"], [["run"], ["sit", "rest"]])
    assert str(error.value).startswith('encoder.texts: a class has 2 texts ("sit"), another 1 text ("run"); ')
    assert "\n" not in str(error.value)


def test_no_class_has_no_phrasing() -> None:
    assert phrasings(["{}"], []) == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("templates: ['{}', a photo]", f".templates is ['{{}}', 'a photo']; {PLACE}"),
        ("templates: []", f".templates is []; {PLACE}"),
        ("frames: 78", ".frames is 78; it must be less than or equal to 77"),
    ],
)
def test_settings_that_make_no_sense_are_refused_with_their_line(file: Path, line: str, message: str) -> None:
    file.write_text(f"head: actionclip\nheads:\n  actionclip:\n    {line}\n")
    with pytest.raises(SettingsError) as error:
        load(file)
    assert str(error.value) == f"{file}:4: heads.actionclip{message}"


def test_the_row_without_prompting_is_a_recipe(file: Path) -> None:
    assert load(file, recipe="actionclip-bare").heads.actionclip.templates == ["{}"]


def test_it_judges_clips_by_frames_of_segments_and_reads_phrasings() -> None:
    method = registry.method("actionclip")
    reads = method.reads(chosen(heads={"actionclip": {"frames": 16, "views": 3}}))
    assert (method.classifies, method.trains, reads.kinds, reads.texts) == (
        "clip",
        True,
        (TokenKind.frame,),
        {"phrasings"},
    )
    assert reads.segments == Segments(16, train="random", test="middle", views=3, short="repeat")


@pytest.mark.parametrize(("loss", "whole"), [("batch", True), ("classes", False)])
def test_a_batch_can_be_divided_unless_its_clips_are_compared(loss: str, whole: bool) -> None:
    assert registry.method("actionclip").whole_batch(chosen(heads={"actionclip": {"loss": loss}})) is whole


REFUSED = {
    "tokens of files": (
        {"encoder": {"tokens_from": "mine"}},
        "encoder.tokens_from is mine, whose text file has one token a class; ",
    ),
    "a template beside the templates": (
        {"encoder": {"template": "a video of {}."}},
        'encoder.template is "a video of {}."; actionclip fills its own templates: set encoder.template={}',
    ),
    "the best phrasing": ({"encoder": {"phrasings": "max"}}, "encoder.phrasings is max; "),
    "several actions a clip": ({"training": {"loss": "ava"}}, "heads.actionclip.loss is batch, which takes a clip to "),
    "one clip a step": ({"training": {"batch": 1}}, "training.batch is 1; with heads.actionclip.loss=batch a clip is "),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_it_cannot_run_under_is_one_line(case: str) -> None:
    changes, message = REFUSED[case]
    with pytest.raises(UnfitHeadError) as error:
        refuse(chosen(**changes))
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_what_it_can_run_under_is_not_refused() -> None:
    refuse(chosen())
    refuse(chosen(heads={"actionclip": {"loss": "classes"}}, training={"loss": "ava", "batch": 1}))


@pytest.mark.parametrize("dataset", ["jhmdb", "ucf101_24", "ava", "stickworld"])
def test_its_recipes_fit_their_datasets(file: Path, dataset: str) -> None:
    settings = load(file, choices={"dataset": dataset})
    refuse(settings)
    assert settings.training.iterations < 7_000 or dataset == "ava"


def test_the_published_protocol_is_the_recipe(file: Path) -> None:
    """Paper 002, tables 20 and 21."""
    for dataset, warmup in (("jhmdb", 700), ("ucf101_24", 1_000)):
        training = load(file, choices={"dataset": dataset}).training
        published = (training.iterations, training.lr, training.warmup, training.warmup_factor, training.batch)
        assert published == (1_000, 2e-4, warmup, 0.25, 8)
