"""The training loop of heads and detectors; a training that continues after a kill is exact to the bit."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import reduce
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from zsstad_core.learning.checkpoints import Checkpoints
from zsstad_core.learning.rank import ALONE, Rank
from zsstad_core.learning.schedule import Schedule
from zsstad_core.learning.watch import Watch


class Losses(NamedTuple):
    """The losses of a step: terms that are added up, each a mean over the `rows` rows of the batch."""

    terms: Mapping[str, Tensor]
    rows: int


def optimise(
    module: nn.Module,
    step: Callable[[int], Losses],
    optimiser: torch.optim.Optimizer,
    schedule: Schedule,
    checkpoints: Checkpoints,
    watch: Watch,
    *,
    checkpoint_every: int,
    seed: int,
    device: torch.device,
    clip_norm: float | None = None,
    mixed: bool = False,
    rank: Rank = ALONE,
) -> None:
    """Train `module` in place for `schedule.iterations` iterations, from its newest checkpoint where there is one.

    step: a function (number of an iteration, from 0) -> Losses. It may draw from torch's random generators, whose state
    is a function of (seed, iteration) before each step; after the training the state is as before. Nothing else that
    changes from step to step may influence the losses, so that a training that continues equals one that was never
    stopped. optimiser: the `lr` of its groups are the full learning rates. clip_norm: the largest norm of all gradients
    together; longer gradients are scaled down to it. mixed: whether steps run under autocast to bf16, which has the
    range of fp32 and needs no scaling of the loss. rank: which part of the batch `step` computes, where several
    processes train.

    Raises UserError where the loss is not finite, CacheError where the checkpoints belong to another training.
    """
    rates = [schedule.rates(group["lr"]) for group in optimiser.param_groups]
    names = [str(group.get("name", number)) for number, group in enumerate(optimiser.param_groups)]
    weights = [weight for group in optimiser.param_groups for weight in group["params"]]
    newest = rank.agree(checkpoints.newest)
    start = 0 if newest is None else checkpoints.load(newest, module, optimiser)
    with _generators(device) as generators, watch.writing(start) if rank.first else nullcontext():
        for iteration in range(start, schedule.iterations):
            _seed(generators, seed, iteration, rank)
            now = [of_group[iteration] for of_group in rates]
            for group, rate in zip(optimiser.param_groups, now, strict=True):
                group["lr"] = rate
            with torch.autocast(device.type, torch.bfloat16, enabled=mixed):
                terms, rows = step(iteration)
            loss = reduce(torch.add, terms.values())
            loss.backward()  # type: ignore[no-untyped-call]
            loss = rank.average(weights, loss.detach(), rows)
            if clip_norm is not None:
                nn.utils.clip_grad_norm_(weights, clip_norm)
            optimiser.step()
            optimiser.zero_grad()

            done = iteration + 1
            saves = done % checkpoint_every == 0 or done == schedule.iterations
            if rank.first:
                watch(done, loss, dict(zip(names, now, strict=True)), saves)
                if saves:
                    checkpoints.write(done, module, optimiser)


@contextmanager
def _generators(device: torch.device) -> Iterator[list[torch.Generator]]:
    """torch's own random generators of the CPU and of a GPU `device`; their states are restored after the block."""
    gpus = [torch.cuda.current_device() if device.index is None else device.index] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus):
        yield [torch.default_generator, *(torch.cuda.default_generators[gpu] for gpu in gpus)]


def _seed(generators: list[torch.Generator], seed: int, iteration: int, rank: Rank) -> None:
    # Hashed, since torch's CPU generator uses only the lower 32 bits of a seed. Each process draws other numbers; the
    # first draws the same as a single process.
    sequence = np.random.SeedSequence([seed, iteration, *([rank.number] if rank.number else [])])
    value = int(sequence.generate_state(1, np.uint64)[0])
    for generator in generators:
        generator.manual_seed(value)
