"""train: fit the head's interaction and prompting parameters on cached tokens of the seen classes.

reads   groundtruth, text, tokens or views of the training videos
writes  train: head.pt, the weights; checkpoints and TensorBoard files of the run in training/, beside the artifact
"""

from zsstad_core import configure
from zsstad_core.cache.stages import TRAIN
from zsstad_core.datasets.label_types import label_types
from zsstad_core.errors import friendly
from zsstad_core.plan.plan import Plan
from zsstad_core.progress import Clock
from zsstad_core.splits import refuse_empty
from zsstad_core.work import Content, Work, run


@friendly
def main() -> None:
    plan = Plan(configure.from_arguments(configure.arguments(__doc__).parse_args()))
    if plan.train is None:
        print(f"train: {plan.settings.head} has nothing to train")
    else:
        trainer = plan.training_plan or plan
        run(Work("train", [plan.train], lambda: lambda group, artifacts, clock: {TRAIN: trained(trainer, clock)}))


def trained(plan: Plan, clock: Clock | None = None) -> Content:
    from zsstad_core.frozen.device import choose_device
    from zsstad_core.heads import build
    from zsstad_core.learning.from_cache import classes_of, text_tokens, training_bank, videos_of
    from zsstad_core.learning.train import train
    from zsstad_core.learning.weights import as_bytes

    refuse_empty(plan.split, classes_of(plan, "train"), "train")
    bank = training_bank(plan, choose_device(plan.settings.device))
    head = build(plan.settings, bank.width)
    seen = plan.split.seen
    print(
        f"train: {plan.settings.head}, split {plan.settings.split}: {bank.samples} frames of {len(seen)} seen classes"
    )
    if (rule := plan.settings.training).videos != "any" or rule.videos_at_most:
        chosen = videos_of(plan)
        print(f"train: {len(chosen.used)} of {len(chosen.eligible)} training videos that the split allows")
    types = label_types(seen, plan.dataset.class_types)
    weights = train(head, bank, text_tokens(plan, seen), plan.settings.training, plan.runs, types=types, clock=clock)
    return Content(files={"head.pt": as_bytes(weights)}, made_with=plan.text.made_with())


if __name__ == "__main__":
    main()
