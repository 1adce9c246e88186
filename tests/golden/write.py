"""Write the golden files: python -m tests.golden.write keys | numbers [--changed]

What is there already and has changed is printed, and stays as it is unless --changed is given. `numbers` also adds the
bits of this kind of machine, and trains the saved heads that have no file yet; no option writes one anew.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.golden import golden_files, golden_keys, golden_numbers, plan_lines
from tests.golden.head_runs import DEMO, INITIAL, MORE, QUICK, SAVED, TRAINED


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["keys", "numbers"])
    parser.add_argument("--changed", action="store_true", help="also what is there already and has changed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        written = {"keys": _keys, "numbers": _numbers}[options.what](Path(folder), options.changed)
    sys.exit(0 if written else 1)


def _keys(folder: Path, changed: bool) -> bool:
    known, computed = golden_keys.read(), golden_keys.compute(folder, plan_lines.lines())
    kept = {line: keys for line, keys in known.items() if line in computed}
    if not _may_write(golden_keys.differences(kept, computed), changed):
        return False
    for line in [line for line in computed if line not in known]:
        print(f"new: {line}{': refused' if computed[line] == 'refused' else ''}")
    golden_keys.write(computed)
    return True


def _numbers(folder: Path, changed: bool) -> bool:
    golden_numbers.prepare(folder)
    _train_saved_heads(folder)
    lines = {**QUICK, **MORE, **DEMO}
    heads = {name: golden_files.saved_head(name) for name in SAVED}
    golden_numbers.compute(folder, {**lines, **SAVED}, heads)
    found = {name: golden_numbers.metrics(folder, name, line) for name, line in lines.items()}
    tensors = {name: golden_numbers.initial(folder, name) for name in INITIAL}
    for name in TRAINED:
        tensors[name] = golden_numbers.weights(golden_numbers.head_file(folder, name, lines[name]))
    weights = {name: golden_numbers.summaries(of_run) for name, of_run in tensors.items()}
    bits = {f"{run}: {key}": digest for run in tensors for key, digest in golden_numbers.bits(tensors[run]).items()}
    scores = {name: golden_numbers.scores(folder, name, line) for name, line in SAVED.items()}
    written = [
        _merge("metrics", found, lambda was, now: golden_files.metrics_differ(was, now, 1e-6), changed),
        _merge("weights", weights, golden_files.weights_differ, changed),
        _merge_bits(golden_numbers.machine(), bits, changed),
        _merge("scores", scores, golden_files.scores_differ, changed),
    ]
    return all(written)


def _train_saved_heads(folder: Path) -> None:
    for name, line in SAVED.items():
        if not golden_files.saved_head(name).is_file():
            golden_numbers.compute(folder, {f"first {name}": line})
            trained = golden_numbers.head_file(folder, f"first {name}", line)
            golden_files.HEADS.mkdir(exist_ok=True)
            golden_numbers.save_stirred(trained, golden_files.saved_head(name))


def _merge(name: str, found: dict[str, Any], differ: Callable[[Any, Any], list[str]], changed: bool) -> bool:
    """Keep what is new, and what has changed where that is wanted."""
    golden = golden_files.read(name)
    differing = {run: lines for run in golden if run in found and (lines := differ(golden[run], found[run]))}
    if not _may_write([f"{name}: {run}: {line}" for run, lines in differing.items() for line in lines], changed):
        return False
    golden_files.write(
        name, {run: found[run] if run in differing or run not in golden else golden[run] for run in found}
    )
    return True


def _merge_bits(machine: str, found: dict[str, str], changed: bool) -> bool:
    """As `_merge`, for the runs of one machine."""
    golden = golden_files.read("bits")
    known = golden.get(machine, {})
    runs = {key.partition(": ")[0] for key in known}
    again = {key: digest for key, digest in found.items() if key.partition(": ")[0] in runs}
    if not _may_write([f"bits: {line}" for line in golden_files.bits_differ(known, again)], changed):
        return False
    new = {key: digest for key, digest in found.items() if key not in known}
    golden_files.write("bits", {**golden, machine: found if changed else {**known, **new}})
    return True


def _may_write(differences: list[str], changed: bool) -> bool:
    for difference in differences:
        print(difference)
    if differences and not changed:
        print("nothing of this is written: it has changed, and with --changed it is written anew")
    return changed or not differences


if __name__ == "__main__":
    main()
