"""A killed training ends with the same weights, to the bit, as one that was left alone."""

from pathlib import Path
from typing import Any

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor

from tests.learning.runs import killed_run, run
from zsstad_core.errors import CacheError


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> object:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tensor]:
    return run(tmp_path_factory.mktemp("undisturbed"))


def assert_same_bits(a: dict[str, Tensor], b: dict[str, Tensor]) -> None:
    assert list(a) == list(b)
    assert all(a[name].numpy().tobytes() == b[name].numpy().tobytes() for name in a)


@pytest.mark.fault(49)
@pytest.mark.parametrize(
    ("moment", "going_on_from"),
    [
        ("between checkpoints", "iter_4.pth"),
        ("half of a checkpoint written", "iter_4.pth"),
        ("checkpoint renamed, nothing after it", "iter_8.pth"),
    ],
)
def test_a_training_killed(moment: str, going_on_from: str, tmp_path: Path, undisturbed: dict[str, Tensor]) -> None:
    killed_run(moment, tmp_path)
    lines: list[str] = []
    assert_same_bits(run(tmp_path, lines.append), undisturbed)
    assert lines[0] == f"train: going on from {going_on_from}"
    assert sorted(path.name for path in tmp_path.glob("*.pth")) == ["iter_12.pth", "iter_8.pth"]
    assert not list(tmp_path.glob(".*"))


@pytest.mark.fault(49)
@pytest.mark.parametrize("damage", ["truncated", "a flipped bit", "empty", "not a checkpoint"])
def test_a_damaged_newest_checkpoint_costs_the_way_from_the_one_before(
    damage: str, tmp_path: Path, undisturbed: dict[str, Tensor]
) -> None:
    run(tmp_path)
    newest = tmp_path / "iter_12.pth"
    content = bytearray(newest.read_bytes())
    match damage:
        case "truncated":
            content = content[: len(content) // 2]
        case "a flipped bit":
            content[len(content) // 2] ^= 1
        case "empty":
            content = bytearray()
        case "not a checkpoint":
            content = bytearray(b"hello")
    newest.write_bytes(content)
    lines: list[str] = []
    assert_same_bits(run(tmp_path, lines.append), undisturbed)
    assert "iter_12.pth is damaged" in lines[0]
    assert lines[1] == "train: going on from iter_8.pth"


def test_a_finished_training_is_not_repeated(tmp_path: Path, undisturbed: dict[str, Tensor]) -> None:
    run(tmp_path)
    lines: list[str] = []
    assert_same_bits(run(tmp_path, lines.append), undisturbed)
    assert lines == ["train: going on from iter_12.pth"]


def test_checkpoints_and_log_lines_do_not_change_the_weights(tmp_path: Path, undisturbed: dict[str, Tensor]) -> None:
    assert_same_bits(run(tmp_path, checkpoint_every=5, log_every=1), undisturbed)


@pytest.mark.parametrize(
    "changes", [{"optimiser": "adamw", "lr": 1e-3}, {"schedule": "cosine", "clip_norm": 0.1}], ids=["adamw", "cosine"]
)
def test_a_training_that_goes_on_is_the_same_to_the_bit(changes: dict[str, Any], tmp_path: Path) -> None:
    """Whatever the optimiser keeps, and whatever the schedule asks for."""
    undisturbed = run(tmp_path / "undisturbed", **changes)
    run(tmp_path / "run", **changes)
    (tmp_path / "run" / "iter_12.pth").unlink()
    lines: list[str] = []
    assert_same_bits(run(tmp_path / "run", lines.append, **changes), undisturbed)
    assert lines[0] == "train: going on from iter_8.pth"


def test_points_of_a_stopped_training_do_not_stand_twice(tmp_path: Path) -> None:
    def stop(line: str) -> None:
        if line.startswith("train: 6/"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, stop, log_every=1)
    run(tmp_path, log_every=1)  # goes on from the fourth iteration
    events = EventAccumulator(str(tmp_path / "log"))
    events.Reload()
    assert [event.step for event in events.Scalars("loss")] == list(range(1, 13))


def test_another_seed_trains_other_weights(tmp_path: Path, undisturbed: dict[str, Tensor]) -> None:
    assert any((weight != undisturbed[name]).any() for name, weight in run(tmp_path, seed=3).items())


def test_checkpoints_of_other_settings_are_refused(tmp_path: Path) -> None:
    run(tmp_path)
    with pytest.raises(CacheError, match=r"iter_12\.pth: is of another training \(different: settings\); remove"):
        run(tmp_path, lr=0.01)


def test_checkpoints_of_other_rates_of_the_head_are_refused(tmp_path: Path) -> None:
    """The momentum in the checkpoint comes from steps of other sizes."""
    run(tmp_path)
    with pytest.raises(CacheError, match=r"iter_12\.pth: is of another training \(different: rates\); remove"):
        run(tmp_path, iclip={"block_lr_factor": 1.0})
