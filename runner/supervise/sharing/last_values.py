"""Read the final values of shared things as plain JSON, whatever objects they contain."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import signal
import struct

from runner.model.dtypes import DTYPES
from runner.model.safe_repr import repr_of, text_of
from runner.model.shared_things import SharedManaged, SharedPlan, SharedQueue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, NoReturn

    from runner.model.plan import Json

MOST_ENTRIES = 1_000
"""Of a list or a mapping; of more, the first ones and the number of the others are told."""
MOST_DEPTH = 20
MOST_BITS = 4_096
"""Of a whole number: Python refuses to write out one that has many more."""
PATIENCE_S = 2.0
"""What a manager, and what lies in it, has to say what it holds."""
_READ = 1 << 16
_HEAD = struct.Struct("!i")
_LONG_HEAD = struct.Struct("!Q")


def of(thing: SharedPlan, made: Any) -> Json:
    """What a value, a dict, a list or a namespace holds, or a queue has left. Never raises, never waits."""
    try:
        match thing:
            case SharedQueue():
                return as_json(list(items_left(made._reader.fileno())))
            case SharedManaged():
                with in_time():
                    held = made._getvalue()
                return as_json(vars(held) if thing.of == "namespace" else held)
        return as_json(made.get_obj().value if hasattr(made, "get_obj") else made.value)
    except BaseException as error:  # the manager is dead, or what is in there cannot be unpickled here
        return f"<cannot be read: {type(error).__name__}: {text_of(error)}>"


@contextlib.contextmanager
def in_time() -> Iterator[None]:
    """Raise `TimeoutError` out of what takes too long: a manager that was stopped, or a user's code in an object."""

    def give_up(*_: object) -> None:
        raise TimeoutError(f"it takes longer than {PATIENCE_S:g} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def of_array(data: bytes, dtype: str) -> Json:
    """The numbers of an array."""
    return as_json(DTYPES[dtype].view(data).tolist())


def as_json(value: object, depth: int = 0) -> Json:
    """The value as JSON; of what JSON does not have, the repr."""
    match value:
        case int() if value.bit_length() > MOST_BITS:
            return f"<a whole number of {value.bit_length():,} bits>"
        case None | bool() | int() | str():
            return value
        case float():
            return value if value - value == 0 else repr(value)  # JSON has no infinity
        case list() | tuple() if depth < MOST_DEPTH:
            shown = [as_json(item, depth + 1) for item in value[:MOST_ENTRIES]]
            return shown if len(value) <= MOST_ENTRIES else [*shown, f"<{len(value) - MOST_ENTRIES:,} more>"]
        case dict() if depth < MOST_DEPTH:
            return {
                key if isinstance(key, str) else repr_of(key): as_json(item, depth + 1)
                for key, item in list(value.items())[:MOST_ENTRIES]
            }
    return repr_of(value)


def items_left(descriptor: int) -> Iterator[object]:
    """The items that lie in a queue's pipe, as far as they are whole.

    A putter that was killed may have written a part of the last one, a getter that was killed may have read a part of
    the first one.
    """
    os.set_blocking(descriptor, False)
    data = b""
    while piece := _read_now(descriptor):
        data += piece
    at = _first(data)
    if at is None:
        yield "<what lies behind a part of an item cannot be read>"
        return
    while len(data) - at >= _HEAD.size:
        (size,) = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        if size == -1 and len(data) - at >= _LONG_HEAD.size:
            (size,) = _LONG_HEAD.unpack_from(data, at)
            at += _LONG_HEAD.size
        if size < 0 or len(data) - at < size:
            return
        yield _unpickled(data[at : at + size])
        at += size


def _first(data: bytes) -> int | None:
    """Where the first whole item begins, with its size; None if a getter has read a part of the one before it.

    If the getter has read the size of that one and nothing else, its end is known: every item begins with a byte with
    which no size begins.
    """
    if data.startswith(pickle.PROTO):
        from pickletools import genops

        rest = io.BytesIO(data)
        try:
            for _ in genops(rest):
                pass
        except ValueError:  # the pipe ends before the item does
            return len(data)
        return rest.tell()
    sized = _HEAD.size + (_LONG_HEAD.size if data.startswith(b"\xff") else 0)
    return 0 if data[sized : sized + 1] in (b"", pickle.PROTO) else None


def _read_now(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _READ)
    except BlockingIOError:
        return b""


class _Foreign(Exception):
    """An item is of a user's class."""


class _Plain(pickle.Unpickler):
    """Unpickles what Python itself has names for; imports nothing, and so runs no code of others."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise _Foreign(f"<an object of {module}.{name}>")


def _unpickled(data: bytes) -> object:
    try:
        return _Plain(io.BytesIO(data)).load()
    except _Foreign as foreign:
        return str(foreign)
    except Exception as error:
        return f"<cannot be read: {type(error).__name__}>"
