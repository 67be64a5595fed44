"""Messages, other than end records, that a child sends to the supervisor about itself.

Children import this module.
"""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from runner.model.words import TargetWord
    from runner.supervise.child.line_clock import LineClock

tell: Callable[[str], None] | None = None
"""Sends the supervisor a JSON array; None in a process that the supervisor does not know, and in the supervisor."""

lines: LineClock | None = None
"""Reports the times of the lines of `print` steps; None in a process that has none."""

began = 0.0
"""When the work began (monotonic), in an interpreter of its own, whose start takes long; else 0."""


def report_added(name: str, amount: float, guards: list[str]) -> None:
    """Report that this process has added this amount to a shared thing, holding these guards each time."""
    _tell("added", name, amount, guards)


def report_finally(line: int) -> None:
    """Report that the target has a `finally` in this line of its file."""
    _tell("finally", line)


def report_globals(module: str, names: list[str]) -> None:
    """Report that the target has changed these globals of its module."""
    _tell("globals", module, names)


def report_drawn(generator: str, numbers: int) -> None:
    """Report that the target has used a random generator that it did not create; `numbers` identifies the numbers that
    it drew."""
    _tell("drawn", generator, numbers)


def report_worked(ended: float) -> None:
    """Report that the process has worked, from `began` until this time (monotonic)."""
    _tell("worked", began, ended)


def report_left_for_exit(functions: list[str]) -> None:
    """Report that the target has registered these functions with `atexit`."""
    _tell("left_for_exit", functions)


def report_unwritten(files: list[str]) -> None:
    """Report that the process leaves while the buffers of these files hold data."""
    _tell("unwritten", files)


def report_unfinalized(finalizers: list[str], folders: list[str]) -> None:
    """Report that the process leaves while these finalizers of `weakref`, and those of temporary folders, wait for
    Python's exit."""
    _tell("unfinalized", finalizers, folders)


def report_exit_functions_run() -> None:
    """Report that the functions registered with `atexit` are being called."""
    _tell("exit_functions_run")


def report_forked_with(threads: list[str], *, here: bool) -> None:
    """Report that a process was forked from one that had these threads: from this one (`here`), or this one itself."""
    _tell("forked_with", threads, here)


def report_stdin_read() -> None:
    """Report that the target reads from stdin."""
    _tell("read_stdin")


def report_kept_alive(how: str, function: str | None, threads: list[str], children: list[str], items: int) -> None:
    """Report that the process lives on after its target (`how` it ended); the arguments are what it runs or waits for
    now.

    `function` is the exit function that runs, `items` counts what its own queues have not sent.
    """
    _tell("remaining", how, function, threads, children, items)


def report_lives_on() -> None:
    """Report that the process still lives, a while after its target ended."""
    _tell("lives_on")


def report_unsent(row: int, items: int) -> None:
    """Report that the process is done, except for this number of items that are not in their queue's pipe yet."""
    _tell("unsent", row, items)


def _tell(word: TargetWord | Literal["added"], *said: object) -> None:
    if tell is not None:
        tell(json.dumps((word, *said)))
