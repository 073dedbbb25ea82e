"""Benchmarks: each figure beside a floor that was run in between it, as a ratio."""
