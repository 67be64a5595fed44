"""What notes need to know of a plan: which processes are meant to crash, and whether returns are explained. Pure."""

from __future__ import annotations

from runner.model.shared_things import is_declared

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.model.json_types import StepData
    from runner.model.plan import Plan

_LESSON = "runner.workers:return_value"
"""The built-in worker that shows what happens to a returned value."""


def crashing(plan: Plan) -> frozenset[str]:
    """Return the processes with a step that ends them by a signal."""
    return frozenset(process.name for process in plan.processes if process.do and _has_crash(process.do))


def explains_returns(plan: Plan) -> bool:
    """Return whether a returned value is explained: in the laboratory, where it is a lesson, and where the file expects
    it."""
    if plan.expect is not None and "return_value" in plan.expect.notes:
        return True
    is_lesson = any(process.do is not None or process.target == _LESSON for process in plan.processes)
    return is_lesson or any(is_declared(thing.name) for thing in plan.shared)


def _has_crash(steps: Iterable[StepData]) -> bool:
    return any(step["step"] == "crash" or _has_crash(step.get("do", ())) for step in steps)
