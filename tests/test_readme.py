"""The README's commands are true: each is one that make knows, with settings that exist, and the small run runs."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.ask.made import write_film
from tests.checkout import checkout, shell
from tests.conftest import ROOT
from tests.end_to_end import made
from zsstad_core import configure

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", README, re.M | re.S)


def calls(block: str) -> list[list[str]]:
    """The words of each call of make in a block of shell commands."""
    script = f'make() {{ printf "%s\\0" make "$@"; }}\n{block}'
    done = subprocess.run(["bash", "-euc", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return [call.split("\0")[1:-1] for call in re.split(r"(?=make\0)", done.stdout) if call]


def test_there_are_commands() -> None:
    assert sum(len(calls(block)) for block in BLOCKS) >= 10


@pytest.mark.parametrize("block", BLOCKS)
def test_every_command_is_one_that_make_knows_with_settings_that_exist(block: str) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.M))
    variables = set(re.findall(r"^([A-Z_]+)\?=## ", makefile, re.M))
    for words in calls(block):
        named = dict(word.split("=", 1) for word in words if "=" in word)
        assert {word for word in words if "=" not in word} <= targets
        assert set(named) <= variables
        choices = {name.lower(): named[name] for name in ("DATASET", "SPLIT", "HEAD") if name in named}
        configure.load(
            ROOT / "pipeline.yaml", choices=choices, recipe=named.get("RECIPE", ""), overrides=named.get("SET", "")
        )


def test_every_file_that_the_readme_names_exists() -> None:
    named = re.findall(r"(?:docs|stages|zsstad_core)/[\w/]+\.(?:py|md)", README)
    assert named
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_what_make_test_ends_with_is_a_green_run() -> None:
    (line,) = text_after("in about 9 minutes, and ends with")
    assert re.fullmatch(r"\d{4,} passed, \d+ skipped(, \d+ warnings)? in [\d.]+s \(0:\d\d:\d\d\)", line)


@pytest.mark.slow
def test_the_small_run_prints_what_the_readme_shows(realdata: Path, tmp_path: Path) -> None:
    block = subprocess.run(
        [ROOT / ".ci" / "readme-block", "A small run"], capture_output=True, text=True, check=True
    ).stdout
    block = block.replace("FOLDER=../shared/realdata", f"FOLDER={realdata}")
    tree = checkout(tmp_path / "tree")
    done = shell(block, tree)

    shown = text_after("The last one prints")
    printed = done.stdout.splitlines()[-len(shown) :]
    assert [form(line) for line in printed] == [form(line) for line in shown]
    assert (tree / printed[-1]).is_file()


@pytest.mark.slow
def test_the_demo_prints_what_the_readme_shows(tmp_path: Path) -> None:
    tree = checkout(tmp_path / "tree")
    small = (
        "datasets.stickworld.train_clips=1 datasets.stickworld.test_clips=1 training.iterations=20 training.warmup=2"
    )
    done = shell(f'make demo SET="{small}"', tree)
    shown = text_after("It ends with")
    printed = done.stdout.splitlines()[-len(shown) :]
    assert [form(line) for line in printed] == [form(line) for line in shown]
    for picture in printed[-1].removeprefix("pictures: ").split(", "):
        assert (tree / picture).stat().st_size > 10_000


@pytest.mark.slow
@pytest.mark.timeout(14_400)
def test_the_commands_for_a_real_benchmark_do_what_the_readme_says(tmp_path: Path) -> None:
    """Word by word, on a small J-HMDB that lies where the README says, with small models in pipeline.yaml; but that the
    table has one seed, which is a third of a hundred processes."""
    tree = checkout(tmp_path / "tree")
    made.write_all(tree / "data/jhmdb")
    own = {**made.settings_of(Path("data/jhmdb")), "cache.root": "cache", "training.iterations": 8}
    write_settings(tree / "pipeline.yaml", {**own, "encoder.model": "tests/assets/tiny-clip.json"})
    steps, table, plans, oracle = (block_with(words) for words in ("make extract", "make table", "make plan", "oracle"))

    printed = shell(steps, tree).stdout.splitlines()
    metrics = json.loads((tree / printed[-1]).read_text())
    assert (metrics["dataset"], metrics["split"], metrics["head"]) == ("jhmdb", "2", "iclip")

    assert "SEEDS=3" in table
    printed = shell(table.replace("SEEDS=3", "SEEDS=1"), tree).stdout.splitlines()
    results = json.loads((tree / "results/jhmdb/iclip-all/table.json").read_text())
    assert {(run["split"], run["seed"]) for run in results["runs"] if run["head"] == "iclip"} == {
        (split, 2) for split in ("1", "2", "3", "4")
    }
    assert [line for line in printed if line.startswith("| **iclip**")], printed
    assert [line for line in printed if re.match(r"\| iCLIP .* 72\.81 \|", line)], printed  # paper 002, table 2

    printed = shell(plans, tree).stdout.splitlines()
    assert any(re.match(r"tokens-frame-\w+ +fresh", line) for line in printed), printed
    assert any("detector.person_score" in line for line in printed), printed

    printed = shell(oracle, tree).stdout.splitlines()
    assert json.loads((tree / printed[-1]).read_text())["head"] == "oracle"


@pytest.mark.slow
@pytest.mark.timeout(14_400)
def test_the_commands_for_looking_and_asking_do_what_the_readme_says(tmp_path: Path) -> None:
    tree = checkout(tmp_path / "tree")
    made.write_all(tree / "data/jhmdb")
    own = {**made.settings_of(Path("data/jhmdb")), "cache.root": "cache", "training.iterations": 8}
    few = {"datasets.stickworld.train_clips": 1, "datasets.stickworld.test_clips": 1}
    write_settings(tree / "pipeline.yaml", {**own, **few, "encoder.model": "tests/assets/tiny-clip.json"})
    report, ask, doctor = (block_with(f"make {target} ") for target in ("report", "ask", "doctor"))

    page = tree / shell(report, tree).stdout.splitlines()[-1]
    assert page.name == "index.html"
    assert "label split 1" in page.read_text()

    write_film(tree / "match.mp4", made.pictures("run/clip_b"), [40 * n for n in range(made.frames_of("run/clip_b"))])
    (tree / "my videos").mkdir()
    rendered = sorted((tree / "data/stickworld").rglob("*.mp4"))[-1]
    shutil.copy(rendered, tree / "my videos" / "one.mp4")
    (tree / "words.yaml").write_text("greet: [a person waves, hello]\nplay football: someone kicks a ball\n")
    written = [Path(line.removeprefix("ask: ")) for line in shell(ask, tree).stdout.splitlines() if "results/" in line]
    assert [path.name for path in written if path.suffix == ".mp4"] == ["match.annotated.mp4", "one.annotated.mp4"]
    assert all((tree / path).is_file() for path in written)

    # 2 is make's own code for a stage that has found something.
    assert "RANDOM" in shell(f"{doctor.strip()} || [ $? = 2 ]", tree).stdout


def block_with(words: str) -> str:
    """The one block of commands that holds these words and no setting of the small run."""
    (block,) = [block for block in BLOCKS if words in block and "SMALL=" not in block]
    return block


def write_settings(path: Path, changed: dict[str, object]) -> None:
    """Change values in a pipeline.yaml, as its user would."""
    settings = yaml.safe_load(path.read_text())
    for name, value in changed.items():
        *sections, last = name.split(".")
        section = settings
        for part in sections:
            section = section[part]
        section[last] = str(value) if isinstance(value, Path) else value
    path.write_text(yaml.safe_dump(settings, sort_keys=False))


def text_after(words: str) -> list[str]:
    """The lines of the block that follows some words of the README."""
    return README.split(f"{words}\n\n```text\n")[1].split("```")[0].splitlines()


def form(line: str) -> str:
    """A line without its numbers and keys, which depend on the machine."""
    return re.sub(r"\s*([0-9]+\.[0-9]+|\b[0-9]+\b|[0-9a-f]{16}|-)", " #", line)
