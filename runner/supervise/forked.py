"""Processes forked from the supervisor itself."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from multiprocessing import popen_fork, util

from runner.supervise import child, endings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess
    from typing import Any, NoReturn

    from runner.supervise.surroundings import Surroundings

HAS_PIDFD = hasattr(os, "pidfd_open")
RUNS_EXIT_FUNCTIONS = sys.version_info >= (3, 13)
"""From 3.13 a forked child runs atexit functions, multiprocessing's own among them."""


class ForkPopen(popen_fork.Popen):
    """A forked process; its sentinel is a pidfd, which is ready at its end and only then."""

    def __init__(self, around: Surroundings, process: BaseProcess) -> None:
        # multiprocessing's own would flush what is written here before each start: `Processes.start` does so once.
        self.returncode = None
        self.finalizer = None
        ended, still_alive = (-1, -1) if HAS_PIDFD else os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _live(process, around)
        if HAS_PIDFD:
            self.sentinel = _pidfd_of_our_child(self.pid)
        else:
            os.close(still_alive)
            self.sentinel = ended

    def poll(self, flag: int = 0) -> int | None:
        """The exit code that the supervisor recorded; it never waits by itself."""
        return self.returncode


def _live(process: Any, around: Surroundings) -> NoReturn:
    """Be the forked process, to its end."""
    code = 1
    try:
        if RUNS_EXIT_FUNCTIONS:
            atexit._clear()
            atexit.register(util._exit_function)  # type: ignore[attr-defined]  # as multiprocessing's own does
        child.prepare(around)
        code = process._bootstrap(parent_sentinel=around.alive)
    except Exception as error:
        endings.record_exception(around, error)
    finally:
        if RUNS_EXIT_FUNCTIONS:
            atexit._run_exitfuncs()
        os._exit(code)


def _pidfd_of_our_child(pid: int) -> int:
    try:
        return os.pidfd_open(pid)
    except OSError:  # no descriptor left: a process that nobody can watch must not live
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise
