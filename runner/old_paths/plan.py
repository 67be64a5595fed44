"""Deprecated import path of `runner.model.plan`: see `runner.old_paths`."""

from __future__ import annotations

from runner.old_paths import attributes_of

__getattr__ = attributes_of("runner.plan", "runner.model.plan", "runner.model.shared_things")
