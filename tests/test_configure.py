"""How a Settings comes about: defaults, file, recipes, choices and SET=, each over the one before."""

from pathlib import Path
from typing import get_args

import pytest

from tests.made_settings import load
from zsstad_core import configure
from zsstad_core.datasets import DATASETS
from zsstad_core.methods import registry
from zsstad_core.settings.pipeline import Settings

FILE = """\
head: clip_crop
training:
  lr: 1e-3
  momentum: 0.5
recipes:
  clip_crop/jhmdb:
    training: {lr: 1.0, momentum: 0.6, batch: 16}
  iclip/jhmdb:
    training: {weight_decay: 1.0}
  long:
    training: {lr: 2.0, iterations: 9000}
  other:
    head: iclip
"""


@pytest.mark.parametrize("text", ["", "# split: 2\n", "{}"])
def test_an_empty_file_means_the_defaults(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text) == Settings()


@pytest.mark.parametrize("number", ["2e-4", "2E-4", "2.e-4", "0.0002", "2.0e-4", "+2e-4"])
def test_a_number_is_a_number_however_it_is_written(tmp_path: Path, number: str) -> None:
    assert load(tmp_path, f"training: {{lr: {number}}}").training.lr == 2e-4
    assert load(tmp_path, overrides=f"training.lr={number}").training.lr == 2e-4


@pytest.mark.parametrize(
    ("overrides", "template"),
    [
        ("encoder.template={}", "{}"),
        ("encoder.template='a video of {}.'", "a video of {}."),
        ("encoder.template='two  spaces: {}'", "two  spaces: {}"),
        ('encoder.template="it\'s {}"', "it's {}"),
        ("encoder.template='a=b {}'", "a=b {}"),
        ("encoder.template='\"5\"'", "5"),
    ],
)
def test_quotes_in_set_keep_a_value_together(tmp_path: Path, overrides: str, template: str) -> None:
    assert load(tmp_path, overrides=f"split=2 {overrides} training.batch=4").encoder.template == template


def test_an_empty_value_unsets_what_may_be_empty(tmp_path: Path) -> None:
    text = "datasets: {jhmdb: {clips_per_class: 3}}"
    assert load(tmp_path, text, overrides="datasets.jhmdb.clips_per_class=").datasets.jhmdb.clips_per_class is None


def test_set_reaches_into_a_section_of_which_all_lines_are_commented_out(tmp_path: Path) -> None:
    assert load(tmp_path, "encoder:\n  # crop: clip", overrides="encoder.crop=pad").encoder.crop == "pad"


# ---- layers, each over the one before


def test_the_recipe_of_head_and_dataset_stands_above_the_file(tmp_path: Path) -> None:
    training = load(tmp_path, FILE).training
    assert (training.lr, training.momentum, training.batch) == (1.0, 0.6, 16)
    assert training.weight_decay == Settings().training.weight_decay  # the recipe of another head


def test_a_chosen_recipe_stands_above_that(tmp_path: Path) -> None:
    training = load(tmp_path, FILE, recipe="long").training
    assert (training.lr, training.momentum, training.iterations) == (2.0, 0.6, 9000)


def test_set_stands_above_all(tmp_path: Path) -> None:
    settings = load(
        tmp_path, FILE, recipe="long", choices={"head": "clip_crop", "split": "3"}, overrides="training.lr=3 split=4"
    )
    assert (settings.training.lr, settings.training.momentum, settings.split) == (3, 0.6, "4")


def test_a_head_that_is_asked_for_stands_above_that_of_a_recipe(tmp_path: Path) -> None:
    assert load(tmp_path, FILE, recipe="other").head == "iclip"
    assert load(tmp_path, FILE, recipe="other", choices={"head": "oracle"}).head == "oracle"


@pytest.mark.parametrize(
    "asked", [{"choices": {"head": "iclip"}}, {"overrides": "head=iclip"}, {"recipe": "other"}], ids=str
)
def test_the_recipe_that_applies_by_itself_is_that_of_the_head_that_runs(
    tmp_path: Path, asked: dict[str, object]
) -> None:
    training = load(tmp_path, FILE, **asked).training
    assert (training.weight_decay, training.batch) == (1.0, Settings().training.batch)


def test_a_value_is_judged_with_the_recipe_it_will_run_with(tmp_path: Path) -> None:
    text = "recipes: {iclip/jhmdb: {training: {iterations: 9000}}}"
    assert load(tmp_path, text, overrides="training.warmup=8000").training.warmup == 8000


@pytest.mark.parametrize("recipe", Settings().recipes)
def test_every_recipe_that_we_ship_can_be_chosen(tmp_path: Path, recipe: str) -> None:
    changed = load(tmp_path, recipe=recipe)
    assert changed.model_dump() != Settings().model_dump()


def test_the_command_line_is_heard_in_full(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(FILE)
    words = ["--settings", str(tmp_path / "p.yaml"), "--dataset", "jhmdb", "--split", "2", "--head", "iclip"]
    options = configure.arguments("").parse_args([*words, "--recipe", "long", "--set", "encoder.crop=pad"])
    settings = configure.from_arguments(options)
    assert (settings.split, settings.head, settings.encoder.crop) == ("2", "iclip", "pad")
    assert settings.training.iterations == 9000


@pytest.mark.parametrize("split", ["2", "50/50-0", "without-brush_hair", "a folder/mine.yaml:two"])
def test_the_name_of_a_split_arrives_as_it_was_typed(tmp_path: Path, split: str) -> None:
    assert load(tmp_path, choices={"split": split}).split == split
    assert load(tmp_path, overrides=f"split='{split}'").split == split


# ---- training on another dataset


CROSS = """\
recipes:
  jhmdb: {training: {batch: 3}}
  iclip/jhmdb: {training: {lr: 0.5}}
  stickworld: {training: {batch: 5}}
"""


def test_a_head_that_is_trained_elsewhere_is_trained_under_the_recipes_of_that_dataset(tmp_path: Path) -> None:
    choices = {"dataset": "stickworld", "split": "all-unseen", "trained_on": "jhmdb"}
    tested = load(tmp_path, CROSS, choices=choices, overrides="training.momentum=0.1 trained_on.split=2")
    trained = tested.training_settings()
    assert (tested.dataset, tested.split, tested.training.batch) == ("stickworld", "all-unseen", 5)
    assert (trained.dataset, trained.split, trained.trained_on.dataset) == ("jhmdb", "2", None)
    assert (trained.training.batch, trained.training.lr, trained.training.momentum) == (3, 0.5, 0.1)


def test_a_stage_can_be_run_for_the_dataset_that_is_trained_on(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(CROSS)
    words = ["--settings", str(tmp_path / "p.yaml"), "--set", "dataset=stickworld trained_on.dataset=jhmdb"]
    for flag, dataset in (([], "stickworld"), (["--training-plan"], "jhmdb")):
        assert configure.from_arguments(configure.arguments("").parse_args([*words, *flag])).dataset == dataset


# ---- what the words of the settings mean elsewhere


def test_a_head_that_can_be_chosen_is_one_that_there_is() -> None:
    assert set(get_args(Settings.model_fields["head"].annotation)) == set(registry.names())


def test_a_dataset_that_can_be_chosen_is_one_that_there_is() -> None:
    assert set(get_args(Settings.model_fields["dataset"].annotation)) == set(DATASETS)
