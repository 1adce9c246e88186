"""How a Settings comes about: layers, and refusals that say where, what, the rule and the way out in one line each."""

from contextlib import suppress
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsstad_core import configure
from zsstad_core.datasets import DATASETS
from zsstad_core.errors import MissingFileError, SettingsError, UserError
from zsstad_core.methods import registry
from zsstad_core.settings.pipeline import Settings
from zsstad_core.settings.recipes import RECIPES

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


def load(folder: Path, text: str | bytes = "", **asked: object) -> Settings:
    file = folder / "pipeline.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return configure.load(file, **asked)  # type: ignore[arg-type]


def refusal(folder: Path, text: str | bytes = "", **asked: object) -> str:
    with pytest.raises(UserError) as refused:
        load(folder, text, **asked)
    return str(refused.value).replace(f"{folder}/", "")


IN_THE_FILE = [
    # An unknown name: the nearest, the same name elsewhere, or what there is.
    ("encoder:\n  crops: pad", "pipeline.yaml:2: encoder.crops is not a setting; did you mean encoder.crop?"),
    ("\ncrop: pad", "pipeline.yaml:2: crop is not a setting; did you mean encoder.crop?"),
    (
        "evaluation: {a: 1}",
        "pipeline.yaml:1: evaluation.a is not a setting; there are evaluation.frames, evaluation.iou, "
        "evaluation.protocol, evaluation.video_iou",
    ),
    # The wrong type.
    ("training:\n  batch: x", 'pipeline.yaml:2: training.batch is "x"; it must be an integer'),
    ("training:\n  batch: 8.5", "pipeline.yaml:2: training.batch is 8.5; it must be an integer"),
    ("training:\n  lr: yes", "pipeline.yaml:2: training.lr is true; it must be a number"),
    ("encoder:\n  model: 16", "pipeline.yaml:2: encoder.model is 16; it must be a string"),
    ("split: [1]", "pipeline.yaml:1: split is [1]; it must be the name of a label split, such as 2 or 50/50-0"),
    (
        "encoder: {texts: {run: []}}",
        "pipeline.yaml:1: encoder.texts is {'run': []}; it must be a mapping of class names "
        "to a text or a list of texts, or the path of a YAML file with one",
    ),
    ("encoder: [pad]", "pipeline.yaml:1: encoder is ['pad']; it must be a section of settings"),
    ("encoder:\n  # crop: pad\nsplit: 2", "pipeline.yaml:1: encoder is empty; it must be a section of settings"),
    ("recipes: {a: 3}", "pipeline.yaml:1: recipes.a is 3; it must be a section of settings"),
    # A value that cannot be.
    ("split:", "pipeline.yaml:1: split is empty; it must be the name of a label split, such as 2 or 50/50-0"),
    ("training:\n  lr: .inf", "pipeline.yaml:2: training.lr is inf; it must be a finite number"),
    ("heads: {iclip: {blocks: X}}", "pipeline.yaml:1: heads.iclip.blocks is \"X\"; it must match pattern '^[POCM]*$'"),
    (
        "datasets:\n  jhmdb:\n    clips_per_class: 0",
        "pipeline.yaml:3: datasets.jhmdb.clips_per_class is 0; it must be greater than or equal to 1",
    ),
    # None of the words that may stand there.
    (
        "encoder:\n  crop: squashed",
        'pipeline.yaml:2: encoder.crop is "squashed"; it must be one of clip, squash, pad (did you mean squash?)',
    ),
    ("encoder: {crop: x}", 'pipeline.yaml:1: encoder.crop is "x"; it must be one of clip, squash, pad'),
    (
        "datasets:\n  jhmdb:\n    official_split: 4",
        "pipeline.yaml:3: datasets.jhmdb.official_split is 4; it must be one of 1, 2, 3",
    ),
    # Not what YAML is.
    ("split: 1\nsplit: 2", "pipeline.yaml:2: split stands twice; keep one"),
    ("encoder:\n  crop: pad\n  crop: pad", "pipeline.yaml:3: encoder.crop stands twice; keep one"),
    ("split: 1\nhead: [", "pipeline.yaml:2: not valid YAML: expected the node content, but found '<stream end>'"),
    ("split: 1\n\thead: x", "pipeline.yaml:2: not valid YAML: found character '\\t' that cannot start any token"),
    ("head: !head iclip", "pipeline.yaml:1: not valid YAML: could not determine a constructor for the tag '!head'"),
    ("split: 1\n---\nsplit: 2", "pipeline.yaml:2: not valid YAML: but found another document"),
    ("- split", "pipeline.yaml: holds no settings; write them as `key: value`, sections indented"),
    ("iclip", "pipeline.yaml: holds no settings; write them as `key: value`, sections indented"),
]


@pytest.mark.parametrize(("text", "message"), IN_THE_FILE)
def test_a_mistake_in_the_file_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(tmp_path, text) == message


