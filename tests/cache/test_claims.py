"""A unit is made by one process at a time; what holds a claim is a process that lives."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from zsstad_core.cache.artifact import Artifact, Group
from zsstad_core.cache.claims import claim, tidy
from zsstad_core.cache.stages import DETECT, INDEX

GROUP = Group({"a": "1"}, ("a",))

HOLDER = """
import signal, sys
from pathlib import Path
from zsstad_core.cache.artifact import Artifact, Group
from zsstad_core.cache.claims import claim
from zsstad_core.cache.stages import INDEX
with claim(Group({"a": "1"}, ("a",)), [Artifact(Path(sys.argv[1]), INDEX, {}, {"a": "1"})]) as ours:
    print(len(ours), flush=True)
    signal.pause()
"""


@pytest.fixture
def artifacts(tmp_path: Path) -> list[Artifact]:
    made = [Artifact(tmp_path, stage, {}, GROUP.members) for stage in (INDEX, DETECT)]
    for artifact in made:
        artifact.begin()
    return made


@pytest.fixture
def holder(artifacts: list[Artifact]) -> "Iterator[subprocess.Popen[str]]":
    """A process that holds the claim on index."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(artifacts[0].root)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "1\n"
    yield process
    process.kill()
    process.wait()


def locks(artifacts: list[Artifact]) -> list[Path]:
    return [lock for artifact in artifacts for lock in artifact.path.glob(".*.lock")]


def publish(artifact: Artifact) -> None:
    with artifact.publish(GROUP) as folder:
        (folder / "file").write_text("")


def test_a_claim_gives_what_is_lacking_and_leaves_nothing(artifacts: list[Artifact]) -> None:
    publish(artifacts[1])
    with claim(GROUP, artifacts) as ours:
        assert ours == artifacts[:1]
        assert len(locks(artifacts)) == 2
    assert locks(artifacts) == []


@pytest.mark.fault(11)
def test_what_another_process_makes_is_not_ours_nor_what_goes_with_it(
    artifacts: list[Artifact], holder: "subprocess.Popen[str]"
) -> None:
    for order in (artifacts, artifacts[::-1]):
        with claim(GROUP, order) as ours:
            assert ours is None
    with claim(GROUP, artifacts[1:]) as ours:
        assert ours == artifacts[1:]


@pytest.mark.fault(12)
def test_a_killed_process_claims_nothing(artifacts: list[Artifact], holder: "subprocess.Popen[str]") -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert len(locks(artifacts)) == 1
    with claim(GROUP, artifacts) as ours:
        assert ours == artifacts


@pytest.mark.fault(4)
def test_tidying_removes_the_locks_of_the_dead_and_no_others(
    artifacts: list[Artifact], holder: "subprocess.Popen[str]"
) -> None:
    tidy(artifacts[0])
    assert len(locks(artifacts)) == 1
    holder.kill()
    holder.wait()
    tidy(artifacts[0])
    assert locks(artifacts) == []


def test_a_claim_that_ends_in_an_error_is_given_back(artifacts: list[Artifact]) -> None:
    with pytest.raises(ValueError, match="of ours"), claim(GROUP, artifacts):
        raise ValueError("of ours")
    assert locks(artifacts) == []
