"""Every run of `make test` is the same: random numbers and hypothesis's examples depend on the test alone.

Neither on time, nor on the tests before it in its process, nor on the folder of the checkout. `make test-all` lets
hypothesis draw new examples (its profile DRAWN, by `--hypothesis-profile`).
"""

import os
import random
from typing import Any

import numpy as np
import pytest
import torch  # here, since a test that is the first to import it would draw numbers of that moment
from hypothesis import HealthCheck, Phase, settings
from hypothesis.internal.conjecture import providers

FIXED, DRAWN = "fixed", "drawn"
_COMMON: dict[str, Any] = {
    "database": None,
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow],  # it measures time
    "phases": set(Phase) - {Phase.explain},
    "print_blob": True,
}
settings.register_profile(FIXED, derandomize=True, **_COMMON)
settings.register_profile(DRAWN, derandomize=False, **_COMMON)
settings.load_profile(FIXED)


def pytest_configure() -> None:
    if settings.get_current_profile_name() == FIXED:
        forget_the_constants_of_modules()


def forget_the_constants_of_modules() -> None:
    """Keep hypothesis from drawing constants of our modules: the tests before decide which ones are loaded."""
    none = providers.Constants()
    providers.HypothesisProvider._local_constants = property(lambda self: none)  # type: ignore[assignment]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Before a test and its fixtures: the same numbers for all that draw without a generator of their own."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    torch.manual_seed(0)


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int) -> None:
    seed = os.environ.get("PYTHONHASHSEED", "random")
    if exitstatus == pytest.ExitCode.TESTS_FAILED and seed not in ("random", "0"):
        terminalreporter.line(
            f"the order of sets was that of PYTHONHASHSEED={seed}, which make takes over if it is set"
        )
