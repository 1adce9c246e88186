"""A worker that runs other code, or with other packages, publishes nothing."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.made_plans import write_dataset
from tests.test_cluster import STAGE, Scheduler, extract, held, planned
from tests.test_cluster import scheduler as scheduler
from zsstad_core import same_code
from zsstad_core.cluster import make_unit
from zsstad_core.errors import SettingsError
from zsstad_core.plan.plan import Plan

type StartWorker = Callable[..., None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_dataset(tmp_path / "jhmdb")
    return tmp_path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Another checkout, with the same code so far."""
    tree = tmp_path / "checkout"
    for name in ("zsstad_core", "stages"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tree / "tests").mkdir()
    for name in ("__init__.py", "killing_stage.py"):
        shutil.copy(ROOT / "tests" / name, tree / "tests")
    return tree


@pytest.fixture
def start_worker(scheduler: Scheduler) -> Iterator[StartWorker]:
    """Starts a worker of the scheduler in a folder, and waits until the scheduler knows it and the first one."""
    started = []

    def start(tree: Path, **environment: str) -> None:
        from distributed import Client

        command = [sys.executable, "-m", "dask", "worker", scheduler.address, "--nthreads", "1", "--no-nanny"]
        own = {**os.environ, **environment}
        started.append(subprocess.Popen(command, cwd=tree, env=own, stderr=subprocess.DEVNULL))
        with Client(scheduler.address) as client:
            client.wait_for_workers(1 + len(started))

    yield start
    for process in started:
        process.terminate()
        process.wait()


def planned_there(folder: Path, scheduler: Scheduler) -> Plan:
    return planned(folder, **{"workers.count": 0, "workers.scheduler": scheduler.address})


def refused(folder: Path, scheduler: Scheduler, difference: str) -> None:
    made = planned_there(folder, scheduler)
    says = rf"^workers: worker tcp://127\.0\.0\.1:\d+ runs other code than this command: {difference}"
    with pytest.raises(SettingsError, match=says):
        extract(made)
    assert held(made) == []


def test_a_worker_of_another_checkout_is_refused_before_the_first_task(
    folder: Path, checkout: Path, scheduler: Scheduler, start_worker: StartWorker
) -> None:
    file = checkout / "zsstad_core" / "video" / "frames.py"
    file.write_text(f"{file.read_text()}\nNEW = 1\n")
    start_worker(checkout)
    refused(
        folder,
        scheduler,
        "zsstad_core/video/frames.py differs; end it, and start it again from this checkout and environment",
    )


@pytest.mark.slow
def test_other_settings_are_named(
    folder: Path, checkout: Path, scheduler: Scheduler, start_worker: StartWorker
) -> None:
    file = checkout / "zsstad_core" / "settings" / "running.py"
    text, section = file.read_text(), "class Workers(Section):\n"
    assert section in text
    file.write_text(text.replace(section, f"{section}    strange: int = 1\n"))
    start_worker(checkout)
    refused(folder, scheduler, "schema of the settings differs, zsstad_core/settings/running.py differs")


@pytest.mark.slow
def test_another_version_of_a_package_is_named_with_both(
    folder: Path, scheduler: Scheduler, start_worker: StartWorker
) -> None:
    old = folder / "packages" / "pillow-1.0.dist-info"
    old.mkdir(parents=True)
    (old / "METADATA").write_text("Metadata-Version: 2.1\nName: pillow\nVersion: 1.0\n")
    start_worker(ROOT, PYTHONPATH=str(old.parent))
    refused(folder, scheduler, r"pillow 1\.0 \(here \d+\.")


def test_a_version_that_cannot_describe_itself_is_refused(
    folder: Path, checkout: Path, scheduler: Scheduler, start_worker: StartWorker
) -> None:
    (checkout / "zsstad_core" / "same_code.py").unlink()
    start_worker(checkout)
    refused(folder, scheduler, "a version that cannot describe itself")


@pytest.mark.slow
def test_a_copy_of_this_checkout_is_not_refused(
    folder: Path, checkout: Path, scheduler: Scheduler, start_worker: StartWorker
) -> None:
    start_worker(checkout)
    made = planned_there(folder, scheduler)
    extract(made)
    assert held(made) == sorted(made.members)


def test_a_worker_that_comes_later_is_refused_by_its_first_task(
    folder: Path,
    checkout: Path,
    scheduler: Scheduler,
    start_worker: StartWorker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It comes between the check of all workers and the first task."""
    (checkout / "zsstad_core" / "tables.py").open("a").write("\nNEW = 1\n")
    check, calls = same_code.refuse_others, []

    def check_and_let_one_in(client: Any, modules: list[str]) -> None:
        check(client, modules)
        if not calls:
            start_worker(checkout)
        calls.append(1)

    monkeypatch.setattr(same_code, "refuse_others", check_and_let_one_in)
    made = planned_there(folder, scheduler)
    with pytest.raises(SettingsError, match=r"runs other code than this command: zsstad_core/tables\.py differs"):
        extract(made)


def test_code_is_that_which_was_there_when_it_was_imported(checkout: Path) -> None:
    """A worker that was started before the checkout was changed runs what was there then."""
    code = (
        "from pathlib import Path\nfrom zsstad_core import same_code\n"
        "first = dict(same_code.describe())\n"
        "Path('zsstad_core/tables.py').write_text('')\n"
        "print(first == same_code.describe(), len(first) > 100)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=True)
    assert ended.stdout == "True True\n"


def test_the_packages_are_those_of_the_project() -> None:
    named = (ROOT / "pyproject.toml").read_text()
    not_ours = {"timm", "transformers"}  # an encoder may need them
    assert [name for name in same_code.PACKAGES if f'"{name}' not in named] == sorted(not_ours)


def test_a_detector_of_a_user_counts(folder: Path) -> None:
    from zsstad_core.cluster import _deciding_modules

    made = planned(folder)
    assert _deciding_modules(STAGE, made.settings) == [STAGE]
    own = made.settings.detector.model_copy(update={"kind": "tests.killing_stage:KIND"})
    modules = _deciding_modules("stages.detect", made.settings.model_copy(update={"detector": own}))
    assert modules == ["stages.detect", "tests.killing_stage"]
    assert len(same_code.describe(modules)["tests.killing_stage"]) == 64


def test_a_task_of_another_command_is_not_begun(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    import distributed

    monkeypatch.setattr(distributed, "get_worker", lambda: SimpleNamespace(address="tcp://here"))
    made = planned(folder)
    (group, *_) = made.index.begin()
    with pytest.raises(SettingsError, match="tcp://here runs other code than this command: not the code of this"):
        make_unit(STAGE, "another", made.settings.model_dump_json(), str(ROOT), group, [made.index.stage])
    assert held(made) == []
