"""A preload: the system has no room for so many processes that are started, as with a limit of processes (`ulimit -u`).

That limit does not hold for root, so that it cannot be set for these tests.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
from multiprocessing import util

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Idle(multiprocessing.Process):
    """A process that does nothing."""

    def run(self) -> None:
        """Nothing."""


refusals = iter(range(int(os.environ["NO_ROOM_FOR"])))


def _refuse() -> None:
    if next(refusals, None) is not None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))


def fork(own: Any = os.fork) -> int:
    _refuse()
    pid: int = own()
    return pid


def spawnv_passfds(path: bytes, words: list[str], passed: list[int], own: Any = util.spawnv_passfds) -> int:
    if "spawn_main" in str(words):  # and not the resource tracker
        _refuse()
    pid: int = own(path, words, passed)
    return pid


os.fork = fork
util.spawnv_passfds = spawnv_passfds  # type: ignore[assignment]  # called with these alone
