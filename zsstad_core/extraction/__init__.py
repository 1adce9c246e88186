"""Compute the units of the extract stages: tables and tokens of some clips, from one pass over their frames."""
