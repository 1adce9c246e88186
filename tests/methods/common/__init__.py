"""Tests of what methods share."""
