"""Metrics as pure functions of tables, and a command that evaluates files of other programs. No torch."""
