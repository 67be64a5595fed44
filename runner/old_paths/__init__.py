"""Deprecated import paths for job types, supported for one version.

The packages `runner` and `runner.describe` look for submodules here after they have looked in their own folders.
"""

from __future__ import annotations

import warnings
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def attributes_of(old: str, *homes: str) -> Callable[[str], object]:
    """Return the `__getattr__` of a module whose names have moved from `old` to these homes: it warns about each name
    that is used."""

    def attribute(name: str) -> object:
        if name.startswith("__"):  # the import system asks for some
            raise AttributeError(f"module {old!r} has no attribute {name!r}")
        home = next((home for home in homes if hasattr(import_module(home), name)), homes[0])
        found = getattr(import_module(home), name)
        warnings.warn(f"{old} has moved: import {name} from {_public_home(name) or home}", DeprecationWarning, 2)
        return found

    return attribute


def _public_home(name: str) -> str | None:
    """Return the package that has this name among its public ones."""
    return next((package for package in ("runner.jobtypes", "runner") if name in import_module(package).__all__), None)
