"""What of the published parameters is built, what is not, and that files of weights with all of them still load."""

from pathlib import Path

import pytest
import torch
from torch import nn

from tests.cache.made_artifacts import undivided
from tests.methods.enliven import enliven
from tests.methods.iclip.old_layout import OldIclip
from tests.methods.iclip.test_model import ragged, with_iclip
from tests.methods.made_clips import made_labels
from zsstad_core.cache.artifact import Artifact
from zsstad_core.cache.stages import TRAIN
from zsstad_core.errors import CacheError
from zsstad_core.learning.weights import FILE, as_bytes, load_into
from zsstad_core.methods.iclip.model import Iclip
from zsstad_core.settings.pipeline import Settings
from zsstad_core.work import Content, run_whole

WIDTH = 64


def count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def artifact_of(folder: Path, weights: dict[str, torch.Tensor]) -> Artifact:
    """A train artifact that holds these weights."""
    artifact = undivided(folder, TRAIN, {"weights": "made up"})
    run_whole("train", artifact, lambda: Content(files={FILE: as_bytes(weights)}))
    return artifact


@pytest.mark.parametrize(("layers", "built", "published"), [(2, 13_776_384, 14_831_104), (1, 11_150_848, 11_680_256)])
def test_built_are_the_published_parameters_without_those_that_no_gradient_reaches(
    layers: int, built: int, published: int
) -> None:
    settings = with_iclip(prompting_layers=layers)
    head, old = Iclip(settings, 512), OldIclip(settings.heads.iclip, 512, seed=0)
    assert (count(head), count(old)) == (built, published)

    kept, whole_layout = head.state_dict(), old.state_dict()
    assert kept.keys() < whole_layout.keys()
    dropped = {name: whole_layout[name].numel() for name in whole_layout.keys() - kept.keys()}
    assert {name: n for name, n in dropped.items() if name.startswith("blocks")} == {
        f"blocks.{place}.key.bias": 512 for place in range(8)
    }
    assert {name: n for name, n in dropped.items() if name.startswith("prompting")} == {
        f"prompting.layers.{layer}.{name}": n
        for layer in range(layers)
        for name, n in (
            ("norm1.weight", 512),
            ("norm1.bias", 512),
            ("q_proj.weight", 512 * 512),
            ("k_proj.weight", 512 * 512),
        )
    }
    assert published - built == sum(dropped.values()) == 8 * 512 + layers * (2 * 512 + 2 * 512 * 512)


def test_parts_are_counted_as_published() -> None:
    old = OldIclip(Settings().heads.iclip, 512, seed=0)
    assert old.prompting is not None
    times = sum(p.numel() for name, p in old.named_parameters() if "time_" in name)
    assert (count(old.blocks) - times, times, count(old.prompting)) == (8_404_992, 122_880, 6_303_232)


@pytest.mark.parametrize("changes", [{}, {"blocks": "MPC", "prompting_layers": 1, "memory_before": 2}], ids=str)
@pytest.mark.parametrize("seed", [0, 7])
def test_what_remains_starts_from_the_numbers_that_it_has_in_the_published_layout(
    changes: dict[str, object], seed: int
) -> None:
    settings = with_iclip(**changes)
    settings = settings.model_copy(update={"training": settings.training.model_copy(update={"seed": seed})})
    found, old = Iclip(settings, WIDTH).state_dict(), OldIclip(settings.heads.iclip, WIDTH, seed).state_dict()
    assert found
    for name, weight in found.items():
        assert torch.equal(weight, old[name]), name


def test_weights_of_the_old_layout_load_and_score_the_same(tmp_path: Path) -> None:
    """Whatever numbers stand where nothing is built any more."""
    head, batch, labels = enliven(Iclip(Settings(), WIDTH)).eval(), ragged(), made_labels(WIDTH, 3, 1)
    old = enliven(OldIclip(Settings().heads.iclip, WIDTH, seed=3)).state_dict() | head.state_dict()
    again = Iclip(Settings(), WIDTH).eval()
    load_into(again, artifact_of(tmp_path, old))
    assert torch.equal(again(batch, labels), head(batch, labels))


def test_weights_of_another_head_are_refused_also_where_the_old_layout_is_let_through(tmp_path: Path) -> None:
    old = OldIclip(with_iclip(prompting_layers=1).heads.iclip, WIDTH, seed=0).state_dict()
    with pytest.raises(CacheError, match=r"head\.pt: not the weights of this head \(.*\); train again") as error:
        load_into(Iclip(Settings(), WIDTH), artifact_of(tmp_path, old))
    assert "\n" not in str(error.value)
