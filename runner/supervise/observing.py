"""What a target does that surprises: it changes globals, draws numbers that its siblings draw, has a `finally`.

Children import this module, if their targets are somebody's functions.
"""

from __future__ import annotations

import sys
from types import FunctionType

from runner.supervise import told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

_PLAIN = (int, float, str, bytes, tuple, list, dict, set)
MOST_NAMES = 5
_NUMPY_RANDOM = "numpy.random"


def observed(target: Any, call: Callable[[], object]) -> object:
    """The value of the call; what surprises in it is told."""
    if not isinstance(target, FunctionType) or told.tell is None:
        return call()
    line = line_of_finally(target)
    if line is not None:
        told.tell_finally(line)
    before, drawn = _sizes(target.__globals__), _generator()
    value = call()
    changed = changed_names(before, _sizes(target.__globals__))
    if changed:
        told.tell_globals(str(target.__globals__.get("__name__")), changed[:MOST_NAMES])
    drew = _generator()
    if drawn is not None and drew is not None and drawn != drew:
        told.tell_drawn(drawn ^ (drew << 1))  # who has seeded it meanwhile has got other numbers
    return value


def _sizes(names: Mapping[str, object]) -> dict[str, tuple[object, int | None]]:
    """The module's own plain globals, each with what tells whether it has been changed."""
    return {
        name: (value, len(value) if isinstance(value, list | dict | set) else None)
        for name, value in list(names.items())
        if type(value) in _PLAIN and not name.startswith("_")
    }


def changed_names(
    before: Mapping[str, tuple[object, int | None]], after: Mapping[str, tuple[object, int | None]]
) -> list[str]:
    """Those that are other objects now, or have grown or shrunk."""
    return [
        name
        for name, (value, size) in before.items()
        if name in after and (after[name][0] is not value or after[name][1] != size)
    ]


def _generator() -> int | None:
    """The state of numpy's global generator of random numbers, in a number; None if it is not there."""
    random = sys.modules.get(_NUMPY_RANDOM)
    if random is None:
        return None
    import zlib

    state = random.get_state()
    if not isinstance(state, tuple):  # the target has put another generator in its place
        return None
    return zlib.crc32(state[1].tobytes() + b"%d" % state[2])


def line_of_finally(target: FunctionType) -> int | None:
    """The line in its file of the first `finally` of a function, if it has one."""
    code = target.__code__
    if not code.co_exceptiontable:  # it catches nothing
        return None
    lines = [line for _, _, line in code.co_lines() if line is not None]
    try:
        with open(code.co_filename, encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                if number > max(lines):
                    return None
                if number >= code.co_firstlineno and text.lstrip().startswith("finally:"):
                    return number
    except (OSError, UnicodeDecodeError):
        return None
    return None
