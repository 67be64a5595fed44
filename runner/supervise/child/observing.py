"""Detect surprising behaviour of a target: changed globals, random numbers shared with siblings, a `finally`.

Children import this module if their targets are a user's functions.
"""

from __future__ import annotations

from itertools import islice
from types import FunctionType, ModuleType

from runner.supervise.child import fork_threads, messages, random_generators, skipped_cleanup  # noqa: F401  # `exiting` is for `calls`: loaded before a fork

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PLAIN = (type(None), bool, int, float, str, bytes, tuple, list, dict, set)
MAX_NAMES = 5
MAX_ITEMS = 1_000
"""Of a larger container, only the size is compared."""


def observed(target: object, call: Callable[[], object]) -> object:
    """Return the value of the call, and report what is surprising in it."""
    if not isinstance(target, FunctionType) or messages.tell is None:
        return call()
    fork_threads.watch()
    line = line_of_finally(target)
    if line is not None:
        messages.report_finally(line)
    names = target.__globals__
    before, generators = _held(names), random_generators.generator_states(names)
    try:
        return call()
    finally:  # it may end by `sys.exit` or by an exception
        changed = changed_names(before, names)
        if changed:
            messages.report_globals(str(names.get("__name__")), changed[:MAX_NAMES])
        for name, numbers in random_generators.drawn(generators):
            messages.report_drawn(name, numbers)


def _held(names: Mapping[str, object]) -> dict[str, tuple[object, object]]:
    """Return the module's own plain globals, each with a state that shows whether it has been changed."""
    return {
        name: (value, _state(value))
        for name, value in list(names.items())
        if type(value) in _PLAIN and not name.startswith("_")
    }


def _state(value: object) -> object:
    """Return a container's contents as numbers, which keep no object alive that the target drops."""
    if not isinstance(value, list | dict | set):
        return None
    if len(value) > MAX_ITEMS:
        return len(value)
    return list(map(id, value.values() if isinstance(value, dict) else value))


def changed_names(before: Mapping[str, tuple[object, object]], names: Mapping[str, object]) -> list[str]:
    """Return the names that refer to other objects now, or to changed ones; a module in place of None is only a late
    import."""
    return [
        name
        for name, (value, state) in before.items()
        if name in names
        and (names[name] is not value or _state(value) != state)
        and not isinstance(names[name], ModuleType)
    ]


def line_of_finally(target: FunctionType) -> int | None:
    """Return the line in its file of the first `finally` of a function, if it has one."""
    code = target.__code__
    if not code.co_exceptiontable:  # without a handler there is no `finally`
        return None
    lines = {line for _, _, line in code.co_lines() if line is not None}
    try:
        with open(code.co_filename, encoding="utf-8") as file:
            return _line_of_finally(list(islice(file, max(lines))), code.co_firstlineno, lines)
    except (OSError, UnicodeDecodeError):
        return None


def _line_of_finally(texts: list[str], first: int, lines: set[int]) -> int | None:
    """Return the same from the file's lines; only the code after the word, in one of `lines`, distinguishes it from
    mere text."""
    behind = 0
    for number, text in enumerate(texts[first - 1 :], first):
        before, word, rest = text.partition("finally:")
        said = rest if word and not before.strip() else text
        if word and not before.strip():
            behind = number
        if behind and _is_code(said):
            if number in lines:
                return behind
            behind = 0
    return None


def _is_code(text: str) -> bool:
    """Return whether a line contains anything but a comment."""
    return bool(text.strip()) and not text.lstrip().startswith("#")
