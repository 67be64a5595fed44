"""Keep multiprocessing's resource tracker running, with all needed names registered."""

from __future__ import annotations

import contextlib
import os
import sys

from runner.system.orphans import reaped_within

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.model.multiprocessing_protocols import Finalizer, ResourceTracker

_informed: list[int] = []
"""The pid of the resource tracker that has all names of this process."""


def keep_tracker(memories: Iterable[str]) -> None:
    """Replace a resource tracker that has ended; register our semaphores and these shared memories with a new one.

    A tracker prints a traceback when it should unregister a name that it does not have. Its start unblocks SIGINT and
    SIGTERM.
    """
    from multiprocessing import resource_tracker

    tracker: ResourceTracker = vars(resource_tracker)["_resource_tracker"]  # there is no public way
    if tracker._pid is None or tracker._fd is None:
        return
    try:
        ended = reaped_within(tracker._pid, 0) is not None
    except ChildProcessError:
        ended = True
    if ended:
        os.close(tracker._fd)
        tracker._fd = tracker._pid = None
        tracker.ensure_running()
    pid = tracker._pid or 0
    if pid in _informed:
        return
    _informed[:] = [pid]
    for finalizer in _semaphores():
        tracker.register(finalizer._args[0], "semaphore")
    for name in memories:
        tracker.register(name, "shared_memory")


def remove_semaphores() -> None:
    """Remove the semaphores of this process while the resource tracker lives, which would report them as leaked."""
    for finalizer in _semaphores():
        with contextlib.suppress(OSError):  # it has been removed
            finalizer()


def _semaphores() -> list[Finalizer]:
    """Return the finalizers of named semaphores: each removes one, whose name is its argument."""
    synchronize = sys.modules.get("multiprocessing.synchronize")
    if synchronize is None:
        return []
    from multiprocessing import util

    every: list[Finalizer] = list(util._finalizer_registry.values())  # type: ignore[attr-defined]  # there is no public way
    return [each for each in every if each._callback is synchronize.SemLock._cleanup]
