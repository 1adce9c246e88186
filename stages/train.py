"""train: fit the head's interaction and prompting parameters on cached tokens of the seen classes.

reads   groundtruth, text, tokens or views of the training videos
writes  train: head.pt, the weights; checkpoints and TensorBoard files of the run in training/, beside the artifact
"""

from zsstad_core import configure
from zsstad_core.errors import friendly
from zsstad_core.plan import Plan
from zsstad_core.progress import Clock
from zsstad_core.splits import refuse_empty
from zsstad_core.work import Content, Work, run


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()))
    if plan.train is None:
        print(f"train: {plan.settings.head} has nothing to train")
    else:
        trainer = plan.source or plan
        run(Work("train", [plan.train], lambda: lambda group, artifacts, clock: {"train": train_head(trainer, clock)}))


def train_head(plan: Plan, clock: Clock | None = None) -> Content:
    from zsstad_core.frozen.device import choose_device
    from zsstad_core.learning.banks import chosen_videos, classes_with_groundtruth, training_bank
    from zsstad_core.learning.cached_rows import training_labels
    from zsstad_core.learning.train import train
    from zsstad_core.learning.weights import as_bytes
    from zsstad_core.methods.registry import build

    refuse_empty(plan.split, classes_with_groundtruth(plan, "train"), "train")
    bank = training_bank(plan, choose_device(plan.settings.device))
    head = build(plan.settings, bank.width)
    kind = "frames" if plan.head.classifies == "person" else "clips"
    print(
        f"train: {plan.settings.head}, split {plan.settings.split}: {len(bank.samples)} {kind} of "
        f"{len(plan.split.seen)} seen classes"
    )
    if (rule := plan.settings.training).videos != "any" or rule.videos_at_most:
        videos = chosen_videos(plan)
        print(f"train: {len(videos.used)} of {len(videos.eligible)} training videos that the split allows")
    weights = train(head, bank, training_labels(plan), plan.settings.training, plan.runs, clock=clock)
    return Content(files={"head.pt": as_bytes(weights)}, made_with=plan.text_made_with())


if __name__ == "__main__":
    main()
