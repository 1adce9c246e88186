"""train: fit the head's interaction and prompting parameters on cached tokens of the seen classes.

reads   groundtruth, text, tokens or views of the training videos
writes  train: head.pt, the weights; checkpoints and TensorBoard files of the run in training/, beside the artifact
"""

from contextlib import redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING

from zsstad_core import configure
from zsstad_core.cache.stages import TRAIN
from zsstad_core.errors import friendly
from zsstad_core.plan.plan import Plan
from zsstad_core.progress import Clock
from zsstad_core.settings.pipeline import Settings
from zsstad_core.splits import refuse_empty
from zsstad_core.work import Compute, Content, Work, run

if TYPE_CHECKING:
    from torch import Tensor

    from zsstad_core.learning.rank import Rank


def imports(settings: Settings) -> list[str]:
    """The modules that this stage imports when it runs."""
    ours = [f"zsstad_core.learning.{name}" for name in ("banks", "launch", "train")]
    return [*ours, "torch._dynamo", "torch.utils.tensorboard"]  # torch's optimisers import the former in a step


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()))
    if plan.train is None:
        print(f"train: {plan.settings.head} has nothing to train")
    else:
        trainer = plan.training_plan or plan
        compute: Compute = lambda group, artifacts, clock: {TRAIN: train_head(trainer, clock)}  # noqa: E731
        run(Work("train", [plan.train], lambda: compute, sources=trainer.inventory))


def train_head(plan: Plan, clock: Clock | None = None) -> Content:
    from zsstad_core.frozen.device import choose_device
    from zsstad_core.learning.cached_rows import classes_with_groundtruth
    from zsstad_core.learning.launch import run_ranks
    from zsstad_core.learning.rank import ALONE
    from zsstad_core.learning.weights import as_bytes

    refuse_empty(plan.split, classes_with_groundtruth(plan, "train"), "train")
    processes, device = plan.settings.training.processes, choose_device(plan.settings.device)
    if processes == 1:
        weights = fit(plan, device, ALONE, clock)
    else:
        weights = run_ranks(processes, device, fit_part, plan.settings.model_dump_json())
    return Content(files={"head.pt": as_bytes(weights)}, made_with=plan.text_made_with())


def fit(plan: Plan, device: str, rank: "Rank", clock: Clock | None = None) -> dict[str, "Tensor"]:
    """The weights of the plan's head, trained by this process together with the other ranks."""
    from zsstad_core.learning.banks import chosen_videos, training_bank
    from zsstad_core.learning.cached_labels import training_labels
    from zsstad_core.learning.train import train
    from zsstad_core.methods.registry import build

    settings = plan.settings
    bank = training_bank(plan, device)
    head = build(settings, bank.width)
    if rank.first:
        samples = f"{len(bank.samples)} {'frames' if plan.method.classifies == 'person' else 'clips'}"
        print(f"train: {settings.head}, split {settings.split}: {samples} of {len(plan.split.seen)} seen classes")
        if settings.training.videos != "any" or settings.training.videos_at_most:
            videos = chosen_videos(plan)
            print(f"train: {len(videos.used)} of {len(videos.eligible)} training videos that the split allows")
    return train(head, bank, training_labels(plan), settings.training, plan.runs, clock=clock, rank=rank)


def fit_part(rank: "Rank", device: str, settings: str) -> dict[str, "Tensor"]:
    """`fit` in a separate process. settings: as JSON."""
    with redirect_stdout(StringIO()):  # the parent process has printed the same lines
        plan = Plan(Settings.model_validate_json(settings))
    return fit(plan, device, rank)


if __name__ == "__main__":
    main()
