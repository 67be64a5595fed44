"""Measurements side by side with plain multiprocessing and with other programs: `python -m benchmarks`."""
