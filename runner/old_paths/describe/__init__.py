"""Deprecated import paths of `runner.describe`: see `runner.old_paths`."""
