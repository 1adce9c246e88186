"""A head, boxes and labels to detections: who is scored against which labels, and how a score is made."""

from zsstad_core.scoring.groups import Group, groups, unlabelled
from zsstad_core.scoring.oracle import oracle
from zsstad_core.scoring.persons import score
from zsstad_core.scoring.voting import vote

__all__ = ["Group", "groups", "oracle", "score", "unlabelled", "vote"]
