"""Deprecated import path of `runner.describe.fields.validation_errors`: see `runner.old_paths`."""

from __future__ import annotations

from runner.old_paths import attributes_of

__getattr__ = attributes_of("runner.describe.checking", "runner.describe.fields.validation_errors")
