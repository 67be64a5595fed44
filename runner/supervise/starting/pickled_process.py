"""Pickle a process for an interpreter that was not forked from the supervisor."""

from __future__ import annotations

import atexit
import contextlib
import sys
from functools import partial
from io import TextIOWrapper
from multiprocessing import reduction, util

from runner.supervise.child import end_records, first_code
from runner.supervise.child.context import python_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.process import BaseProcess

    from runner.supervise.child.context import ChildContext


FORKSERVER_RUNS_EXIT_FUNCTIONS = sys.version_info >= (3, 13)


class PickledProcess:
    """Pickled in place of the process: when it is unpickled, it prepares the child before its class is imported."""

    def __init__(self, process: BaseProcess, around: ChildContext) -> None:
        self._name = process.name  # multiprocessing asks for it
        self._process = process
        self._around = around

    def __reduce__(self) -> tuple[object, ...]:
        # A class has its shared things as arguments: the unpickled arguments are the same objects.
        own = self._around.things if self._around.work is None else {}
        return _unpack, (self._around, bytes(reduction.ForkingPickler.dumps((self._process, own))))


def _unpack(around: ChildContext, pickled: bytes) -> BaseProcess:
    # The forkserver has closed `sys.__stdin__`, and replaced it.
    sys.__stdin__, sys.stdin = sys.stdin, None  # type: ignore[assignment, misc]  # any text file does
    try:
        unbuffered = around.is_spawned and bool(around.env.get("PYTHONUNBUFFERED"))
        if around.is_spawned:  # multiprocessing has set it to the supervisor's path
            sys.path[:0] = python_path(around.env)
        first_code.prepare(around)
        runs_exit_functions = around.parent is not None or FORKSERVER_RUNS_EXIT_FUNCTIONS
        if runs_exit_functions:
            # Registered before all others, so that it is called last: from 3.13 on multiprocessing's own function,
            # which is registered already, waits for the process's children.
            atexit.unregister(util._exit_function)  # type: ignore[attr-defined]  # there is no public way
            atexit.register(end_records.record_leaving, around)
            atexit.register(util._exit_function)  # type: ignore[attr-defined]
            around.exit_functions = atexit._ncallbacks()
        if isinstance(sys.stdout, TextIOWrapper):  # a preload may have replaced, closed or detached it
            with contextlib.suppress(ValueError):
                sys.stdout.reconfigure(line_buffering=True, write_through=unbuffered)
        process: BaseProcess
        process, own = reduction.ForkingPickler.loads(pickled)
        around.things |= own
        first_code.wrap_run(process, around)
        if not runs_exit_functions:
            process._bootstrap = partial(_live, process._bootstrap, around)  # type: ignore[attr-defined]  # no public way
        return process
    except BaseException as error:
        end_records.record_exception(around, error)
        raise SystemExit(1) from None


def _live(bootstrap: Callable[..., int], around: ChildContext, *args: object, **kwargs: object) -> int:
    """Be the process up to our last code: what follows only exits, with the exit code that this returns."""
    try:
        return bootstrap(*args, **kwargs)
    finally:
        end_records.record_leaving(around)
