"""Checks for what makes a mAP vanish: one small file for each family, each check a function of tables that gives
findings."""

from zsstad_core.doctor.checks import Examination, examine
from zsstad_core.doctor.finding import Finding

__all__ = ["Examination", "Finding", "examine"]
