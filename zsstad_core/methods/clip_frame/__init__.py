"""Baseline: CLIP's token of the whole frame."""
