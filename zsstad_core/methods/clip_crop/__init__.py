"""Baseline: CLIP's token of the person's crop."""
