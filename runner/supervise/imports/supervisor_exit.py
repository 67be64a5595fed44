"""The exit of the supervisor, which threads and processes left by imports cannot delay.

A plain program waits for such threads, and as long as its `atexit` functions take. The supervisor names the threads,
gives the functions a moment, and leaves by `os._exit`. Names of the standard library that imports may replace are bound
here before the first import.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import os
import signal
import sys
import threading
from multiprocessing import util

from runner.supervise.mp.std_streams import flush_streams
from runner.system.orphans import ARE_LISTED, kill_orphans
from runner.system.parent_death import end_with

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from threading import Thread
    from typing import NoReturn

_exit = os._exit
_run_exit_functions = atexit._run_exitfuncs


class LeftRunning:
    """The threads and processes that imports have started, each with the module that was being imported."""

    def __init__(self) -> None:
        self._started_by: dict[Thread, str] = {}
        self._processes_of: dict[int, str] = {}
        """The module of each process, by its pid."""
        self._modules: set[str] = set()

    @contextlib.contextmanager
    def noted(self, module: str) -> Iterator[None]:
        """Record that this module starts whatever starts within this context; processes only the first time, during its
        import."""
        from runner.supervise.imports import left_processes

        is_import = module not in self._modules
        self._modules.add(module)
        before = set(threading.enumerate())
        children = left_processes.pids() if is_import else set()
        try:
            yield
        finally:
            if is_import:
                self._processes_of |= dict.fromkeys(left_processes.pids() - children, module)
            for thread in threading.enumerate():
                if thread not in before:
                    self._started_by.setdefault(thread, module)

    def processes(self, spared: set[int]) -> list[tuple[str, str | None]]:
        """Return the processes that imports have left: the name and the pid of each, and the module, if known.

        `spared` are pids of other children.
        """
        if not self._modules:
            return []
        from runner.supervise.imports import left_processes

        return left_processes.left(self._processes_of, spared)

    def awaited(self) -> list[tuple[str, str | None]]:
        """Return the threads that a plain program would wait for now: the name of each, and the module, if known."""
        main = threading.main_thread()
        return [
            (thread.name, self._started_by.get(thread))
            for thread in threading.enumerate()
            if thread is not main and not thread.daemon
        ]


def leave(status: int, front: int) -> NoReturn:
    """Run the `atexit` functions and exit; call this when everything is reported.

    The front, which has this pid, ends the functions if they take too long; without a front they are not run.
    """
    try:
        if os.getppid() == front:
            end_with(front)
            _run_exit_functions()
            flush_streams()
        _fork_no_more()
        kill_orphans(set())
        if (
            not ARE_LISTED and os.getpgrp() == os.getpid()
        ):  # processes that imports have started here can be found by its group
            os.killpg(0, signal.SIGKILL)
    finally:
        _exit(status)


def _fork_no_more() -> None:
    """Prevent all threads from starting processes: a pool replaces workers that end."""

    def refuse(*_: object, **__: object) -> NoReturn:
        raise OSError(errno.EAGAIN, "the supervisor ends")

    os.fork = util.spawnv_passfds = refuse
    if "subprocess" in sys.modules:
        sys.modules["subprocess"].Popen = refuse  # type: ignore[attr-defined]  # it has that
