"""The allowed values in steps, by kind, and suggestions for values that are not allowed."""

from __future__ import annotations

import builtins
import signal
from typing import TYPE_CHECKING

from runner.describe.fields.validation_errors import instead_of
from runner.describe.steps.step_types import BOOL, COUNT, DEADLY, EXCEPTION, SIGNAL, TEXT
from runner.describe.yaml.scalars import found, shortened
from runner.describe.yaml.suggestions import nearest, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from runner.model.problem_ids import ProblemId

    Told: TypeAlias = tuple[str, str | None, ProblemId]

MAX_TIMES = 10**15
"""The most rounds of a loop: more would take years, and would not fit into C integers in the end."""


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_TIMES


def ignorable_signals() -> list[str]:
    """Return the names of the signals that a process can ignore."""
    return [one.name for one in signal.Signals if one.name not in ("SIGKILL", "SIGSTOP")]


def deadly_signals() -> list[str]:
    """Return the names of the signals whose default action ends a process."""
    return [one.name for one in signal.Signals if one.name not in _HARMLESS]


def is_exception(name: object) -> bool:
    """Return whether this is the name of a built-in exception that takes one text."""
    kind = getattr(builtins, name, None) if isinstance(name, str) else None
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        return False
    try:
        kind("text")
    except TypeError:
        return False
    return True


_HARMLESS = {"SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGWINCH"}


_INSTEAD = {"SystemExit": "write exit: 3", "KeyboardInterrupt": "a Ctrl-C is a signal: write crash: SIGINT"}
"""Exceptions with a step of their own, and what to write."""


def wrong(kind: str, key: str, value: object) -> Told | None:
    """Return the message for a value under this key that is not of this type, what to write, and the id; None if it
    is."""
    good, expected, id = _CHECKS[kind]
    if good(value):
        return None
    if kind == COUNT and type(value) is int:
        id = "out-of-range"
    message = f"`{key}`: expected {expected}, found {found(value)}"
    return _of_its_own(kind, value) or (message, _help_with(kind, value), id)


def _of_its_own(kind: str, value: object) -> Told | None:
    """Return the message for a signal or an exception that exists, but not for this step; or for a count that is too
    large."""
    match kind, value:
        case "count", int() if value > MAX_TIMES:
            return f"{shortened(f'{value:,}')} is too often: at most {MAX_TIMES:,} times", None, "out-of-range"
        case "signal", "SIGKILL" | "SIGSTOP":
            help = "no process can ignore this signal; SIGTERM, for example, can be ignored"
            return f"{value} cannot be ignored", help, "invalid-value"
        case "deadly", str() if value in _HARMLESS:
            return f"{value} does not end a process", "write for example crash: SIGKILL", "invalid-value"
        case "exception", str() if value in _INSTEAD:
            return f"{value} is not an error that a step can raise", _INSTEAD[value], "invalid-value"
    return None


def _help_with(kind: str, value: object) -> str | None:
    """Return what to write instead of a value that is not of this type."""
    match kind, value:
        case "signal", str():
            return suggestion(value, ignorable_signals(), "signals")
        case "deadly", str():
            return suggestion(value, deadly_signals(), "signals")
        case "exception", str():
            near = nearest(value, [name for name in dir(builtins) if is_exception(name)])
            return f"did you mean `{near}`?" if near else f"write raise: RuntimeError and message: {shortened(value)}"
        case "count", _:
            return instead_of("a whole number", value, str(value))
        case "text", _:
            return instead_of("text", value, str(value))
        case "bool", _:
            return instead_of("true or false", value, str(value))
    return None


_CHECKS: dict[str, tuple[Callable[[object], bool], str, ProblemId]] = {
    COUNT: (_is_count, "a whole number from 0", "wrong-type"),
    TEXT: (lambda value: isinstance(value, str), "text", "wrong-type"),
    BOOL: (lambda value: isinstance(value, bool), "true or false", "wrong-type"),
    SIGNAL: (lambda value: value in ignorable_signals(), "the name of a signal, such as SIGTERM", "unknown-choice"),
    DEADLY: (lambda value: value in deadly_signals(), "the name of a signal, such as SIGTERM", "unknown-choice"),
    EXCEPTION: (is_exception, "the name of an exception of Python's, such as ValueError", "unknown-choice"),
}
