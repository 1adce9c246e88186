"""A GPU that is not there, is lost in the middle, or is too full: never the CPU in silence, and finished units stay."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import TINY_CLIP
from tests.end_to_end.caches import artifacts, finished, leftovers, manifests
from tests.faults.stages import run, write_dataset
from zsstad_core.errors import SettingsError
from zsstad_core.frozen.device import choose_device
from zsstad_core.frozen.encoder import Encoder
from zsstad_core.settings.frozen import Encoder as EncoderSettings

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@pytest.mark.fault(42)
def test_a_gpu_that_is_asked_for_and_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SettingsError, match="device is cuda, but torch sees no GPU here; use device=cpu"):
        choose_device("cuda")


LOSE = """
import zsstad_core.extraction.scan as scan
own = scan.times
def lost(source):
    if source.video_id.startswith("golf/clip_c"):
        raise RuntimeError("CUDA error: an illegal memory access was encountered")
    return own(source)
scan.times = lost
"""


@pytest.mark.fault(42)
def test_an_error_in_the_middle_that_nobody_foresaw_ends_the_stage_and_costs_its_unit_only(tmp_path: Path) -> None:
    """A stand-in for a GPU that is lost: torch says so by a RuntimeError."""
    dataset, cache = write_dataset(tmp_path / "jhmdb"), tmp_path / "cache"
    code, err = run("index", dataset, cache, before=LOSE)
    assert code == 1
    assert "CUDA error" in err.splitlines()[-1]
    before = finished(cache)
    assert 0 < len(manifests(cache)) < 6
    assert leftovers(cache) == []
    assert run("index", dataset, cache)[0] == 0
    assert before.items() <= finished(cache).items()
    assert run("index", dataset, tmp_path / "undisturbed")[0] == 0
    assert artifacts(cache) == artifacts(tmp_path / "undisturbed")


@needs_gpu
@pytest.mark.fault(41)
def test_a_gpu_that_is_really_full_halves_the_batch_and_gives_the_same_tokens() -> None:
    views = np.random.default_rng(0).integers(0, 256, (2048, 64, 64, 3), np.uint8)
    settings = {"model": str(TINY_CLIP), "pretrained": "random"}
    expected = Encoder(EncoderSettings(**settings, batch=16), "cuda").encode_views(views)
    small = Encoder(EncoderSettings(**settings, batch=2048), "cuda")
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + 200 * 2**20) / total)
    try:
        tokens = small.encode_views(views)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert small._batch < 2048
    np.testing.assert_allclose(tokens.astype(np.float32), expected, rtol=2e-3, atol=2e-3)
