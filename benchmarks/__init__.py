"""What is measured, and how; each file prints ratios taken in one run. Results stand in docs/benchmarks.md."""
