"""Decide which facts of a plan need an explanatory note. Pure."""

from __future__ import annotations

from collections import Counter

from runner.model.shared_things import is_declared

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from runner.model.plan import Plan

_LESSON = "runner.workers:return_value"
"""The built-in worker that is there to show what becomes of a returned value."""


def crashing(plan: Plan) -> frozenset[str]:
    """Processes with a step that has them die of a signal."""
    return frozenset(process.name for process in plan.processes if process.do and _has_crash(process.do))


def explains_returns(plan: Plan) -> bool:
    """Whether a returned value is explained: in the laboratory, where it is a lesson, and where the file expects it."""
    if plan.expect is not None and "return_value" in plan.expect.notes:
        return True
    is_lesson = any(process.do is not None or process.target == _LESSON for process in plan.processes)
    return is_lesson or any(is_declared(thing.name) for thing in plan.shared)


def _has_crash(steps: Any) -> bool:
    return any(step["step"] == "crash" or _has_crash(step.get("do", ())) for step in steps)


def counts_of(outcomes: Iterable[str]) -> dict[str, int]:
    """How many processes had each outcome, the most frequent one first."""
    return {**dict(Counter(outcomes).most_common())}
