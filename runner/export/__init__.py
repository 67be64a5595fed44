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
    """Return the text of the script: formatted, typed, with the names of the file.

    numpy is needed if the file has arrays. Modules are imported from where the file finds them. `coroutines` are the
    import paths of targets, and of classes for their `run`, that return coroutines: False for those that might return
    one or a generator, and for classes without a `run` of their own. Raise `CannotExport` for what a plain script
    cannot express.
    """
    return script(plan, coroutines or {})
