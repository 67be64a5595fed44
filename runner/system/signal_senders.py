"""Read signals together with their senders, using Linux's `signalfd`."""

from __future__ import annotations

import os
import struct
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MASK_BYTES = 128
_WORD_BYTES = struct.calcsize("L")
_SENT = struct.Struct("IiiI112x")
"""The fields that are read for each signal: its number, an error, how it was sent, the sender's pid."""
_MOST = 16


def open_signals(numbers: Iterable[int]) -> int:
    """Return a descriptor from which these signals are read while they are blocked; -1 if the system has none."""
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
    """Return the signals that have come, each with its sender's pid: 0 for a sender in another pid namespace. Never
    block."""
    try:
        data = os.read(descriptor, _MOST * _SENT.size)
    except BlockingIOError:
        return []
    return [(number, pid) for number, _, _, pid in _SENT.iter_unpack(data)]


def origin(pid: int, numbers: Mapping[int, int]) -> tuple[int, int | None, bool, str | None]:
    """Return what is known about the process with this pid; `numbers` maps the pids of the run's processes to their
    numbers.

    After the pid come the number of the process, or of the process that started it, or None; whether that process
    started it; and its name, None for a process that has ended or cannot be seen.
    """
    place = pid
    while place > 1 and place not in numbers:
        place = _parent(place)
    return pid, numbers.get(place), place != pid, _command(pid)


def _parent(pid: int) -> int:
    """Return the pid of its parent; 0 if unknown."""
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
