"""Metrics: pure functions of tables, and the files and the command for results that were made elsewhere. No torch."""
