"""Read signals together with their senders, using Linux's `signalfd`."""

from __future__ import annotations

import os
import struct
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_MASK_BYTES = 128
_WORD_BYTES = struct.calcsize("L")
_SENT = struct.Struct("IiiI112x")
"""What is read of each: the signal, an error, how it was sent, the sender's pid."""
_MOST = 16


def open_signals(numbers: Iterable[int]) -> int:
    """A descriptor from which these signals are read while they are blocked; -1 where there is no such thing."""
    if not sys.platform.startswith("linux"):
        return -1
    try:
        import _ctypes
    except ImportError:  # a Python without libffi
        return -1
    words = [0] * (_MASK_BYTES // _WORD_BYTES)
    for number in numbers:
        word, bit = divmod(number - 1, 8 * _WORD_BYTES)
        words[word] |= 1 << bit
    address = _ctypes.dlsym(_ctypes.dlopen(None, 0), "signalfd")  # type: ignore[arg-type]  # None is ourselves
    mask = struct.pack(f"{len(words)}L", *words)
    return int(_ctypes.call_function(address, (-1, mask, os.O_NONBLOCK | os.O_CLOEXEC)))


def read_signals(descriptor: int) -> list[tuple[int, int]]:
    """The signals that have come, each with its sender's pid: 0 for one out of sight. Never blocks."""
    try:
        data = os.read(descriptor, _MOST * _SENT.size)
    except BlockingIOError:
        return []
    return [(number, pid) for number, _, _, pid in _SENT.iter_unpack(data)]


def origin(pid: int, numbers: Mapping[int, int]) -> dict[str, Any]:
    """What is known of the process with this pid; `numbers` are those of the run's processes, by their pids.

    `process` is the number of the one that it is, or that started it, or null. `started` says that it was started by
    that one. `command` is its name, null for a process that has ended or is out of sight.
    """
    place = pid
    while place > 1 and place not in numbers:
        place = _parent(place)
    return {"pid": pid, "process": numbers.get(place), "started": place != pid, "command": _command(pid)}


def _parent(pid: int) -> int:
    """The pid of its parent; 0 where it is not known."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def _command(pid: int) -> str | None:
    try:
        with open(f"/proc/{pid}/comm", errors="backslashreplace") as file:
            return file.read().rstrip("\n")
    except OSError:
        return None
