"""How many clips may fail: of a benchmark one in a hundred, of one's own videos all but one."""

from pathlib import Path

import pytest

from tests.datasets.made_folder import write_videos
from tests.extraction.fakes import grey_clips
from tests.made_plans import plan, settings, write_dataset
from tests.made_videos import grey, write_video
from zsstad_core.cache.artifact import Artifact
from zsstad_core.cache.read import read_artifact_table
from zsstad_core.cache.stages import INDEX
from zsstad_core.errors import DataError
from zsstad_core.extraction.scan import scan
from zsstad_core.plan.plan import Plan
from zsstad_core.work import Work, run


def of_folder(folder: Path, **changed: object) -> Plan:
    own = {"dataset": "folder", "datasets.folder.root": str(folder / "mine"), "split": "all-unseen"}
    own |= {"datasets.folder.labels": ["wave", "clap"], "head": "clip_crop"}
    return Plan(settings(folder, **own, **changed))


def test_the_rule_of_benchmarks_stays_and_a_chosen_share_counts_everywhere(tmp_path: Path) -> None:
    write_dataset(tmp_path / "jhmdb")
    write_videos(tmp_path / "mine")
    assert plan(tmp_path).failures_allowed == 0.01
    assert of_folder(tmp_path).failures_allowed == 1
    for made in (
        plan(tmp_path, **{"cache.failures_allowed": 0.2}),
        of_folder(tmp_path, **{"cache.failures_allowed": 0.2}),
    ):
        assert made.failures_allowed == 0.2


@pytest.mark.fault(67)
def test_one_damaged_video_of_nine_is_named_and_the_eight_are_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(8):
        path = tmp_path / "mine" / f"{number}.mp4"
        path.parent.mkdir(exist_ok=True)
        write_video(path, [grey(number), grey(number + 1)], "libx264")
    (tmp_path / "mine" / "damaged.mp4").write_bytes(b"no video any more")
    made = of_folder(tmp_path)
    run(Work("index", [made.index], lambda: scan(made.videos), made.failures_allowed))
    said = capsys.readouterr()
    assert f"index: set aside: {tmp_path}/mine/damaged.mp4" in said.err
    assert "index: 1 of 9 clips failed" in said.out
    again = of_folder(tmp_path)
    assert list(again.set_aside) == ["damaged.mp4"]
    assert read_artifact_table(again.index, "videos")["video_id"].tolist() == [f"{number}.mp4" for number in range(8)]


def test_where_every_video_is_damaged_nothing_goes_on(tmp_path: Path) -> None:
    sources = grey_clips(tmp_path / "clips", {"a": [1, 2]})
    (tmp_path / "clips" / "a" / "00001.png").write_bytes(b"no picture")
    artifact = Artifact(tmp_path / "cache", INDEX, {"schema": 1}, {"a": "digest of a"})
    with pytest.raises(DataError, match=r"^index: the only clip failed: .*00001\.png"):
        run(Work("index", [artifact], lambda: scan(sources), 1.0))
