"""Start processes by forking the supervisor.

A forked child copies every page that it writes to, and using a function or an object writes to its page. So the steps
of multiprocessing at the beginning and at the end of each child are taken only if they have something to do.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from multiprocessing import context, popen_fork, util
from multiprocessing import process as processes

from runner.supervise.child import end_records, first_code
from runner.supervise.child.own_memory import own
from runner.supervise.mp.forking import fork
from runner.supervise.starting.started_process import Recorded, end_unwatched
from runner.system import pidfds
from runner.system.process_groups import put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess
    from typing import Any, NoReturn

    from runner.supervise.child.context import ChildContext
    from runner.supervise.child.relatives import Relatives

RUNS_EXIT_FUNCTIONS = sys.version_info >= (3, 13)
"""From 3.13 a forked child runs atexit functions, multiprocessing's own among them."""

_processes, _util = vars(processes), vars(util)
"""The names of both modules: there is no public way to what a child reads and sets there."""
_THEIRS = (processes.__name__, context.__name__)
"""The modules in which `_after_fork` is multiprocessing's own."""


def is_plain(process: Any) -> bool:
    """Return whether a process begins and ends as multiprocessing defines it: a class, or a tool such as coverage, may
    differ."""
    return (
        getattr(process._bootstrap, "__globals__", None) is vars(processes)
        and getattr(process._after_fork, "__module__", None) in _THEIRS
    )


class ForkPopen(Recorded, popen_fork.Popen):
    """A forked process; its sentinel is a pidfd, which becomes ready at its end and not earlier."""

    def __init__(self, around: ChildContext, process: BaseProcess) -> None:
        # multiprocessing's own would flush our output before each start: `Processes.start` does so once.
        self.returncode = None
        self.finalizer = None
        ends: tuple[int, ...] = () if pidfds.WORK else os.pipe()
        self._first_steps = around.first_steps
        self._number = around.number
        self.pid = 0
        try:  # few functions are called between two forks: each of them copies pages
            self.pid = fork()
            if self.pid == 0:
                _live(process, around)
            if around.leader:
                put(self.pid, around.leader)
            self.pidfd = os.pidfd_open(self.pid) if pidfds.WORK else None
        except OSError:
            if self.pid:
                end_unwatched(self.pid)
            for end in ends:
                os.close(end)
            raise
        if self.pidfd is not None:
            self.sentinel = self.pidfd
        else:
            self.sentinel, still_alive = ends
            os.close(still_alive)

    def own_memory(self, peak: int) -> int:
        """Return the part of the process's peak memory that is its own."""
        return peak if self._first_steps is None else own(peak, self._first_steps[self._number])


def _live(process: Any, around: ChildContext) -> NoReturn:
    """Be the forked process, to its end."""
    code = 1
    try:
        try:
            if RUNS_EXIT_FUNCTIONS:
                around.exit_functions = 1
                atexit._clear()
                atexit.register(_util["_exit_function"])  # as multiprocessing's own does
            first_code.prepare(around)
            if around.relatives is None:
                code = process._bootstrap(parent_sentinel=around.alive)
            else:
                code = _bootstrap(process, around.relatives)
        except Exception as error:
            end_records.record_exception(around, error)
        finally:
            if RUNS_EXIT_FUNCTIONS:
                atexit._run_exitfuncs()
            end_records.record_leaving(around)
            os._exit(code)
    finally:  # a signal handler raised, or the code is invalid: the copy must not go on as the supervisor
        os._exit(1)


def _bootstrap(process: Any, relatives: Relatives) -> int:
    """Run the process and return its exit code: `BaseProcess._bootstrap` without the steps that have no effect in a
    child."""
    try:
        _enter(process, relatives)
        try:
            process.run()
        finally:
            if not RUNS_EXIT_FUNCTIONS:
                _finalize()
    except SystemExit as end:
        code = end_records.system_exit_code(end.code)
    except BaseException as error:  # raised by a signal handler, or by what a preload has put in the place of `run`
        end_records.say_exception(process.name, error)
        code = 1
    else:
        code = 0
    finally:
        threading._shutdown()  # type: ignore[attr-defined]  # there is no public way
    if _util["_logger"] is not None:
        _util["info"](f"process exiting with exitcode {code}")
    _util["_flush_std_streams"]()
    return code


def _enter(process: Any, relatives: Relatives) -> None:
    """Register this process and its relatives with multiprocessing."""
    if process._start_method is not None:
        context._force_start_method(process._start_method)  # there is no public way
    _processes["_process_counter"] = relatives.numbers
    _processes["_parent_process"] = relatives.parent
    _processes["_current_process"] = process
    if _processes["_children"]:  # started by an import
        _processes["_children"] = set()
    threading.main_thread()._set_native_id()  # type: ignore[attr-defined]  # there is no public way
    if _util["_finalizer_registry"] or _util["_afterfork_registry"].data:
        _processes["BaseProcess"]._after_fork()
    if _util["_logger"] is not None:
        _util["info"]("child process calling self.run()")


def _finalize() -> None:
    """Wait for the process's own children and call finalizers, if there are any."""
    if _util["_finalizer_registry"] or _processes["_children"] or _util["_logger"] is not None:
        _util["_exit_function"]()
    else:
        _util["_exiting"] = True
