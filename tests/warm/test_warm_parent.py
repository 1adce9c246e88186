"""A stage in a child of the warm parent does what it does in a process of its own, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import plain_environment
from tests.warm.running import Make, gone, one_make, until

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="there is no warm parent without Linux's pidfd")


@pytest.fixture(scope="module")
def shared() -> Iterator[Make]:
    """A make whose warm parent runs already; nobody kills it."""
    with one_make() as make:
        assert make.parent != os.getpid()
        yield make


@pytest.fixture
def make() -> Iterator[Make]:
    with one_make() as make:
        assert make.parent != os.getpid()
        yield make


@pytest.fixture
def waiting(make: Make, tmp_path: Path) -> tuple["subprocess.Popen[str]", int]:
    """A client, and the number of its stage, which waits to be killed."""
    file = tmp_path / "number"
    client = make.start(f"here:{file}")
    until(lambda: file.exists() and file.read_text().endswith("\n"))
    return client, int(file.read_text())


@pytest.mark.parametrize(
    "words",
    [
        ("out:one", "err:two", "out:three"),
        ("in",),
        ("out:before", "exit:7"),
        ("out:before", "refuse:a.b is 1; it must be 2"),
        ("variable:HOME", "variable:GOMP_SPINCOUNT"),
        ("bug:no",),
    ],
)
def test_a_stage_prints_and_ends_as_in_a_process_of_its_own(shared: Make, words: tuple[str, ...]) -> None:
    warm, cold = shared.run(*words, stdin="a line\n"), shared.run(*words, stdin="a line\n", WARM="")
    assert (warm.returncode, warm.stdout) == (cold.returncode, cold.stdout)
    assert warm.stderr.splitlines()[-1:] == cold.stderr.splitlines()[-1:]


def test_stages_share_one_parent_and_are_not_children_of_their_clients(shared: Make) -> None:
    assert shared.parent == shared.parent != os.getpid()


def test_another_environment_has_a_process_of_its_own(shared: Make) -> None:
    client = shared.start("parent", "variable:OMP_NUM_THREADS", OMP_NUM_THREADS="7")
    out, _ = client.communicate()
    assert out.splitlines() == [str(os.getpid()), "7"]  # it is this test's own child, and not the warm parent's


def test_what_make_adds_to_the_environment_makes_no_difference(shared: Make) -> None:
    names = "WARM SPLIT SET HEAD"
    added = {"ZSSTAD_VARIABLES": names, "MAKEFLAGS": "rR", "MAKELEVEL": "2", "SPLIT": "2", "SET": "a.b=c d.e=f"}
    assert shared.run("parent", "variable:SPLIT", **added).stdout.splitlines() == [str(shared.parent), "2"]


def test_what_an_import_breaks_is_seen_as_without_a_warm_parent(shared: Make) -> None:
    words = ["-I", "-S", "zsstad_core/warm/client.py", "tests.warm.no_such_stage"]
    ends = [
        subprocess.run(
            [sys.executable, *words], env=plain_environment() | {"WARM": number}, capture_output=True, text=True
        )
        for number in (shared.number, "")
    ]
    assert ends[0].returncode == ends[1].returncode == 1
    assert ends[0].stderr == ends[1].stderr
    assert "no_such_stage" in ends[0].stderr


def test_several_run_at_once(make: Make, tmp_path: Path) -> None:
    clients = [make.start(f"here:{tmp_path / name}") for name in "abc"]
    until(lambda: all((tmp_path / name).exists() and (tmp_path / name).read_text() for name in "abc"))
    for client in clients:
        client.send_signal(signal.SIGTERM)
    assert [client.wait() for client in clients] == [143] * 3


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_to_the_client_reaches_the_stage_once(waiting, number: int, code: int) -> None:
    client, stage = waiting
    client.send_signal(number)
    _, err = client.communicate()
    assert (client.returncode, err) == (code, "stopped; finished units are kept, the same command goes on from here\n")
    assert gone(stage)


def test_a_client_ends_as_its_stage_was_killed(waiting) -> None:
    client, stage = waiting
    os.kill(stage, signal.SIGKILL)
    assert client.wait() == -signal.SIGKILL


def test_with_its_client_a_stage_is_killed(waiting) -> None:
    client, stage = waiting
    client.kill()
    until(lambda: gone(stage))


def test_with_the_warm_parent_all_stages_are_killed_and_the_next_one_runs_alone(make: Make, waiting) -> None:
    client, stage = waiting
    os.kill(make.parent, signal.SIGKILL)
    assert client.wait() == -signal.SIGKILL
    until(lambda: gone(stage))
    assert make.run("out:on").stdout == "on\n"
    assert make.sockets
    make.kill()
    with one_make() as other:
        assert other.parent != os.getpid()
    assert not make.sockets  # the next one has removed what a killed one left


def test_when_make_is_killed_the_stage_is_asked_to_stop_and_nothing_stays(make: Make, waiting) -> None:
    client, stage = waiting
    parent = make.parent
    make.kill()
    _, err = client.communicate()
    assert (client.returncode, err.count("stopped;")) == (143, 1)
    until(lambda: gone(parent) and gone(stage) and not make.sockets)


def test_a_reader_that_is_gone_ends_a_stage_in_silence(shared: Make) -> None:
    client = shared.start(*(f"out:{number}" for number in range(20_000)))
    assert client.stdout is not None
    client.stdout.close()
    assert client.stderr is not None
    assert client.stderr.read() == ""
    assert client.wait() == 141
