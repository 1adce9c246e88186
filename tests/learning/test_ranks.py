"""Training in several processes: the weights of one process with the same batches, one voice, and one end for all."""

import multiprocessing
import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from stages.train import train_head
from tests.learning.made_cache import extract, made_plan, write_dataset
from tests.learning.ranks import average, second_fails, train_in_two
from tests.learning.runs import run
from zsstad_core.errors import SettingsError, UserError
from zsstad_core.learning import launch
from zsstad_core.learning.launch import run_ranks
from zsstad_core.learning.rank import Rank

PLAIN = {"dropout": 0.0}
"""Without dropout, of which every process draws its own."""


@pytest.fixture(autouse=True)
def _one_thread() -> object:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes are forked from a server that has imported everything (`runs`), where each would import it alone."""
    monkeypatch.setattr(launch, "_context", multiprocessing.get_context("forkserver"))


def far_apart(one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    """The largest difference of any weight, as a share of that tensor's largest weight."""
    assert one.keys() == other.keys()
    return max(float((one[name] - other[name]).abs().max() / one[name].abs().max().clamp(min=1)) for name in one)


@pytest.mark.usefixtures("prepared")
@pytest.mark.parametrize("changes", [{"batch": 5}, {"batch": 2, "optimiser": "adamw", "lr": 1e-3, "clip_norm": 0.5}])
def test_two_processes_train_the_weights_of_one(changes: dict[str, Any], tmp_path: Path) -> None:
    """Their parts hold 3 and 2 frames, or 1 and 1, and unequally many persons."""
    alone = run(tmp_path / "one", iclip=PLAIN, **changes)
    assert far_apart(alone, train_in_two(tmp_path / "two", iclip=PLAIN, **changes)) < 2e-5
    assert far_apart(alone, run(tmp_path / "other", iclip=PLAIN, seed=3, **changes)) > 1e-3  # what the bound is worth


@pytest.mark.usefixtures("prepared")
def test_only_the_first_process_writes(tmp_path: Path) -> None:
    lines: list[str] = []
    train_in_two(tmp_path, lines.append)
    assert [line.split(",")[0] for line in lines] == ["0: train: 5/12", "0: train: 10/12", "0: train: 12/12"]
    assert {path.name for path in tmp_path.iterdir()} == {"iter_8.pth", "iter_12.pth", "log"}
    assert len(list((tmp_path / "log").iterdir())) == 1


@pytest.mark.usefixtures("prepared")
def test_a_killed_training_of_two_processes_is_one_line_and_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    """With dropout: each process draws its own again."""
    undisturbed = train_in_two(tmp_path / "undisturbed")
    killed = r"^training process 1 of 2 was killed \(SIGKILL; memory\?\); the same command goes on from the last check"
    with pytest.raises(UserError, match=killed):
        train_in_two(tmp_path / "run", dies_at="train: 6/", log_every=1)
    lines: list[str] = []
    weights = train_in_two(tmp_path / "run", lines.append)
    assert lines[0] == "0: train: going on from iter_4.pth"
    assert all(torch.equal(weights[name], undisturbed[name]) for name in weights)


@pytest.mark.usefixtures("prepared")
def test_a_training_goes_on_with_another_number_of_processes(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="was killed"):
        train_in_two(tmp_path / "run", dies_at="train: 6/", iclip=PLAIN, log_every=1)
    assert far_apart(run(tmp_path / "run", iclip=PLAIN), run(tmp_path / "one", iclip=PLAIN)) < 2e-5


@pytest.mark.usefixtures("prepared")
def test_a_loss_that_is_not_finite_ends_all_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^train: the loss is (nan|inf) at iteration \d+ of 12; lower training\.lr"):
        train_in_two(tmp_path, lr=1e30)


@pytest.mark.usefixtures("prepared")
def test_the_stage_trains_in_as_many_processes_as_the_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dataset(tmp_path)
    settings: dict[str, Any] = {"heads.iclip.dropout": 0.0, "heads.iclip.blocks": "POCM", "training.iterations": 4}
    settings |= {"training.warmup": 0, "training.lr": 0.01, "training.clip_norm": 1.0}
    extract(made_plan(tmp_path, **settings))

    def weights(processes: int) -> dict[str, Tensor]:
        plan = made_plan(tmp_path, **settings, **{"training.processes": processes})
        shutil.rmtree(plan.runs, ignore_errors=True)
        found: dict[str, Tensor] = torch.load(BytesIO(train_head(plan).files["head.pt"]), weights_only=True)
        return found

    alone, launched = weights(1), list[int]()
    monkeypatch.setattr(launch, "run_ranks", lambda count, *rest: launched.append(count) or run_ranks(count, *rest))
    assert far_apart(alone, weights(2)) < 2e-5
    assert launched == [2]


@pytest.mark.usefixtures("prepared")
@pytest.mark.parametrize("rows", [(3, 2), (0, 4), (0, 0)])
def test_each_part_counts_by_its_rows(rows: tuple[int, int]) -> None:
    loss, (both, one, none) = run_ranks(2, "cpu", average, rows)
    numbers = np.arange(sum(rows))
    mean, share = (numbers.mean(), rows[1] / sum(rows)) if sum(rows) else (0.0, 0.0)
    assert loss.item() == pytest.approx(2.0 * mean + 3.0 * share)
    assert both is not None
    assert both.item() == pytest.approx(mean)
    assert one is not None  # of the first process too, which has none of its own
    assert one.item() == pytest.approx(share)
    assert none is None


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_parts_are_a_batch_cut_into_pieces(count: int) -> None:
    batch = np.arange(100, 108)
    parts = [Rank(number, count).part(batch) for number in range(count)]
    assert np.concatenate(parts).tolist() == batch.tolist()
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize(
    ("kind", "error", "says"),
    [
        ("a full disk", OSError, r"No space left on device: 'iter_4\.pth'$"),
        ("a kill", UserError, r"^training process 2 of 2 was killed \(SIGKILL"),
        ("a bug", RuntimeError, "AssertionError: a bug of ours"),
    ],
)
@pytest.mark.usefixtures("prepared")
def test_when_one_process_fails_all_end_with_its_error(kind: str, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        run_ranks(2, "cpu", second_fails, kind)


def test_of_a_mistake_there_is_one_line_and_none_of_those_that_were_left_waiting(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(UserError, match=r"^clip_7\.avi: does not decode$"):
        run_ranks(2, "cpu", second_fails, "a user's mistake")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("device", "says"),
    [
        ("cuda:1", "training.processes is 2, and each takes a GPU, but device is cuda:1; set device=cuda"),
        ("cuda", "training.processes is 2, and each takes a GPU; this host has 1: lower it"),
    ],
)
def test_gpus_that_there_are_not_are_refused(device: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(SettingsError, match=f"^{says}$"):
        run_ranks(2, device, average, (1, 1))
