"""metrics.json, the file of an evaluation: the evaluate stage writes it, and everything that shows numbers reads it."""

import json
from collections.abc import Mapping
from typing import Any

from zsstad_core.cache.artifact import Artifact

METRICS = "metrics.json"


def as_json(metrics: Mapping[str, Any]) -> bytes:
    """The content of the file."""
    return (json.dumps(metrics, indent=1) + "\n").encode()


def read_metrics(evaluated: Artifact) -> dict[str, Any]:
    """The metrics of an `evaluate` artifact. Raises CacheError if it is not complete, or is damaged."""
    metrics: dict[str, Any] = json.loads(evaluated.whole_unit().file(METRICS).read_text())
    return metrics
