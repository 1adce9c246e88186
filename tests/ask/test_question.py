"""VIDEO= and LABELS= as people write them, and what is refused in one line."""

from argparse import Namespace
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from zsstad_core import configure
from zsstad_core.ask.question import labels_of, name_of, read_question, videos_of
from zsstad_core.errors import DataError, MissingFileError, SettingsError
from zsstad_core.plan.makefile import write_choices
from zsstad_core.settings.pipeline import Settings


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with some files that are called videos."""
    monkeypatch.chdir(tmp_path)
    for name in ("match.mp4", "my holiday, day 2.mov", "clips/a.avi", "clips/b.mkv", "clips/notes.md", "x/match.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def options(**given: str) -> Namespace:
    names = [*configure.CHOICES, "recipe", "overrides", "video", "labels"]
    chosen = {**dict.fromkeys(names, ""), "video": "match.mp4", "labels": "wave, clap", **given}
    return Namespace(**chosen, settings=str(ROOT / "pipeline.yaml"), training_plan=False)


def settings_of(**given: str) -> Settings:
    return configure.from_arguments(read_question(options(**given)).options)


# ---- VIDEO=


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("match.mp4", ["match.mp4"]),
        ("my holiday, day 2.mov", ["my holiday, day 2.mov"]),
        ("match.mp4, clips/a.avi", ["match.mp4", "clips/a.avi"]),
        ("match.mp4 clips/a.avi", ["match.mp4", "clips/a.avi"]),
        ("'my holiday, day 2.mov' match.mp4", ["my holiday, day 2.mov", "match.mp4"]),
        ("clips/*", ["clips/a.avi", "clips/b.mkv", "clips/notes.md"]),
        ("match.mp4,clips", ["match.mp4", "clips/a.avi", "clips/b.mkv"]),
    ],
)
def test_videos_are_found_however_they_are_written(here: Path, text: str, names: list[str]) -> None:
    if "'my" in text:
        (here / "my holiday, day 2.mov").rename(here / "my holiday.mov")
        text, names = "'my holiday.mov' match.mp4", ["my holiday.mov", "match.mp4"]
    assert videos_of(text) == [Path(name) for name in names]


def test_a_folder_stays_a_folder_and_a_list_names_files_from_here_or_from_where_it_is(here: Path) -> None:
    assert videos_of("clips") == Path("clips")
    (here / "clips/list.txt").write_text("match.mp4\n\na.avi\nmy holiday, day 2.mov\n")
    assert videos_of("clips/list.txt") == [Path("match.mp4"), Path("clips/a.avi"), Path("my holiday, day 2.mov")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"VIDEO= names no video; give a file, several"),
        ("mach.mp4", r"VIDEO=mach\.mp4: mach\.mp4: no such file or folder"),
        ("match.mp4, gone.mp4", r"gone\.mp4: no such file"),
        ("clips/*.webm", r"clips/\*\.webm: no such file"),
    ],
)
def test_a_video_that_is_not_there_is_named(here: Path, text: str, message: str) -> None:
    with pytest.raises((SettingsError, MissingFileError), match=message):
        videos_of(text)


def test_a_line_of_a_list_that_is_no_file_is_named_with_its_number(here: Path) -> None:
    (here / "list.txt").write_text("match.mp4\ngone.mp4\n")
    with pytest.raises(MissingFileError, match=r"list\.txt:2: gone\.mp4: no such file"):
        videos_of("list.txt")


def test_the_answer_is_called_as_what_was_asked_about(here: Path) -> None:
    assert name_of(videos_of("match.mp4")) == "match"
    assert name_of(videos_of("clips")) == "clips"
    assert name_of(videos_of("match.mp4 clips")) == "match-and-2-more"


def test_names_arrive_as_settings_of_the_folder_whatever_is_in_them(here: Path) -> None:
    strange = 'it\'s $5 [a], "b".mp4'
    (here / strange).write_text("")
    folder = settings_of(video=strange, labels="opening a door, 100%, true").datasets.folder
    assert folder.videos == [strange]
    assert folder.labels == ["opening a door", "100%", "true"]


def test_an_annotation_of_the_settings_has_no_say(here: Path) -> None:
    assert settings_of(overrides="datasets.folder.annotation=boxes.csv").datasets.folder.annotation is None


# ---- LABELS=


def test_labels_may_stand_in_a_file_a_line_each(here: Path) -> None:
    (here / "words.txt").write_text("# of the match\njuggle a ball\n\nrun, then jump\n")
    assert labels_of("words.txt").names == ["juggle a ball", "run, then jump"]
    assert settings_of(labels="words.txt").datasets.folder.labels == ["juggle a ball", "run, then jump"]


def test_labels_may_have_texts_in_a_yaml_file(here: Path) -> None:
    (here / "words.yaml").write_text("juggle: [a person juggles, a ball on a foot]\nwave: a raised hand\n")
    settings = settings_of(labels="words.yaml")
    assert settings.datasets.folder.labels == ["juggle", "wave"]
    assert settings.datasets.folder.texts == "words.yaml"
    (here / "list.yaml").write_text("- juggle\n- 'no'\n")
    assert labels_of("list.yaml").names == ["juggle", "no"]
    assert labels_of("list.yaml").texts is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"LABELS= names no action"),
        (" , ", r"LABELS= names no action"),
        ("wave", r"LABELS= names one action, wave; name two or more"),
        ("wave, clap, Wave", r"LABELS= names the same action twice: wave and Wave"),
        ("sit down, sit_down", r"the same action twice: sit down and sit_down"),
        ("gone.yaml", r"LABELS=gone\.yaml: no such file"),
    ],
)
def test_no_label_one_label_and_equal_labels_are_refused(here: Path, text: str, message: str) -> None:
    with pytest.raises((SettingsError, MissingFileError), match=message):
        labels_of(text)


def test_a_label_longer_than_any_name_of_a_file_and_one_that_begins_with_a_tilde_are_labels(here: Path) -> None:
    names = ["very " * 90 + "slow", "~nobody here"]
    assert labels_of(", ".join(names)).names == names
    with pytest.raises(MissingFileError, match="no such file or folder"):
        videos_of("~nobody/" + "x" * 400)


def test_an_empty_file_of_labels_and_a_wrong_entry_are_named(here: Path) -> None:
    (here / "none.txt").write_text("# nothing\n")
    with pytest.raises(SettingsError, match=r"none\.txt names no action"):
        labels_of("none.txt")
    (here / "list.yaml").write_text("- wave\n- [clap]\n")
    with pytest.raises(DataError, match=r"list\.yaml:2: a name is due here"):
        labels_of("list.yaml")


# ---- heads


def test_without_a_word_a_baseline_answers_and_with_another_dataset_its_head(here: Path) -> None:
    assert settings_of().head == "clip_crop"
    assert settings_of(trained_on="stickworld").head == "iclip"
    assert settings_of(trained_on="stickworld", head="stclip").head == "stclip"


def test_a_trained_head_brings_its_encoder_and_detector_along(here: Path) -> None:
    asked_of = settings_of(trained_on="stickworld", split="1")
    trained = asked_of.training_settings()
    assert (trained.dataset, trained.split, asked_of.split) == ("stickworld", "1", "all-unseen")
    for section in ("encoder", "detector"):
        assert getattr(asked_of, section).content() == getattr(trained, section).content()
    assert asked_of.encoder.model == "demo/models/clip.json"


def test_a_detector_of_ones_own_comes_along_with_its_options(here: Path) -> None:
    own = {"kind": "my_detector:KIND", "options": {"weights": "my weights.pth", "side": 3, "name": "7"}}
    recipes = {"stickworld": {"detector": own}}
    (here / "own.yaml").write_text(yaml.safe_dump({"recipes": recipes}))
    given = Namespace(**{**vars(options(trained_on="stickworld", split="1")), "settings": "own.yaml"})
    detector = configure.from_arguments(read_question(given).options).detector
    assert (detector.kind, detector.options) == (own["kind"], own["options"])


def test_its_own_settings_come_along_too(here: Path) -> None:
    stclip = settings_of(trained_on="ava", head="stclip")
    assert stclip.heads.stclip == stclip.training_settings().heads.stclip
    assert stclip.heads.stclip.prompt_tokens == "interest"
    assert stclip.encoder.model == "ViT-L-14"


def test_what_is_set_goes_before_what_comes_along(here: Path) -> None:
    assert settings_of(trained_on="stickworld", overrides="detector.person_score=0.4").detector.person_score == 0.4


def test_a_recipe_counts_for_the_folder_and_for_the_training(here: Path) -> None:
    settings = settings_of(recipe="yolox-nano", trained_on="jhmdb")
    assert (
        settings.detector.config == settings.training_settings().detector.config == "yolox/yolox_nano_8xb8-300e_coco.py"
    )


def test_texts_of_the_labels_are_none_of_the_training_dataset(here: Path) -> None:
    (here / "words.yaml").write_text("juggle: a person juggles\nwave: a raised hand\n")
    settings = settings_of(labels="words.yaml", trained_on="stickworld")
    assert settings.encoder.texts is settings.training_settings().encoder.texts is None


def test_another_dataset_and_the_oracle_are_refused(here: Path) -> None:
    with pytest.raises(SettingsError, match="for a head that was trained on jhmdb say TRAINED_ON=jhmdb"):
        read_question(options(dataset="jhmdb"))
    with pytest.raises(SettingsError, match="HEAD=oracle knows the answer from an annotation"):
        read_question(options(head="oracle"))


def test_a_label_split_without_the_dataset_of_a_training_is_refused(here: Path) -> None:
    with pytest.raises(SettingsError, match=r"^SPLIT=2: of make ask, SPLIT= is .* name its dataset with TRAINED_ON="):
        read_question(options(split="2"))


def test_lines_in_a_variable_are_names_as_lines_of_a_file_are(here: Path) -> None:
    assert labels_of("sit down\nwave, clap\n").names == ["sit down", "wave", "clap"]
    (here / "a day.mov").write_text("")
    assert videos_of("a day.mov\nmatch.mp4\n") == [Path("a day.mov"), Path("match.mp4")]


def test_the_command_of_a_stage_says_the_same_as_the_question(here: Path) -> None:
    """Through the file that make's rules name, and back."""
    question = read_question(options(video="my holiday, day 2.mov", labels="it's $5, clap", recipe="yolox-nano"))
    parsed = configure.arguments("").parse_args([write_choices(question.options)])
    assert configure.from_arguments(parsed) == configure.from_arguments(question.options)