IN_SET = [
    ("encoder.crop", 'SET="encoder.crop": write it as key=value, for example encoder.crop=pad'),
    ("=pad", 'SET="=pad": write it as key=value, for example encoder.crop=pad'),
    ("a='b", 'SET="a=\'b": No closing quotation; quote values with spaces in single quotes'),
    ("lr=1", "SET=: lr is not a setting; did you mean detector.finetune.lr or training.lr?"),
    ("encoderr.crop=pad", "SET=: encoderr is not a setting; did you mean encoder?"),
    (
        "head.temperature=1",
        "SET=: head is {'temperature': 1}; it must be one of clip_frame, clip_crop, iclip, stclip, oracle",
    ),
    ("training.momentum=2", "SET=: training.momentum is 2; it must be less than 1"),
    (
        "training.optimiser=adam",
        'SET=: training.optimiser is "adam"; it must be one of sgd, adamw (did you mean adamw?)',
    ),
    ("training.clip_norm=0", "SET=: training.clip_norm is 0; it must be greater than 0"),
    ("training.final_lr_factor=1.5", "SET=: training.final_lr_factor is 1.5; it must be less than or equal to 1"),
    (
        "training.schedule=cosine training.iterations=700",
        "SET=: training.schedule is cosine; nothing is left of iterations (700) after warmup (700): lower warmup, or "
        "train longer",
    ),
    (
        "training.processes=9",
        "SET=: training.processes is 9; it must be at most batch (8): each takes a part of a batch",
    ),
    ("encoder.template=", "SET=: encoder.template is empty; it must be a string"),
    ("training=5", "SET=: training is 5; it must be a section of settings"),
]


@pytest.mark.parametrize(("overrides", "message"), IN_SET)
def test_a_mistake_in_set_is_named_as_such(tmp_path: Path, overrides: str, message: str) -> None:
    assert refusal(tmp_path, overrides=overrides) == message


def test_a_value_is_no_section(tmp_path: Path) -> None:
    message = "SET=: encoder.crop.x is not a setting; encoder.crop is a value, not a section"
    assert refusal(tmp_path, "encoder: {crop: pad}", overrides="encoder.crop.x=1") == message


def test_every_mistake_is_told_at_once_one_line_each(tmp_path: Path) -> None:
    lines = refusal(tmp_path, "split: true\nhed: iclip", choices={"dataset": "jhmbd"}).split("\n")
    assert [line.strip() for line in lines] == [
        'DATASET=: dataset is "jhmbd"; it must be one of jhmdb, ucf101_24, ava, folder, stickworld '
        "(did you mean jhmdb?)",
        "pipeline.yaml:1: split is true; it must be the name of a label split, such as 2 or 50/50-0",
        "pipeline.yaml:2: hed is not a setting; did you mean head?",
    ]


@pytest.mark.parametrize(
    ("text", "overrides", "where"),
    [
        ("training:\n  iterations: 500", "", "pipeline.yaml:2"),
        ("", "training.iterations=500", "SET="),
        ("training:\n  warmup: 600", "training.iterations=500", "SET= and pipeline.yaml:2"),
    ],
)
def test_a_warmup_longer_than_the_training_names_both_places(
    tmp_path: Path, text: str, overrides: str, where: str
) -> None:
    message = refusal(tmp_path, text, overrides=overrides)
    warmup = 600 if "600" in text else 700
    assert message == (
        f"{where}: training.warmup is {warmup}; it must be at most iterations (500): lower it, or train longer"
    )


def test_bytes_that_are_no_text_are_refused_in_one_line(tmp_path: Path) -> None:
    for content in (b"split: \xff", b"split: \x01", b"split: 2024-99-99"):
        message = refusal(tmp_path, content)
        assert message.startswith("pipeline.yaml: not readable: ")
        assert "\n" not in message


def test_a_missing_file_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"p.yaml: no such settings file; `make settings` writes one"):
        configure.load(tmp_path / "p.yaml")
    with pytest.raises(MissingFileError):
        configure.load(tmp_path)


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


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_no_text_in_set_ends_in_a_traceback(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "empty.yaml"
    file.touch()
    for overrides in (text, f"split={text}", f"encoder.template={text}"):
        with suppress(SettingsError):
            configure.load(file, overrides=overrides)


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


@pytest.mark.parametrize(
    ("text", "recipe", "message"),
    [
        ("", "yolox", "RECIPE=yolox is not a recipe; did you mean yolox-nano?"),
        ("", "zzz", f"RECIPE=zzz is not a recipe; there are {', '.join(sorted(RECIPES))}"),
        (
            "recipes: {r: {split: []}}",
            "r",
            "recipe r: split is []; it must be the name of a label split, such as 2 or 50/50-0",
        ),
        ("recipes: {a: {encoder: pad}}", "a", 'recipe a: encoder is "pad"; it must be a section of settings'),
    ],
)
def test_a_wrong_recipe_is_named(tmp_path: Path, text: str, recipe: str, message: str) -> None:
    assert refusal(tmp_path, text, recipe=recipe) == message


@pytest.mark.parametrize("recipe", Settings().recipes)
def test_every_recipe_that_we_ship_can_be_chosen(tmp_path: Path, recipe: str) -> None:
    changed = load(tmp_path, recipe=recipe)
    assert changed.content() != Settings().content()


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
    for flag, dataset in (([], "stickworld"), (["--source"], "jhmdb")):
        assert configure.from_arguments(configure.arguments("").parse_args([*words, *flag])).dataset == dataset


def test_a_dataset_to_train_on_that_there_is_not_is_named(tmp_path: Path) -> None:
    message = refusal(tmp_path, choices={"trained_on": "jhmbd"})
    assert message.startswith('trained_on: dataset is "jhmbd"; it must be one of ')
    assert message.endswith("(did you mean jhmdb?)")


# ---- what the words of the settings mean elsewhere


def test_a_head_that_can_be_chosen_is_one_that_there_is() -> None:
    assert set(get_args(Settings.model_fields["head"].annotation)) == set(registry.names())


def test_a_dataset_that_can_be_chosen_is_one_that_there_is() -> None:
    assert set(get_args(Settings.model_fields["dataset"].annotation)) == set(DATASETS)
