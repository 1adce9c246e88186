"""A mistake in the settings is one line that says where it stands, what is wrong, the rule and the way out."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.made_settings import load
from zsstad_core import configure
from zsstad_core.errors import MissingFileError, SettingsError, UserError
from zsstad_core.settings.recipes import RECIPES


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
        "SET=: head is {'temperature': 1}; it must be one of clip_frame, clip_crop, iclip, stclip, actionclip, oracle",
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
    for content in (b"split: \x01", b"split: 2024-99-99"):
        message = refusal(tmp_path, content)
        assert message.startswith("pipeline.yaml: not readable: ")
        assert "\n" not in message
    assert refusal(tmp_path, b"head: iclip\nsplit: \xff").startswith("pipeline.yaml:2: byte 0xff is not UTF-8")


def test_a_missing_file_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"p.yaml: no such settings file; `make settings` writes one"):
        configure.load(tmp_path / "p.yaml")
    with pytest.raises(MissingFileError):
        configure.load(tmp_path)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_no_text_in_set_ends_in_a_traceback(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "empty.yaml"
    file.touch()
    for overrides in (text, f"split={text}", f"encoder.template={text}"):
        with suppress(SettingsError):
            configure.load(file, overrides=overrides)


@pytest.mark.parametrize(
    ("text", "recipe", "message"),
    [
        ("", "yolox", "RECIPE=yolox is not a recipe; did you mean yolox-nano?"),
        ("", "zzz", f"RECIPE=zzz is not a recipe; there are {', '.join(sorted(RECIPES))}"),
        (
            "recipes: {r: {split: []}}",
            "r",
            "pipeline.yaml:1: recipe r: split is []; it must be the name of a label split, such as 2 or 50/50-0",
        ),
        (
            "recipes: {a: {encoder: pad}}",
            "a",
            'pipeline.yaml:1: recipe a: encoder is "pad"; it must be a section of settings',
        ),
    ],
)
def test_a_wrong_recipe_is_named(tmp_path: Path, text: str, recipe: str, message: str) -> None:
    assert refusal(tmp_path, text, recipe=recipe) == message


@pytest.mark.fault(57)
@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("{trainig: {lr: 1}}", "pipeline.yaml:3: recipe mine: trainig is not a setting; did you mean training?"),
        ("{training: {lr: high}}", 'pipeline.yaml:3: recipe mine: training.lr is "high"; it must be a number'),
        (
            "\n    encoder:\n      crop: padd",
            'pipeline.yaml:5: recipe mine: encoder.crop is "padd"; it must be one of clip, squash, pad '
            "(did you mean pad?)",
        ),
    ],
)
def test_a_mistake_in_a_recipe_that_nobody_chose_is_named_with_its_line(
    tmp_path: Path, recipe: str, message: str
) -> None:
    assert refusal(tmp_path, f"recipes:\n  whole: {{split: 2}}\n  mine: {recipe}") == message


def test_a_recipe_that_would_apply_by_itself_but_for_a_slip_is_named(tmp_path: Path) -> None:
    message = "pipeline.yaml:1: recipe iclip/jhmbd is of no method and dataset; did you mean iclip/jhmdb?"
    assert refusal(tmp_path, "recipes: {iclip/jhmbd: {split: 2}}") == message
    load(tmp_path, "recipes: {iclip/jhmdb: {split: 2}, runs/7: {split: 3}}")


def test_what_other_settings_may_make_right_in_a_recipe_is_no_mistake(tmp_path: Path) -> None:
    text = "training: {warmup: 5}\nrecipes: {short: {training: {iterations: 9}}}"
    assert load(tmp_path, text, recipe="short").training.iterations == 9
    assert load(tmp_path, text).training.warmup == 5


def test_a_dataset_to_train_on_that_there_is_not_is_named(tmp_path: Path) -> None:
    message = refusal(tmp_path, choices={"trained_on": "jhmbd"})
    assert message.startswith('trained_on: dataset is "jhmbd"; it must be one of ')
    assert message.endswith("(did you mean jhmdb?)")
