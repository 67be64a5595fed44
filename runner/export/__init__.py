"""A plan as a plain Python script that does the same with `multiprocessing` and the standard library alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.export.program import script
from runner.export.refusals import CannotExport

if TYPE_CHECKING:
    from collections.abc import Collection

    from runner.plan import Plan

__all__ = ["CannotExport", "export"]


def export(plan: Plan, coroutines: Collection[str] = ()) -> str:
    """The text of the script: formatted, typed, with the names of the file.

    numpy is needed where the file has arrays. What the file calls is imported from where the file finds it.
    `coroutines` are the import paths of targets that are coroutine functions, and of classes whose `run` is one. Raises
    `CannotExport` for what a plain script cannot say.
    """
    return script(plan, coroutines)
