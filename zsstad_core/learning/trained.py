"""The head of a plan with its trained weights."""

from typing import Any

from zsstad_core.learning.weights import load_into
from zsstad_core.methods import registry
from zsstad_core.methods.common.head import Head
from zsstad_core.plan.plan import Plan


def trained_head(plan: Plan, width: int) -> Head[Any]:
    """The head that the plan names, for tokens of `width` numbers, with its trained weights if it trains.

    Raises CacheError where the train artifact is not complete, or holds the weights of another head.
    """
    head = registry.build(plan.settings, width)
    if plan.train is not None:
        load_into(head, plan.train)
    return head
