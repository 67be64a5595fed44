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
    from typing import NoReturn

    from runner.model.json_types import Json
    from runner.model.multiprocessing_protocols import Made

MAX_ENTRIES = 1_000
"""The most entries of a list or a mapping; of a longer one, the first entries and the number of the others are
reported."""
MAX_DEPTH = 20
MAX_BITS = 4_096
"""The most bits of a whole number: Python refuses to print one that has many more."""
PATIENCE_S = 2.0
"""The time for a manager, and for the objects in it, to return their contents."""
_READ = 1 << 16
_HEAD = struct.Struct("!i")
_LONG_HEAD = struct.Struct("!Q")


def of(thing: SharedPlan, made: Made) -> Json:
    """Return the contents of a value, a dict, a list or a namespace, or the items left in a queue. Never raise, never
    wait."""
    try:
        match thing:
            case SharedQueue():
                return as_json(list(items_left(made._reader.fileno())))
            case SharedManaged():
                with in_time():
                    held = made._getvalue()
                return as_json(vars(held) if thing.of == "namespace" else held)
        return as_json(made.get_obj().value if hasattr(made, "get_obj") else made.value)
    except BaseException as error:  # the manager is dead, or an object in it cannot be unpickled here
        return f"<cannot be read: {type(error).__name__}: {text_of(error)}>"


@contextlib.contextmanager
def in_time() -> Iterator[None]:
    """Raise `TimeoutError` out of code that takes too long: a stopped manager, or a user's code in an object."""

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
    """Return the numbers of an array."""
    return as_json(DTYPES[dtype].view(data).tolist())


def as_json(value: object, depth: int = 0) -> Json:
    """Return the value as JSON, with the repr of values that JSON does not have."""
    match value:
        case int() if value.bit_length() > MAX_BITS:
            return f"<a whole number of {value.bit_length():,} bits>"
        case None | bool() | int() | str():
            return value
        case float():
            return value if value - value == 0 else repr(value)  # JSON has no infinity
        case list() | tuple() if depth < MAX_DEPTH:
            shown = [as_json(item, depth + 1) for item in value[:MAX_ENTRIES]]
            return shown if len(value) <= MAX_ENTRIES else [*shown, f"<{len(value) - MAX_ENTRIES:,} more>"]
        case dict() if depth < MAX_DEPTH:
            return {
                key if isinstance(key, str) else repr_of(key): as_json(item, depth + 1)
                for key, item in list(value.items())[:MAX_ENTRIES]
            }
    return repr_of(value)


def items_left(descriptor: int) -> Iterator[object]:
    """Return the complete items in a queue's pipe.

    A killed writer may have written a part of the last one, and a killed reader may have read a part of the first one.
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
    """Return where the first complete item begins, and its size; None if a reader has read a part of the item before
    it.

    If the reader has read only that item's size, its end is known: every item begins with a byte that no size begins
    with.
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
    """Unpickles only what Python itself has names for; it imports nothing, and so runs no user code."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise _Foreign(f"<an object of {module}.{name}>")


def _unpickled(data: bytes) -> object:
    try:
        return _Plain(io.BytesIO(data)).load()
    except _Foreign as foreign:
        return str(foreign)
    except Exception as error:
        return f"<cannot be read: {type(error).__name__}>"
