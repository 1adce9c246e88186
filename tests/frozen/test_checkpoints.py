"""Checkpoints from elsewhere: read whole, never run, and only if they are what their name promises."""

import hashlib
import os
import threading
from collections import OrderedDict
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch

from zsstad_core.errors import MissingFileError, ModelError
from zsstad_core.frozen.detector.mmdet import checkpoints

WEIGHTS = {"backbone.conv.weight": torch.arange(6.0).reshape(2, 3), "head.bias": torch.ones(2)}


class Runs:
    """An object whose unpickling calls `function(*arguments)`."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def save(path: Path, content: object, **how) -> Path:
    torch.save(content, path, **how)
    return path


@pytest.mark.parametrize("zipped", [True, False])  # torch before 1.6 (as mmdet's of 2020) did not zip
@pytest.mark.parametrize(
    ("content", "classes"),
    [
        (WEIGHTS, None),
        ({"state_dict": WEIGHTS, "meta": {"CLASSES": ("person", "cat")}}, ("person", "cat")),
        ({"state_dict": WEIGHTS, "meta": {"dataset_meta": {"CLASSES": ["person"]}}}, ("person",)),
        ({"state_dict": WEIGHTS, "meta": {"dataset_meta": {"classes": ("dog", "person")}}}, ("dog", "person")),
        ({"state_dict": OrderedDict(("module." + name, w) for name, w in WEIGHTS.items())}, None),
    ],
)
def test_weights_and_class_names_are_read_from_every_generation_of_checkpoints(tmp_path, content, classes, zipped):
    path = save(tmp_path / "weights.pth", content, _use_new_zipfile_serialization=zipped)
    checkpoint = checkpoints.read(path)
    assert checkpoint.classes == classes
    assert checkpoint.weights.keys() == WEIGHTS.keys()
    assert all(torch.equal(checkpoint.weights[name], WEIGHTS[name]) for name in WEIGHTS)


def test_versions_of_modules_reach_load_state_dict(tmp_path):
    model = torch.nn.Sequential(torch.nn.BatchNorm2d(2))
    checkpoint = checkpoints.read(save(tmp_path / "weights.pth", {"state_dict": model.state_dict()}))
    assert checkpoint.weights._metadata["0"] == {"version": 2}


def test_a_checkpoint_that_mmengines_runner_saved_is_read(tmp_path):
    from mmengine.logging import MessageHub

    hub = MessageHub.get_instance("test_a_checkpoint_that_mmengines_runner_saved_is_read")
    for loss in (0.5, 0.25):
        hub.update_scalar("train/loss", loss)
    hub.update_info("best_score", np.float64(0.4))
    content = {
        "meta": {"epoch": 1, "iter": 2, "seed": 0, "dataset_meta": {"CLASSES": ("person",), "PALETTE": [(0, 0, 0)]}},
        "state_dict": WEIGHTS,
        "message_hub": hub.state_dict(),
        "optimizer": torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], 0.1, momentum=0.9).state_dict(),
    }
    path = save(tmp_path / "epoch_1.pth", content)
    assert torch.serialization.get_unsafe_globals_in_checkpoint(path)  # by itself torch refuses it
    allowed = set(torch.serialization.get_safe_globals())
    assert checkpoints.read(path).classes == ("person",)
    assert set(torch.serialization.get_safe_globals()) == allowed


@pytest.mark.parametrize("zipped", [True, False])
def test_a_checkpoint_that_runs_a_command_is_refused_and_not_run(tmp_path, zipped):
    evil = {"state_dict": WEIGHTS, "meta": Runs(os.mkdir, str(tmp_path / "owned"))}
    path = save(tmp_path / "evil.pth", evil, _use_new_zipfile_serialization=zipped)
    with pytest.raises(ModelError, match=r"evil\.pth: wants to call posix\.mkdir, and a checkpoint may hold") as error:
        checkpoints.read(path)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "owned").exists()


def test_getattr_in_a_checkpoint_reaches_nothing(tmp_path):
    # getattr(getattr, "__self__") is the module builtins: with it any function's name could be bound to eval.
    evil = {"state_dict": WEIGHTS, "meta": {"dataset_meta": {"classes": Runs(getattr, getattr, "__self__")}}}
    checkpoint = checkpoints.read(save(tmp_path / "evil.pth", evil))
    assert checkpoint.classes is None


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"\x80\x02}q\x00.", None])
def test_a_file_that_is_no_checkpoint_is_one_line(tmp_path, content):
    path = save(tmp_path / "weights.pth", WEIGHTS)
    path.write_bytes(path.read_bytes()[:-200] if content is None else content)
    with pytest.raises(ModelError, match=r"weights\.pth: (is|holds)") as error:
        checkpoints.read(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [{"model": WEIGHTS}, [1, 2], {}, {"state_dict": {"a": 1}}])
def test_a_checkpoint_without_a_state_dict_is_refused(tmp_path, content):
    with pytest.raises(ModelError, match="holds no state_dict"):
        checkpoints.read(save(tmp_path / "weights.pth", content))


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def served(tmp_path, monkeypatch):
    """(a folder, the address it is served at, what was asked for); torch's hub folder lies elsewhere."""
    folder = tmp_path / "served"
    folder.mkdir()
    asked = []

    class Handler(Quiet):
        def do_GET(self):
            asked.append(self.path)
            super().do_GET()

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def test_a_url_is_fetched_once_and_its_hash_checked(served):
    folder, address, asked = served
    path = save(folder / "weights.pth", WEIGHTS)
    named = path.rename(folder / f"tiny_coco_20200130-{checkpoints.digest(path)[:8]}.pth")
    for _ in range(2):
        fetched = checkpoints.fetch(f"{address}/{named.name}")
        assert fetched.read_bytes() == named.read_bytes()
    assert asked == [f"/{named.name}"]


