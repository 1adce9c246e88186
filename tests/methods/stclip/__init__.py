"""Tests of ST-CLIP."""
