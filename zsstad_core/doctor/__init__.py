"""Checks for mistakes that ruin a mAP: one small module per family; each check is a function of tables that returns
findings."""

from zsstad_core.doctor.checks import Examination, examine
from zsstad_core.doctor.finding import Finding

__all__ = ["Examination", "Finding", "examine"]
