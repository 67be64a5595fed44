"""Decide which processes report the times at which their `print` steps write lines, and in which format.

A record is sent right before its line is written. It contains the line's length and its beginning, so that a line that
other code writes to the same stream is never taken for it. Children import this module.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.model.json_types import StepData
    from runner.model.plan import Plan

HEAD = 256
"""The most bytes of a line in a record: with the rest fewer than POSIX's least PIPE_BUF, so that records of different
processes never interleave."""

TOLD = b"%d %d %d %b\n"
"""The record of a line: the process's number, nanoseconds (monotonic), the line's length, and its first bytes."""
LOOK = b"%d %b"
"""The last two fields, which identify a line."""


def line_reporters(plan: Plan) -> list[int]:
    """Return the numbers of the processes that report when they write their lines; main's is the one after the last
    process."""
    from runner.model.plan import Act

    processes = [number for number, each in enumerate(plan.processes) if each.do is not None and reports_lines(each.do)]
    prints = any(isinstance(step, Act) and step.step["step"] == "print" for step in plan.steps)
    return [*processes, *([len(plan.processes)] if prints else [])]


def reports_lines(steps: Iterable[StepData]) -> bool:
    """Return whether a process with these steps reports when it writes its lines.

    A `child` step that prints would write lines that may look alike to the same stream: then no line is reported.
    """
    every = list(_all_of(steps))
    prints = any(step["step"] == "print" for step in every)
    return prints and not any(
        step["step"] == "child" and any(each["step"] == "print" for each in _all_of(step["do"], children=True))
        for step in every
    )


def _all_of(steps: Iterable[StepData], *, children: bool = False) -> Iterable[StepData]:
    """Yield the steps and those within them; the steps of a `child` only if `children` asks for them."""
    for step in steps:
        yield step
        if "do" in step and (children or step["step"] != "child"):
            yield from _all_of(step["do"], children=children)
