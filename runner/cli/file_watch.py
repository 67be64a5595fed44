"""Wait until a file is saved, using inotify or, where it is not available, polling."""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

_CHANGES = 0x8 | 0x40 | 0x80 | 0x200
"""Flags of Linux's inotify: an editor has closed the file, replaced it, or removed it."""
POLL_INTERVAL_S = 0.25
"""The polling interval, if the system does not report changes."""
SETTLED_S = 0.05
"""The pause after a save for another one that belongs to it: some editors write a file twice."""


class FileWatch:
    """The saves of a file, and of the Python modules next to it."""

    def __init__(self, file: str) -> None:
        self._folder, self._name = os.path.split(os.path.abspath(file))
        self._watch = _open_watch(self._folder)
        self._seen = self._stamps()

    def __enter__(self) -> FileWatch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._watch is not None:
            os.close(self._watch)

    def wait(self) -> None:
        """Block until something has been saved since the last call."""
        while self._stamps() == self._seen:
            if self._watch is None:
                time.sleep(POLL_INTERVAL_S)
            else:
                _wait_for_change(self._watch, None)
        while self._watch is not None and _wait_for_change(self._watch, SETTLED_S):
            continue
        self._seen = self._stamps()

    def _stamps(self) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        with contextlib.suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name == self._name or entry.name.endswith(".py"):
                    with contextlib.suppress(OSError):
                        stat = entry.stat()
                        found[entry.name] = stat.st_mtime_ns, stat.st_size
        return found


def _wait_for_change(watch: int, timeout_s: float | None) -> bool:
    """Wait for the system to report a change in the folder; return whether it did."""
    ready = bool(select.select([watch], [], [], timeout_s)[0])
    if ready:
        os.read(watch, 1 << 16)
    return ready


def _open_watch(folder: str) -> int | None:
    """Return a descriptor that becomes readable when something in the folder is saved; None if the system has none."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "inotify_init1"):
        return None
    descriptor: int = libc.inotify_init1(os.O_CLOEXEC)
    if descriptor < 0:
        return None
    if libc.inotify_add_watch(descriptor, os.fsencode(folder), _CHANGES) < 0:
        os.close(descriptor)
        return None
    return descriptor
