"""The bootstrap of a child: reset inherited state, run the target, and exit as the target did.

Every child imports this module, so it imports almost nothing that its interpreter has not loaded already. A forked
process copies every page that it touches. So it does no unnecessary work, and the supervisor does what can be done
before the fork.
"""

from __future__ import annotations

import _thread
import atexit
import os
import select
import signal
import sys
import threading
from _signal import SIG_SETMASK, pthread_sigmask  # type: ignore[import-not-found]  # without the enums of `signal`
from functools import partial
from multiprocessing import process as processes
from multiprocessing import util
from multiprocessing.process import BaseProcess

from runner.supervise.child import end_records, own_memory
from runner.supervise.child.termination import Terminated, raise_terminated
from runner.system.clock import monotonic
from runner.system.descriptors import close_all
from runner.system.prctl import SET_PARENT_DEATH_SIGNAL, prctl
from runner.system.process_groups import enter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import NoReturn

    from runner.model.multiprocessing_protocols import ForkServer
    from runner.supervise.child.context import ChildContext

_SIGKILL = int(signal.SIGKILL)


def prepare(around: ChildContext) -> None:
    """Undo what a child inherits and should not; unblock signals only after that.

    Raise `OSError` if the child cannot enter the folder or set the limits of the file.
    """
    close_all(around.private)
    os.dup2(around.stdout, 1)
    os.dup2(around.stderr, 2)
    os.close(around.stdout)
    os.close(around.stderr)
    around.pid = os.getpid()
    if around.parent is None:
        _let_the_forkserver_end()
    enter(around.leader)
    if prctl(SET_PARENT_DEATH_SIGNAL, _SIGKILL) != 0:
        # Not a thread of `threading`: Python would wait for it, and notes would take it for one of the target's.
        _thread.start_new_thread(_wait_for_the_supervisors_end, (around.alive,))
    if _parent_has_ended(around):  # before the signal was set
        os.kill(around.pid, _SIGKILL)
    for number in around.handlers:
        signal.signal(number, around.handlers[number])
    pthread_sigmask(SIG_SETMASK, ())
    if around.open_files is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_NOFILE, around.open_files)
    if around.env:
        os.environ.update(around.env)
    if around.cwd is not None:
        os.chdir(around.cwd)
    if around.limits is not None:
        from runner.supervise.child import rlimits

        around.reserve = rlimits.take(around.limits)


def _let_the_forkserver_end() -> None:
    """Close the pipe that keeps the forkserver alive as long as we are: it has to end with the supervisor, and we with
    it."""
    from multiprocessing import forkserver

    server: ForkServer = vars(forkserver)["_forkserver"]  # there is no public way
    if server._forkserver_alive_fd is not None:
        os.close(server._forkserver_alive_fd)
        server._forkserver_alive_fd = None


def _parent_has_ended(around: ChildContext) -> bool:
    """Return whether the supervisor has ended, or the forkserver between it and this process."""
    if around.parent is not None:
        return os.getppid() != around.parent
    poll = select.poll()
    poll.register(around.alive, select.POLLIN)
    forkserver = sys.modules.get("runner.supervise.mp.forkserver_path")
    return bool(poll.poll(0)) or os.getppid() != getattr(forkserver, "PID", os.getppid())


def _wait_for_the_supervisors_end(alive: int) -> None:
    try:
        os.read(alive, 1)
    except OSError:  # the target has closed it
        return
    os.kill(os.getpid(), signal.SIGKILL)


def _go_on(_signal: int, _frame: FrameType | None) -> None:
    """Handle SIGCONT meanwhile."""


def wrap_run(process: BaseProcess, around: ChildContext) -> None:
    """Wrap the process's `run`, so that our code runs between multiprocessing and the work."""
    if around.work is not None:
        vars(process)["_target"] = partial(_run, process, around, around.work)
    else:  # a subclass's own `run`
        own = partial(_run_of_a_class, process, _own_run(process))
        process.run = partial(_run, process, around, own)  # type: ignore[method-assign]  # as a class may do


def _own_run(process: BaseProcess) -> Callable[[], object]:
    """Return a subclass's own `run`, even if an earlier start has failed."""
    run = process.run
    return run.args[2].args[1] if isinstance(run, partial) and run.func is _run else run


