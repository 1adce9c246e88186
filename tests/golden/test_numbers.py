"""What heads learn and score is as it was: metrics, trained weights, and the scores of heads that were saved.

    .venv/bin/python -m tests.golden.write numbers              add runs, and the bits of this kind of machine
    .venv/bin/python -m tests.golden.write numbers --changed    and write anew what has changed

Every machine must come close; the machines that `bits.json` names must hit every bit.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.golden import golden_files, golden_numbers
from tests.golden.golden_files import bits_differ, metrics_differ, scores_differ, weights_differ
from tests.golden.golden_numbers import Tensors, machine
from tests.golden.head_runs import DEMO, INITIAL, MORE, QUICK, SAVED, TRAINED

METRICS, WEIGHTS, BITS, SCORES = (golden_files.read(name) for name in golden_files.NAMES)
HERE = machine()
MEANS = ("unseen", "seen", "harmonic")
OTHERWISE = 0.05  # by which the demo's means may differ where another processor rounds, draws and decodes otherwise


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The working folder of a run; all runs of its group are made when the first is asked for."""
    groups, made = ({**QUICK, **SAVED}, MORE, DEMO), dict[int, Path]()

    def folder(name: str) -> Path:
        number = next(number for number, group in enumerate(groups) if name in group)
        if number not in made:
            folder = tmp_path_factory.mktemp("golden")
            golden_numbers.prepare(folder)
            heads = {name: golden_files.saved_head(name) for name in SAVED if name in groups[number]}
            golden_numbers.compute(folder, groups[number], heads)
            made[number] = folder
        return made[number]

    return folder


def some_slow(names: list[str]) -> list[Any]:
    return [pytest.param(name, marks=pytest.mark.slow) if name in {**MORE, **DEMO} else name for name in names]


def said(differences: list[str]) -> str:
    return "\n".join([f"{len(differences)} differences:", *differences[:30]])


@pytest.mark.parametrize("name", some_slow([*QUICK, *MORE, *DEMO]))
def test_metrics_are_what_they_were(name: str, folder_of: Callable[[str], Path]) -> None:
    golden, tolerance = METRICS[name], 1e-6
    if name in DEMO and HERE not in BITS:
        golden, tolerance = {mean: golden[mean] for mean in MEANS}, OTHERWISE
    found = golden_numbers.metrics(folder_of(name), name, {**QUICK, **MORE, **DEMO}[name])
    differences = metrics_differ(golden, found, tolerance)
    assert not differences, said(differences)


@pytest.mark.parametrize("name", some_slow(TRAINED))
def test_trained_weights_are_what_they_were(name: str, folder_of: Callable[[str], Path]) -> None:
    file = golden_numbers.head_file(folder_of(name), name, {**QUICK, **MORE}[name])
    refuse_others(name, golden_numbers.weights(file))


@pytest.mark.parametrize("name", INITIAL)
def test_a_training_starts_from_what_it_started_from(name: str, tmp_path: Path) -> None:
    refuse_others(name, golden_numbers.initial(tmp_path, name))


def refuse_others(name: str, found: Tensors) -> None:
    differences = weights_differ(WEIGHTS[name], golden_numbers.summaries(found))
    assert not differences, said(differences)
    if HERE in BITS and (bits := golden_files.bits_of(HERE, name)):
        differences = bits_differ(bits, golden_numbers.bits(found))
        assert not differences, said(differences)


@pytest.mark.parametrize("name", SAVED)
def test_a_saved_head_loads_and_scores_as_it_did(name: str, folder_of: Callable[[str], Path]) -> None:
    differences = scores_differ(SCORES[name], golden_numbers.scores(folder_of(name), name, SAVED[name]))
    assert not differences, said(differences)


# ---- the comparisons themselves


def test_the_saved_iclip_holds_parameters_that_no_gradient_reaches() -> None:
    names = golden_numbers.weights(golden_files.saved_head("saved iclip"))
    unreachable = {name for name in names if golden_files.UNREACHABLE.search(name)}
    assert {"blocks.0.key.bias", "prompting.layers.0.norm1.weight", "prompting.layers.0.k_proj.weight"} <= unreachable
    assert not unreachable & {name for name in names if "query" in name or "v_proj" in name or "value" in name}


def test_a_head_may_do_without_them_and_without_no_other() -> None:
    golden = WEIGHTS["iclip"]
    for name in golden:
        lost = weights_differ(golden, {other: value for other, value in golden.items() if other != name})
        assert lost == ([] if golden_files.UNREACHABLE.search(name) else [f"{name}: is not there"])
    assert weights_differ(golden, {**golden, "new": [[1], 0.0, 0.0, 0.0]}) == ["new: was not there"]


def test_one_bit_of_a_tensor_is_seen_and_a_little_more_by_every_machine() -> None:
    tensors = golden_numbers.weights(golden_files.saved_head("saved stclip"))
    bits, close = golden_numbers.bits(tensors), golden_numbers.summaries(tensors)
    name = "adapter.fc1.weight"
    one_bit = tensors[name].copy()
    one_bit.view("<i4")[3, 5] ^= 1
    assert bits_differ(bits, golden_numbers.bits({**tensors, name: one_bit})) == [f"{name}: other bits"]
    assert not weights_differ(close, golden_numbers.summaries({**tensors, name: one_bit}))
    other = golden_numbers.summaries({**tensors, name: tensors[name] * 1.00003})
    assert [line.partition(":")[0] for line in weights_differ(close, other)] == [name]
    assert weights_differ(close, golden_numbers.summaries({**tensors, name: tensors[name].T}))


def test_a_number_that_is_another_or_gone_is_seen() -> None:
    golden = METRICS["iclip"]
    name = next(key for key, value in golden.items() if value)
    assert metrics_differ(golden, {**golden, name: golden[name] + 1e-5, "new": 1.0}, 1e-6)
    assert metrics_differ(golden, {**golden, name: None}, 1e-6)
    assert metrics_differ(golden, {key: value for key, value in golden.items() if key != name}, 1e-6)
    assert not metrics_differ(golden, {**golden, "new": 1.0}, 1e-6)


def test_a_score_that_is_another_or_gone_is_seen() -> None:
    golden = SCORES["saved iclip"]
    person, labels = next(iter(golden.items()))
    label, (probability, similarity) = next(iter(labels.items()))
    for pair in ([probability + 2e-6, similarity], [probability, similarity - 2e-6]):
        (line,) = scores_differ(golden, {**golden, person: {**labels, label: pair}})
        assert line.startswith(f"{person} {label}: was ")
    assert scores_differ(golden, {other: labels for other, labels in golden.items() if other != person})


def test_bits_are_of_all_tensors_of_a_run_or_of_none() -> None:
    assert BITS
    for here in BITS:
        for name in [*TRAINED, *INITIAL]:
            assert golden_files.bits_of(here, name).keys() in ({}.keys(), WEIGHTS[name].keys()), f"{here}: {name}"
