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
"""Of Linux's inotify: an editor has closed the file, put a new one in its place, or removed it."""
BETWEEN_LOOKS_S = 0.25
"""Where the system does not tell."""
SETTLED_S = 0.05
"""After a save, for another one that belongs to it: some editors write a file twice."""


class Saves:
    """The saves of a file, and of the Python modules beside it."""

    def __init__(self, file: str) -> None:
        self._folder, self._name = os.path.split(os.path.abspath(file))
        self._told = _told_of(self._folder)
        self._seen = self._stamps()

    def __enter__(self) -> Saves:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._told is not None:
            os.close(self._told)

    def wait(self) -> None:
        """Block until something is saved that was not as it is now when this was called last."""
        while self._stamps() == self._seen:
            if self._told is None:
                time.sleep(BETWEEN_LOOKS_S)
            else:
                _hear(self._told, None)
        while self._told is not None and _hear(self._told, SETTLED_S):
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


def _hear(told: int, timeout_s: float | None) -> bool:
    """Wait for the system to tell of something in the folder; whether it has."""
    ready = bool(select.select([told], [], [], timeout_s)[0])
    if ready:
        os.read(told, 1 << 16)
    return ready


def _told_of(folder: str) -> int | None:
    """A descriptor that gets readable when something in the folder is saved; None where there is no such thing."""
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