def _run_of_a_class(process: BaseProcess, run: Callable[[], object]) -> object:
    """Call a class's own `run`; multiprocessing's `run` would drop the target's return value."""
    from runner.supervise.child.calls import completed_result
    from runner.supervise.child.skipped_cleanup import Exiting

    with Exiting(type(process).__module__):
        if getattr(run, "__func__", None) is BaseProcess.run:
            own = vars(process)  # there is no public way
            return completed_result(own["_target"](*own["_args"], **own["_kwargs"]))
        return completed_result(run())


def unwrap_run(process: BaseProcess, around: ChildContext) -> None:
    """Undo `wrap_run`: the process is pickled as it was, and wrapped again in the child."""
    if around.work is not None:
        vars(process)["_target"] = None
    else:
        del vars(process)["run"], vars(process)["_Popen"]


def _run(process: BaseProcess, around: ChildContext, work: Callable[[], object]) -> None:
    """Do the work and record how it ended; leave by returning or by `SystemExit` with a code of 0 … 255.

    `sys.stdin` was hidden from multiprocessing, which would close it and open /dev/null: the process reads from the
    hidden stream.
    """
    sys.stdin = sys.__stdin__
    try:
        if around.tells:
            begin_reporting(around)
        own_memory.begin(around)
        value = _unwinding(work) if around.unwinds else work()
        if around.tells:
            report_remaining(around, "has returned")
    except SystemExit as end:
        if around.tells:
            report_remaining(around, "has called sys.exit")
        raise SystemExit(end_records.record_exit(around, end.code)) from None
    except Terminated:
        _die_by(signal.SIGTERM)
    except BaseException as error:
        around.reserve = None
        if around.tells:
            report_remaining(around, f"has raised {type(error).__name__}")
        end_records.say_exception(process.name, error)
        end_records.record_exception(around, error)
        raise SystemExit(1) from None
    end_records.record_return(around, value)


def begin_reporting(around: ChildContext) -> None:
    """Set up the messages of this process and the recording of its use of shared things."""
    from runner.supervise.child import messages

    messages.tell = partial(end_records.tell, around)
    messages.began = monotonic() if around.is_fresh else 0.0
    forked = sys.modules.get("runner.supervise.child.fork_threads") if around.parent is None else None
    if forked is not None and forked.names:
        messages.report_forked_with(forked.names, here=False)
    if around.line_times >= 0:
        from runner.supervise.child.line_clock import LineClock

        messages.lines = LineClock(around.number, around.line_times)
    if around.things:
        from runner.supervise.tracing.handles import trace_all

        trace_all(around.things.values(), around.number, messages.tell)


def report_remaining(around: ChildContext, how: str) -> None:
    """Report how long the target worked, and prepare the report on what keeps the process alive after the target."""
    from runner.supervise.child import messages

    if messages.began:
        messages.report_worked(monotonic())
    for handle in around.things.values():
        items = handle.unsent(around.number)
        if items:
            messages.report_unsent(handle.row, items)
    calls_functions = around.exit_functions is not None and atexit._ncallbacks() > around.exit_functions
    own: object = processes._children or util._finalizer_registry  # type: ignore[attr-defined]  # there is no public way
    if calls_functions or own or threading.active_count() > 1:
        from runner.supervise.child import kept_alive

        kept_alive.watch(how, around.things.values(), calls_functions=calls_functions)


def _unwinding(work: Callable[[], object]) -> object:
    """Do the work with SIGTERM raising an exception; before and afterwards there is nothing to unwind.

    SIGCONT interrupts a call that blocks, and has no other effect: see `lifecycle.Wake`.
    """
    signal.signal(signal.SIGTERM, raise_terminated)
    signal.signal(signal.SIGCONT, _go_on)
    try:
        return work()
    finally:
        if signal.getsignal(signal.SIGCONT) is _go_on:
            signal.signal(signal.SIGCONT, signal.SIG_DFL)
        if signal.getsignal(signal.SIGTERM) is raise_terminated:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _die_by(number: signal.Signals) -> NoReturn:
    """End as the signal would have ended the process, after flushing its output."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # the target has closed the stream or replaced it
            continue
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os._exit(128 + number)
