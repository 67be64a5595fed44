"""Find out whether a process sleeps. A process that has received what it waited for is awake."""

from __future__ import annotations

import os

SEEN_TWICE_COUNT = 6
"""How often a wait must be seen if the system does not say whether a process sleeps."""


class SeenWaits:
    """The waits that have been seen before, on systems that do not say whether a process sleeps."""

    def __init__(self) -> None:
        self._seen: dict[object, tuple[object, int]] = {}
        """The last wait that was seen of each waiter, and how often."""

    def lasts(self, waiter: object, wait: object) -> bool:
        """Record that a wait was seen again; return whether it has been seen often enough to count as lasting."""
        before, count = self._seen.get(waiter, (None, 0))
        count = count + 1 if before == wait else 1
        self._seen[waiter] = wait, count
        return count >= SEEN_TWICE_COUNT


def sleeps(pid: int) -> bool | None:
    """Return whether every thread of a process sleeps; None if the system does not say (there is no /proc).

    A thread that has been woken, but has not recorded yet what it acquired, is runnable, however long it gets no
    processor.
    """
    try:
        threads = os.listdir(f"/proc/{pid}/task")
        # Check the main thread again: it may have waited for another thread to release the interpreter lock.
        return all(_state(pid, thread) == "S" for thread in (*threads, str(pid)))
    except OSError:
        return False if os.path.exists("/proc/self/stat") else None


def _state(pid: int, thread: str) -> str:
    with open(f"/proc/{pid}/task/{thread}/stat", "rb") as file:
        # The name of the program, in parentheses, may contain any character.
        return file.read().rpartition(b")")[2].split()[0].decode()
