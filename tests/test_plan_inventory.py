"""Plans of one process share what they read: files are listed, digested and parsed once for all of them."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.datasets.made_jhmdb import TRAIN_AND_TEST
from tests.made_plans import keys, settings, write_dataset
from zsstad_core import configure, splits, video
from zsstad_core.cache import digests
from zsstad_core.frozen import text_files
from zsstad_core.frozen.detector.mmdet.config import config_files
from zsstad_core.plan import inventory, reachable
from zsstad_core.plan.inventory import Inventories
from zsstad_core.plan.plan import Plan


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_dataset(tmp_path / "jhmdb")
    (tmp_path / "texts.yaml").write_text("wave: [a person waves, somebody waving]\n")
    return tmp_path


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each function that reads something is called."""
    counted: Counter[str] = Counter()

    def count(module: Any, name: str) -> None:
        function = getattr(module, name)

        def counting(*arguments: Any, **named: Any) -> Any:
            counted[name] += 1
            return function(*arguments, **named)

        monkeypatch.setattr(module, name, counting)

    splits._lists.cache_clear()
    for module, name in [
        (configure, "read_settings_file"),
        (splits, "read_lists"),
        (text_files, "compose"),
        (inventory, "open_dataset"),
        (video, "digest"),
        (digests, "_stamp"),
        (reachable, "Plan"),
    ]:
        count(module, name)
    return counted


def test_what_gc_plans_is_read_once(folder: Path, calls: Counter[str]) -> None:
    words = (
        f"datasets.jhmdb.root={folder / 'jhmdb'} cache.root={folder / 'cache'} encoder.texts={folder / 'texts.yaml'}"
    )
    (folder / "pipeline.yaml").write_text("recipes: {padded: {encoder: {crop: pad}}}\n")
    file = configure.SettingsFile.read(folder / "pipeline.yaml")
    found = reachable.reachable(file.settings(overrides=words), file, words)
    assert found.notes == []
    assert calls["Plan"] > 100
    assert {name: calls[name] for name in ("read_settings_file", "read_lists", "open_dataset", "compose")} == {
        "read_settings_file": 1,
        "read_lists": 1,  # the published splits
        "open_dataset": 1,
        "compose": 1,  # the texts
    }
    assert calls["digest"] == len(TRAIN_AND_TEST)
    configs = config_files(file.settings(overrides=words).detector.config)
    # A few times each, to know whether it has changed meanwhile; never once a plan.
    assert calls["_stamp"] <= 2 * len(TRAIN_AND_TEST) + 3 * len(["JHMDB-GT.pkl", *configs])


def test_plans_that_share_an_inventory_have_the_keys_of_plans_that_do_not(folder: Path) -> None:
    shared = Inventories()
    asked: list[dict[str, Any]] = [
        {},
        {"head": "clip_crop", "split": "2"},
        {"encoder.texts": {"wave": "a person waves"}},
        {"encoder.texts": str(folder / "texts.yaml"), "encoder.underscores": "space"},
        {"datasets.jhmdb.official_split": 2},
        {"datasets.jhmdb.clips_per_class": 1, "cache.root": str(folder / "elsewhere")},
        {"trained_on.dataset": "jhmdb", "trained_on.split": "2", "split": "without-wave"},
    ]
    for changed in asked:
        chosen = settings(folder, **changed)
        assert keys(Plan(chosen, inventories=shared)) == keys(Plan(chosen))


def test_another_plan_sees_what_has_changed_since_only_in_an_inventory_of_its_own(folder: Path) -> None:
    shared = Inventories()
    before = keys(Plan(settings(folder), inventories=shared))
    (folder / "jhmdb" / "videos" / f"{TRAIN_AND_TEST[0]}.avi").write_text("other pictures")
    assert keys(Plan(settings(folder), inventories=shared)) == before
    assert keys(Plan(settings(folder))) != before
