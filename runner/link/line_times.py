"""Records of the times at which `print` steps write lines, each sent right before its line is written.

Each record carries the line's length and its beginning, so that a line that something else writes to the same stream is
never taken for it. Children import this module.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from runner.model.plan import Plan

HEAD = 256
"""How many bytes of a line are told at most: with the rest fewer than POSIX's least PIPE_BUF, so that what different
processes tell never mingles."""

TOLD = b"%d %d %d %b\n"
"""The record of a line: the process's number, nanoseconds (monotonic), the line's length, and its first bytes."""
LOOK = b"%d %b"
"""The last two of these: by them a line is known again."""


def tellers(plan: Plan) -> list[int]:
    """The numbers of the processes that tell when they write their lines; main's is that behind the last process."""
    from runner.model.plan import Act

    processes = [number for number, each in enumerate(plan.processes) if each.do is not None and tells_lines(each.do)]
    prints = any(isinstance(step, Act) and step.step["step"] == "print" for step in plan.steps)
    return [*processes, *([len(plan.processes)] if prints else [])]


def tells_lines(steps: Iterable[Any]) -> bool:
    """Whether a process with these steps tells when it writes its lines.

    A `child` step that prints would write to the same stream lines that may look alike: then nothing is told.
    """
    every = list(_all_of(steps))
    prints = any(step["step"] == "print" for step in every)
    return prints and not any(
        step["step"] == "child" and any(each["step"] == "print" for each in _all_of(step["do"], children=True))
        for step in every
    )


def _all_of(steps: Iterable[Any], *, children: bool = False) -> Iterable[Any]:
    """The steps and those within them, except for what a `child` does unless that is asked for."""
    for step in steps:
        yield step
        if "do" in step and (children or step["step"] != "child"):
            yield from _all_of(step["do"], children=children)
