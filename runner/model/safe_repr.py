"""Safe `str`, `repr` and traceback of users' objects, which may raise any exception."""

from __future__ import annotations

import os
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from runner.model.json_types import Error

MAX_REPR = 200
MAX_MESSAGE = 2_000
_OURS = (
    os.path.join(os.path.dirname(os.path.dirname(__file__)), "supervise", ""),
    import_module.__code__.co_filename,
    "<frozen importlib._bootstrap",
)


def text_of(value: object) -> str:
    """Return the object's `str`; a class's own `__str__` may raise any exception."""
    try:
        return str(value)
    except BaseException:
        return "<its __str__ raises>"


def repr_of(value: object) -> str:
    """Return the object's `repr`, shortened if it is long; a class's own `__repr__` may raise any exception."""
    try:
        return repr(value)[:MAX_REPR]
    except BaseException:
        return f"<{type(value).__name__} whose __repr__ raises>"


def type_name(error: BaseException) -> str:
    """Return the type of an exception, with its module unless it is built-in."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def error_of(error: BaseException) -> Error:
    """Return an exception as events report it, without its traceback."""
    return {"type": type_name(error), "message": text_of(error)[:MAX_MESSAGE], "traceback": None}


def traceback_of(error: BaseException) -> str:
    """Return the traceback as Python prints it, without our frames."""
    frames = without_our_frames(error.__traceback__)
    try:
        import traceback

        return "".join(traceback.format_exception(type(error), error, frames))
    except Exception:  # no descriptor or memory is left for that, or the target has broken what it needs
        return f"{_bare(frames)}{type_name(error)}: {text_of(error)}\n"


def _bare(frames: TracebackType | None) -> str:
    lines = ["Traceback (most recent call last):\n"]
    while frames is not None:
        code = frames.tb_frame.f_code
        lines.append(f'  File "{code.co_filename}", line {frames.tb_lineno}, in {code.co_name}\n')
        frames = frames.tb_next
    return "".join(lines)


def without_our_frames(found: TracebackType | None) -> TracebackType | None:
    """Return the traceback from the first frame that belongs neither to us nor to the import system, if there is
    one."""
    while found is not None and found.tb_frame.f_code.co_filename.startswith(_OURS):
        found = found.tb_next
    return found
