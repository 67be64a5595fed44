"""Record the threads of a process when it forks, because the child copies their locks but not the threads.

The forkserver imports this module, and children whose targets are a user's functions.
"""

from __future__ import annotations

import os
import threading

from runner.supervise.child import messages

_HARMLESS = ("QueueFeederThread",)
"""The names of the threads of multiprocessing's queues, whose locks are created again in a forked process."""

names: list[str] = []
"""The other threads at the last fork of this process, or of the process that forked it."""


def others() -> list[str]:
    """Return the names of this process's threads, without the calling one and harmless ones."""
    this = threading.current_thread()
    return [each.name for each in threading.enumerate() if each is not this and each.name not in _HARMLESS]


_watched: list[int] = []
"""The pid of the process whose forks are watched; empty before the first `watch`."""


def watch() -> None:
    """Record the threads whenever this process forks, and report them if this process sends messages."""
    if not _watched:
        os.register_at_fork(before=_note)
    _watched[:] = [os.getpid()]


def _note() -> None:
    if _watched != [
        os.getpid()
    ]:  # a forked process creates the leader of its group like this, if there is no other way
        return
    names[:] = others()
    if names:
        messages.report_forked_with(names, here=True)
