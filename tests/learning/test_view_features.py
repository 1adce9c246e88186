"""Views of windows and persons: the same from the cache and from the videos, and each where it belongs."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.end_to_end.made import LOST, SHORT, TEST, frames_of
from tests.frozen.one_view import view
from tests.learning.made_cache import extract, made_plan, write_dataset
from zsstad_core.cache.artifact import Artifact
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.errors import CacheError
from zsstad_core.extraction.footage import decode_clip
from zsstad_core.learning.bank import Bank, BankBatch
from zsstad_core.learning.banks import scoring_bank, training_bank
from zsstad_core.learning.view_features import ViewFeatures
from zsstad_core.methods.common.features import FrameViews
from zsstad_core.plan.plan import Plan
from zsstad_core.tables import BOX

SIZE = 64  # of the tiny CLIP


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pixels")
    write_dataset(folder)
    extract(plan(folder))
    return folder


def plan(folder: Path, **changed: object) -> Plan:
    return made_plan(folder, head="stclip", **{"scoring.select": "all", **changed})


def banks(folder: Path, **changed: object) -> list[Bank[FrameViews]]:
    """What is trained on and what is scored, as the plan has it."""
    made = plan(folder, **changed)
    found = [training_bank(made, "cpu"), scoring_bank(made, "cpu", TEST)]
    assert all(isinstance(bank.features, ViewFeatures) for bank in found)
    return found


def batches(bank: Bank[FrameViews], size: int = 7) -> list[BankBatch[FrameViews]]:
    order = np.random.default_rng(0).permutation(len(bank.samples))
    return [bank.gather(order[start : start + size]) for start in range(0, len(order), size)]


def test_batches_from_the_cache_and_from_the_videos_are_the_same(folder: Path):
    of_both = [banks(folder, **{"encoder.pixels": way}) for way in ("cached", "decoded")]
    for cached, fresh in zip(*of_both, strict=True):
        assert cached.identity() == fresh.identity()
        for one, other in zip(batches(cached), batches(fresh), strict=True):
            for field in fields(FrameViews):
                views = (getattr(gathered.batch.features, field.name) for gathered in (one, other))
                assert torch.equal(*views), field.name
            assert (one.row_N == other.row_N).all()


def test_views_are_those_of_the_frames_and_persons_that_the_rows_name(folder: Path):
    """Against the videos themselves, decoded and cut one by one."""
    made = plan(folder)
    pictures = {(name, n): image for name in TEST for n, _, image in decode_clip(made.videos[name])}
    bank = scoring_bank(made, "cpu", TEST)
    for sample in range(0, len(bank.samples), 5):
        gathered = bank.gather(np.array([sample]))
        views: FrameViews = gathered.batch.features
        persons = bank.samples.table.iloc[gathered.row_N]
        name, frame = persons.iloc[0]["video_id"], int(persons.iloc[0]["frame"])
        current = views.view_VSSC[views.current_B[0]].numpy()
        assert np.array_equal(current, view(pictures[name, frame], None, SIZE))
        length = frames_of(name) - (LOST if name == SHORT else 0)
        first = min(max(frame - 4, 0), max(length - 9, 0))
        for place, row in enumerate(views.window_BT[0].tolist()):
            assert (row >= 0) == (first + place < length)
            if row >= 0:
                wanted = view(pictures[name, first + place], None, SIZE)
                assert np.array_equal(views.view_VSSC[row].numpy(), wanted)
        for crop, box in zip(views.crop_NSSC.numpy(), persons[BOX].to_numpy(np.float32), strict=True):
            assert np.array_equal(crop, view(pictures[name, frame], box, SIZE))


def test_neighbours_share_the_views_of_their_windows(folder: Path):
    bank = scoring_bank(plan(folder), "cpu", TEST)
    batch = bank.gather(np.arange(5)).batch  # of one clip
    assert len(batch.features.view_VSSC) < 5 * 9
    assert len(batch.features.crop_NSSC) == len(batch.rows) == 10


def test_a_head_of_one_frame_reads_no_neighbours(folder: Path):
    bank = scoring_bank(plan(folder, **{"heads.stclip.temporal": "none"}), "cpu", TEST)
    views: FrameViews = bank.gather(np.array([3])).batch.features
    assert views.window_BT.tolist() == [[0]]
    assert len(views.view_VSSC) == 1


def test_another_window_is_another_training(folder: Path):
    changes = ({}, {"heads.stclip.frames_before": 2}, {"heads.stclip.frames_after": 2})
    found = [training_bank(plan(folder, **changed), "cpu").identity() for changed in changes]
    assert len(set(found)) == 3
    assert training_bank(plan(folder), "cpu").identity() == found[0]


def test_a_view_that_the_cache_lacks_is_refused_by_name(folder: Path, monkeypatch: pytest.MonkeyPatch):
    made, parts = plan(folder), Artifact.parts

    def short(self: Artifact) -> list[object]:
        lost = "golf/clip_b" if self.stage.name == "tokens-pixel" else ""
        return [(unit, tuple(name for name in wanted if name != lost)) for unit, wanted in parts(self)]

    monkeypatch.setattr(Artifact, "parts", short)
    says = r"tokens-pixel-\w+: holds no view of golf/clip_b frame 0, which a window needs"
    with pytest.raises(CacheError, match=says):
        scoring_bank(made, "cpu", TEST)


def test_views_that_are_not_extracted_are_said_with_the_command_that_makes_them(folder: Path):
    with pytest.raises(CacheError, match=r"tokens-pixel-.* not complete; run `make encode`"):
        training_bank(plan(folder, **{"encoder.crop": "pad"}), "cpu")


def test_a_damaged_view_is_an_error_and_never_a_view(folder: Path, tmp_path: Path):
    made = plan(folder, **{"cache.root": str(tmp_path / "cache")})
    extract(made)
    bank = training_bank(made, "cpu")
    for shard in made.tokens(TokenKind.pixel).path.rglob("c/0/0/0/0"):
        content = bytearray(shard.read_bytes())
        content[1000] ^= 1
        shard.write_bytes(content)
    with pytest.raises(CacheError, match="fails its checksum"):
        batches(bank)
