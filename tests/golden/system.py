"""What the golden tests ask of the library, in one place: whoever moves modules adapts this file, and no golden data.

    python -m tests.golden.system keys    the artifacts of plans; standard input: lines, standard output: JSON
    python -m tests.golden.system run     stages in the working folder; standard input: what `run` takes, a JSON list

Both run in an interpreter of their own, so that packages and threads are what they ask for.
"""

import json
import shlex
import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from tests.golden.made_world import write_stickworld
from zsstad_core import configure
from zsstad_core.cache.artifact import Artifact
from zsstad_core.datasets.stickworld import Stickworld
from zsstad_core.errors import UserError
from zsstad_core.plan.plan import Plan
from zsstad_core.settings.pipeline import Settings

if TYPE_CHECKING:
    from torch import Tensor

STAGES = ("index", "groundtruth", "detect", "track", "encode", "text", "train", "score", "evaluate")


def choices() -> dict[str, list[str]]:
    """The datasets, heads and recipes that there are, which the golden plans must all have."""
    fields = Settings.model_fields
    return {
        "DATASET": list(get_args(fields["dataset"].annotation)),
        "HEAD": list(get_args(fields["head"].annotation)),
        "RECIPE": list(Settings().recipes),
    }


def words(line: str) -> dict[str, str]:
    """`DATASET=jhmdb SET="a.b=c"` by name."""
    return dict(word.split("=", 1) for word in shlex.split(line))


# ---- keys


def keys(line: str) -> str:
    """The artifacts of the plan that a line (`DATASET=jhmdb HEAD=iclip SET="a.b=c"`) asks for, sorted, with spaces.

    Each is STAGE-KEY:VIDEOS; VIDEOS is the digest of the videos that are wanted of it, from the name of the file that
    says they are all there. `decoded/` stands before views that are decoded whenever they are read, DATASET/ before
    what belongs to the plan that the head is trained under. A plan that is refused is `refused`.
    """
    asked = words(line)
    named = {name.lower(): value for name, value in asked.items() if name not in ("SET", "RECIPE", "SETTINGS")}
    file = Path(asked.get("SETTINGS", "pipeline.yaml"))
    try:
        settings = configure.load(file, choices=named, recipe=asked.get("RECIPE", ""), overrides=asked.get("SET", ""))
        for chosen in (settings, settings.training_settings()):
            _fill_stickworld(chosen)
        plan = Plan(settings)
        made = plan.all()
        others = [artifact for artifact in plan.lineage() if artifact.path not in {known.path for known in made}]
        elsewhere = plan.training_plan.all() if plan.training_plan is not None and plan.train is not None else []
    except UserError:
        return "refused"
    names = [_name(artifact) for artifact in made]
    names += [f"decoded/{_name(artifact)}" for artifact in others]
    names += [f"{artifact.root.name}/{_name(artifact)}" for artifact in elsewhere]
    return " ".join(sorted(names))


def _name(artifact: Artifact) -> str:
    return f"{artifact.path.name}:{artifact.done.stem.removeprefix('complete-')[:8]}"


def _fill_stickworld(settings: Settings) -> None:
    """Clips that are not rendered: the name of their folder holds a digest of the renderer's source."""
    own = settings.datasets.stickworld
    folder = Stickworld(own).place
    if settings.dataset != "stickworld":
        return
    if not folder.is_dir():
        write_stickworld(folder, own.train_clips, own.test_clips)
    if Stickworld(own).folder != folder:
        raise AssertionError(f"stickworld is read from {Stickworld(own).folder}, not from {folder}")


# ---- numbers


def run(line: str, cache: str, head: str = "") -> None:
    """Run every stage of what a line asks for, one after the other in this process and working folder, into `cache`.

    Tokens that the line wants from the folder `tokens` are made when the boxes are known. head: a file of weights that
    stands in for the training.
    """
    asked = words(line)
    options = [f"--{name.lower()}={value}" for name, value in asked.items() if name != "SET"]
    options.append(f"--set={asked['SET']} cache.root={cache}")
    for stage in _stages(asked):
        if stage == "encode" and "encoder.tokens_from=tokens" in asked["SET"].split():
            from tests.golden.made_tokens import write_tokens

            write_tokens(Path("tokens"), Path(cache, asked["DATASET"]))
        if stage == "train" and head:
            _place_head(options, Path(head).read_bytes())
            continue
        sys.argv = [stage, *options]
        import_module(f"stages.{stage}").main()
    shutil.rmtree("tokens", ignore_errors=True)


def _stages(asked: dict[str, str]) -> list[str]:
    """Those that make would start; `track` says itself where it has nothing to make."""
    left_out = set() if asked["HEAD"] == "actionclip" else {"track"}
    if asked["HEAD"] == "oracle":
        left_out |= {"encode", "text", "train"}
    if "encoder.pixels=decoded" in asked["SET"].split():
        left_out |= {"encode"}
    return [stage for stage in STAGES if stage not in left_out]


def _place_head(options: list[str], weights: bytes) -> None:
    """Publish weights as what the stage train has made."""
    from zsstad_core.work import Content, run_whole

    plan = Plan(configure.from_arguments(configure.arguments(None).parse_args(options)))
    if plan.train is None:
        raise AssertionError(f"{plan.settings.head} has no weights")
    run_whole("train", plan.train, lambda: Content(files={"head.pt": weights}))


def initial_weights(head: str, width: int, encoder: dict[str, str]) -> "dict[str, Tensor]":
    """What the training of a head with its default settings starts from, for tokens of that width."""
    from zsstad_core.methods.registry import build

    settings = Settings.model_validate({"head": head, "encoder": encoder})
    return dict(build(settings, width).state_dict())


def main() -> None:
    """What the other interpreter does."""
    if sys.argv[1] == "keys":
        json.dump({line: keys(line) for line in json.load(sys.stdin)}, sys.stdout)
        return
    import torch

    torch.set_num_threads(1)  # more of them add up in another order
    for asked in json.load(sys.stdin):
        run(**asked)


if __name__ == "__main__":
    main()
