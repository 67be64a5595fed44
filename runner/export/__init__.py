"""Export a plan as a plain Python script that needs only `multiprocessing` and the standard library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.export.program import script
from runner.export.refusals import CannotExport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.model.plan import Plan

__all__ = ["CannotExport", "export"]


def export(plan: Plan, coroutines: Mapping[str, bool] | None = None) -> str:
    """The text of the script: formatted, typed, with the names of the file.

    numpy is needed where the file has arrays. What the file calls is imported from where the file finds it.
    `coroutines` are the import paths of targets, and of classes by their `run`, that return coroutines: False for those
    that might return one or a generator, and for classes without a `run` of their own. Raises `CannotExport` for what a
    plain script cannot say.
    """
    return script(plan, coroutines or {})
