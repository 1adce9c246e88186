"""What a checkpoint's folder may hold when a training begins. What a kill leaves is in test_resume."""

from pathlib import Path

import torch

from tests.learning.runs import run
from zsstad_core.learning.checkpoints import Checkpoints


def write_earlier(folder: Path, iteration: int) -> None:
    """A checkpoint as mmengine wrote it."""
    folder.mkdir(exist_ok=True)
    content = {
        "meta": {"iter": iteration, "epoch": 0, "identity": {"settings": {}}},
        "state_dict": {"head.blocks.0.norm.weight": torch.ones(2)},
        "optimizer": {"state": {}, "param_groups": []},
        "param_schedulers": [],
        "message_hub": {},
    }
    torch.save(content, folder / f"iter_{iteration}.pth")
    (folder / "last_checkpoint").write_text(str(folder / f"iter_{iteration}.pth"))


def test_checkpoints_of_earlier_versions_are_one_line_and_the_training_starts_anew(tmp_path: Path) -> None:
    for iteration in (4, 8):
        write_earlier(tmp_path / "run", iteration)
    lines: list[str] = []
    weights, undisturbed = run(tmp_path / "run", lines.append), run(tmp_path / "undisturbed")
    assert all(torch.equal(weights[name], undisturbed[name]) for name in weights)
    assert [line for line in lines if "earlier" in line] == lines[:1]
    assert lines[0] == f"train: {tmp_path / 'run'} held checkpoints of an earlier version; removed, starting anew"
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"iter_8.pth", "iter_12.pth", "log"}


def test_the_two_newest_are_kept_and_the_newest_is_found(tmp_path: Path) -> None:
    module = torch.nn.Linear(2, 2)
    sgd = torch.optim.SGD(module.parameters(), lr=0.1)
    checkpoints = Checkpoints(tmp_path, {"settings": 1}, lambda line: None)
    for done in (9, 10, 11, 100):  # names that do not sort as numbers
        checkpoints.write(done, module, sgd)
        newest = checkpoints.newest()
        assert newest is not None
        assert newest.name == f"iter_{done}.pth"
    assert {path.name for path in tmp_path.iterdir()} == {"iter_11.pth", "iter_100.pth"}
