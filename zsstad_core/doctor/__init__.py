"""What makes a mAP vanish: one small file a family of checks, each a function of tables that gives findings."""

from zsstad_core.doctor.checks import Examined, examine
from zsstad_core.doctor.finding import Finding

__all__ = ["Examined", "Finding", "examine"]