@pytest.mark.fault(69)
@pytest.mark.fault(45)
def test_two_urls_of_one_name_are_two_files(served):
    folder, address, _ = served
    for name in ("one", "two"):
        (folder / name).mkdir(parents=True)
        (folder / name / "model.pth").write_bytes(name.encode())
    fetched = {name: checkpoints.fetch(f"{address}/{name}/model.pth") for name in ("one", "two")}
    assert {name: path.read_bytes() for name, path in fetched.items()} == {"one": b"one", "two": b"two"}


@pytest.mark.fault(45)
def test_a_fetched_file_that_is_not_what_its_name_promises_is_refused(served):
    folder, address, _ = served
    save(folder / "tiny-0123abcd.pth", WEIGHTS)
    with pytest.raises(ModelError, match=r"SHA-256 begins with [0-9a-f]{8}, its name promises 0123abcd"):
        checkpoints.fetch(f"{address}/tiny-0123abcd.pth")


def test_a_url_that_is_gone_names_the_place_to_put_the_file(served):
    _, address, _ = served
    with pytest.raises(
        ModelError, match=r"gone\.pth cannot be fetched \(.*404.*put the file at .*checkpoints/\w{16}/gone\.pth"
    ):
        checkpoints.fetch(f"{address}/gone.pth")


def test_a_local_file_is_taken_relative_to_the_working_directory(tmp_path, monkeypatch):
    save(tmp_path / "best-20240101.pth", WEIGHTS)  # eight digits that are no hash
    monkeypatch.chdir(tmp_path)
    assert checkpoints.fetch("best-20240101.pth") == Path("best-20240101.pth")
    with pytest.raises(MissingFileError, match=r"no file gone\.pth"):
        checkpoints.fetch("gone.pth")


def test_the_digest_is_the_files_sha256(tmp_path):
    (tmp_path / "x").write_bytes(b"abc" * 100_000)
    assert checkpoints.digest(tmp_path / "x") == hashlib.sha256(b"abc" * 100_000).hexdigest()
