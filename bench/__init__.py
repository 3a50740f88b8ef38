"""Benchmarks: ratios between cases interleaved in one run. `python3 dev.py bench` runs them and prints the table."""
