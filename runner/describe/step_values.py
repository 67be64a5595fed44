"""What the words, numbers and names in steps may be, kind by kind, and what is meant where they are not."""

from __future__ import annotations

import builtins
import signal
from typing import TYPE_CHECKING

from runner.describe.checking import instead_of
from runner.describe.scalars import shortened
from runner.describe.step_types import BOOL, COUNT, DEADLY, EXCEPTION, SIGNAL, TEXT
from runner.describe.suggestions import nearest, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def ignorable_signals() -> list[str]:
    """The names of the signals that a process can ignore."""
    return [one.name for one in signal.Signals if one.name not in ("SIGKILL", "SIGSTOP")]


def deadly_signals() -> list[str]:
    """The names of the signals that a process dies of if it does nothing about them."""
    return [one.name for one in signal.Signals if one.name not in _HARMLESS]


def is_exception(name: object) -> bool:
    """Whether it is the name of an exception of Python's that takes one text."""
    kind = getattr(builtins, name, None) if isinstance(name, str) else None
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        return False
    try:
        kind("text")
    except TypeError:
        return False
    return True


_HARMLESS = {"SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGWINCH"}


def wanted(kind: str, value: object) -> str | None:
    """What a value of this kind would be; None if this is one."""
    good, expected = _CHECKS[kind]
    return None if good(value) else expected


def help_with(kind: str, value: object) -> str | None:
    """What to write instead of a value that is not of this kind."""
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


_CHECKS: dict[str, tuple[Callable[[object], bool], str]] = {
    COUNT: (_is_count, "a whole number from 0"),
    TEXT: (lambda value: isinstance(value, str), "text"),
    BOOL: (lambda value: isinstance(value, bool), "true or false"),
    SIGNAL: (lambda value: value in ignorable_signals(), "the name of a signal, such as SIGTERM"),
    DEADLY: (lambda value: value in deadly_signals(), "the name of a signal, such as SIGTERM"),
    EXCEPTION: (is_exception, "the name of an exception of Python's, such as ValueError"),
}
