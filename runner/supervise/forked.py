"""Processes forked from the supervisor itself."""

from __future__ import annotations

import atexit
import os
import sys
from multiprocessing import popen_fork, util

from runner import pidfds
from runner.supervise import child, endings, groups
from runner.supervise.forking import fork
from runner.supervise.running import Recorded, pidfd_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess
    from typing import Any, NoReturn

    from runner.supervise.surroundings import Surroundings

RUNS_EXIT_FUNCTIONS = sys.version_info >= (3, 13)
"""From 3.13 a forked child runs atexit functions, multiprocessing's own among them."""


class ForkPopen(Recorded, popen_fork.Popen):
    """A forked process; its sentinel is a pidfd, which is ready at its end and only then."""

    def __init__(self, around: Surroundings, process: BaseProcess) -> None:
        # multiprocessing's own would flush what is written here before each start: `Processes.start` does so once.
        self.returncode = None
        self.finalizer = None
        ends: tuple[int, ...] = () if pidfds.WORK else os.pipe()
        self._first_steps = around.first_steps
        self._number = around.number
        self.pid = 0
        try:
            self.pid = fork()
            if self.pid == 0:
                _live(process, around)
            if around.leader:
                groups.put(self.pid, around.leader)
            self.pidfd = pidfd_of(self.pid)
        except OSError:
            for end in ends:
                os.close(end)
            raise
        if self.pidfd is not None:
            self.sentinel = self.pidfd
        else:
            self.sentinel, still_alive = ends
            os.close(still_alive)

    def own_memory(self, peak: int) -> int:
        """The bytes of the process's peak that are its own."""
        return peak if self._first_steps is None else self._first_steps.own(self._number, peak)


def _live(process: Any, around: Surroundings) -> NoReturn:
    """Be the forked process, to its end."""
    code = 1
    try:
        if RUNS_EXIT_FUNCTIONS:
            around.exit_functions = 1
            atexit._clear()
            atexit.register(util._exit_function)  # type: ignore[attr-defined]  # as multiprocessing's own does
        child.prepare(around)
        code = process._bootstrap(parent_sentinel=around.alive)
    except Exception as error:
        endings.record_exception(around, error)
    finally:
        if RUNS_EXIT_FUNCTIONS:
            atexit._run_exitfuncs()
        endings.record_leaving(around)
        os._exit(code)
