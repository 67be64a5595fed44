"""Deprecated import path of `runner.model.job_results`: see `runner.old_paths`."""

from __future__ import annotations

from runner.old_paths import attributes_of

__getattr__ = attributes_of("runner.jobresult", "runner.model.job_results")
