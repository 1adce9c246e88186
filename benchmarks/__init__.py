"""Benchmarks; each module prints ratios that are measured in one run. docs/benchmarks.md holds the results."""
