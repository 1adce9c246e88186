"""A head, boxes and labels to detections: who is scored against which labels, and how a score is made."""

from zsstad_core.scoring.groups import Group, groups, unlabelled
from zsstad_core.scoring.oracle import oracle
from zsstad_core.scoring.persons import Scored, score, scored
from zsstad_core.scoring.voting import vote

__all__ = ["Group", "Scored", "groups", "oracle", "score", "scored", "unlabelled", "vote"]
