"""Metrics: pure functions of tables. No torch, no files, no settings."""
