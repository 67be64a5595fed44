"""Messages, other than end records, that a child sends to the supervisor about itself.

Children import this module.
"""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.supervise.child.line_clock import LineClock

tell: Callable[[str], None] | None = None
"""Tells the supervisor a JSON array; None in a process that it does not know, and in the supervisor."""

lines: LineClock | None = None
"""Tells when the lines of `print` steps are written; None in a process that does not."""

began = 0.0
"""When the work began (monotonic), in an interpreter of its own, which has taken long to start; else 0."""


def tell_added(name: str, amount: float, guards: list[str]) -> None:
    """This process has added so much to a shared thing, and held these guards each time."""
    _tell("added", name, amount, guards)


def tell_finally(line: int) -> None:
    """The target has a `finally` in this line of its file."""
    _tell("finally", line)


def tell_globals(module: str, names: list[str]) -> None:
    """The target has changed these globals of its module."""
    _tell("globals", module, names)


def tell_drawn(generator: str, numbers: int) -> None:
    """The target has drawn from a generator of random numbers that it did not make; `numbers` tells which ones."""
    _tell("drawn", generator, numbers)


def tell_worked(ended: float) -> None:
    """The process has worked, from when it began until this time (monotonic)."""
    _tell("worked", began, ended)


def tell_left_for_exit(functions: list[str]) -> None:
    """The target has registered these functions with `atexit`."""
    _tell("left_for_exit", functions)


def tell_unwritten(files: list[str]) -> None:
    """The process leaves while data is in the buffers of these files."""
    _tell("unwritten", files)


def tell_unfinalized(finalizers: list[str], folders: list[str]) -> None:
    """The process leaves while these finalizers of `weakref` wait for Python's exit, and those of temporary folders."""
    _tell("unfinalized", finalizers, folders)


def tell_exit_functions_run() -> None:
    """The functions registered with `atexit` are being called."""
    _tell("exit_functions_run")


def tell_forked_with(threads: list[str], *, here: bool) -> None:
    """A process was forked from one that had these threads: from this one (`here`), or this one itself."""
    _tell("forked_with", threads, here)


def tell_stdin_read() -> None:
    """The target reads from stdin."""
    _tell("read_stdin")


def tell_remaining(how: str, function: str | None, threads: list[str], children: list[str], items: int) -> None:
    """The process lives on after its target (`how` it ended); the arguments are what it runs or waits for now.

    `function` is the exit function that runs, `items` counts what its own queues have not sent.
    """
    _tell("remaining", how, function, threads, children, items)


def tell_lives_on() -> None:
    """The process is still there, a while after its target was over."""
    _tell("lives_on")


def tell_unsent(row: int, items: int) -> None:
    """The process is done, but for so many items that are not in their queue's pipe yet."""
    _tell("unsent", row, items)


def _tell(*what: object) -> None:
    if tell is not None:
        tell(json.dumps(what))
