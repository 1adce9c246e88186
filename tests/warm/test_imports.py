"""Nothing heavy is imported that is not used: what each stage may import, from its start to its end.

A stage imports its own module, what its `imports(settings)` names, and in functions what its work takes.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence

import pytest

from tests.conftest import ROOT

TABLES = {"numpy", "pandas", "pyarrow", "pydantic", "yaml"}
CACHE = TABLES | {"zarr"}
TORCH = CACHE | {"torch"}
ENCODER = TORCH | {"av", "open_clip", "torchvision", "PIL"}
DETECTOR = TORCH | {"av", "cv2", "mmcv", "mmdet", "mmengine", "PIL", "scipy", "torchvision"}
COMPILER = {"sympy", "torch._dynamo", "torch._inductor", "triton"}  # torch's optimisers import it when they step
TRAINING = TORCH | COMPILER | {"tensorboard"}
PLAN = {"numpy", "pydantic", "yaml"}

MAY_IMPORT = {
    "ask": CACHE,
    "detect": DETECTOR,
    "doctor": CACHE,
    "encode": ENCODER,
    "evaluate": CACHE,
    "export": CACHE,
    "finetune": CACHE,
    "gc": PLAN,
    "groundtruth": CACHE,
    "index": CACHE | {"av"},
    "invalidate": PLAN,
    "metrics": TABLES,
    "plan": PLAN,
    "report": CACHE | {"PIL"},
    "score": TORCH | {"PIL"},
    "settings": PLAN,
    "status": PLAN,
    "table": TABLES,
    "text": ENCODER - {"av"},
    "timing": PLAN,
    "track": CACHE | {"PIL", "cv2", "scipy", "supervision", "trackers"},
    "train": TRAINING | {"PIL"},
    "verify": PLAN,
    "why": PLAN,
}
"""The heavy modules that each stage may have imported when it begins to compute."""

HEAVY = {
    *("PIL", "av", "cv2", "dask", "distributed", "h5py", "matplotlib", "mmcv", "mmdet", "mmengine", "numpy"),
    *("open_clip", "pandas", "plotly", "pyarrow", "pydantic", "scipy", "sklearn", "supervision", "sympy"),
    *("tensorboard", "timm", "torch", "torch._dynamo", "torch._inductor", "torchvision", "trackers", "transformers"),
    *("triton", "yaml", "zarr"),
}

IMPORT = """
import importlib, json, sys

heavy, stage, arguments = set(json.loads(sys.argv[1])), sys.argv[2], sys.argv[3:]
chains = {}

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name in heavy and name not in chains:
            frame, chain = sys._getframe(1), [name]
            while frame:
                module = frame.f_globals.get("__name__", "")
                if module not in ("", chain[-1]) and not module.startswith(("importlib", "_frozen_importlib")):
                    chain.append(module)
                frame = frame.f_back
            chains[name] = " <- ".join(chain)

import zsstad_core  # it puts a finder of its own first

sys.meta_path.insert(0, Watch())
module = importlib.import_module(f"stages.{stage}")
if hasattr(module, "imports"):
    from zsstad_core.configure import from_words
    for name in module.imports(from_words(arguments)):
        importlib.import_module(name)
print(json.dumps({name: chains[name] for name in chains if name in sys.modules}))
"""


def imported(stage: str, arguments: Sequence[str] = ()) -> dict[str, str]:
    """The heavy modules that a stage imports, each with the modules that brought it, the nearest first."""
    words = [sys.executable, "-W", "ignore", "-c", IMPORT, json.dumps(sorted(HEAVY)), stage, *arguments]
    done = subprocess.run(words, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("stage", sorted(MAY_IMPORT))
def test_a_stage_imports_no_heavy_module_that_it_does_not_use(stage: str) -> None:
    chains = imported(stage)
    assert {name: chain for name, chain in chains.items() if name not in MAY_IMPORT[stage]} == {}


def test_every_stage_is_pinned() -> None:
    stages = {path.stem for path in (ROOT / "stages").glob("*.py")} - {"__init__"}
    assert stages == set(MAY_IMPORT)


@pytest.mark.parametrize(
    ("stage", "arguments"),
    [
        ("detect", ["--set", "detector.boxes_from=boxes.pkl"]),
        ("encode", ["--set", "encoder.tokens_from=tokens"]),
        ("text", ["--set", "encoder.tokens_from=tokens"]),
        ("score", ["--head", "oracle"]),
    ],
)
def test_what_needs_no_model_imports_none(stage: str, arguments: list[str]) -> None:
    assert imported(stage, arguments).keys() & {"torch", "open_clip", "mmdet"} == set()


def test_a_chain_names_who_imports_a_module() -> None:
    chain = imported("encode")["open_clip"]
    assert chain.startswith("open_clip <- zsstad_core.frozen.encoder")
    assert "torch._dynamo" not in imported("encode")
