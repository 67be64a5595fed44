"""Deprecated import path of `runner.describe.job_types`: see `runner.old_paths`."""

from __future__ import annotations

from runner.old_paths import attributes_of

__getattr__ = attributes_of("runner.describe.jobtype", "runner.describe.job_types")
