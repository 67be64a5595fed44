"""`main` is all that the supervisor's process runs. Its standard input is the socket to the front."""

from __future__ import annotations

from runner.supervise import gc_pause

# isort: split
import contextlib
import gc
import importlib
import multiprocessing
import os
import selectors
import signal
import socket
import sys

from runner.link.line_times import line_reporters
from runner.link.wire import Link
from runner.model import messages
from runner.model.errors import fault_message
from runner.model.messages import Check, Checked, Refused, Run
from runner.supervise.child.calls import OURS
from runner.supervise.imports.own_descriptors import OwnDescriptors
from runner.supervise.imports.pools import shut_down_pools
from runner.supervise.imports.stop_during_import import Interrupted, heed
from runner.supervise.imports.supervisor_exit import LeftRunning, leave
from runner.supervise.mp.companions import end_mp_helpers, mp_helper_pids
from runner.supervise.mp.std_streams import flush_whatever_is_there
from runner.supervise.sharing import managing
from runner.supervise.sharing.things import SharedThings
from runner.supervise.starting.processes import DESCRIPTORS_EACH, Processes
from runner.supervise.starting.refusals import setup_failure, too_few_files, unenforced_limits
from runner.supervise.supervisor import Supervisor
from runner.supervise.user_code import create, preload
from runner.system.open_files import TOO_MANY_FILES, allows_any, raise_open_files, widen
from runner.system.orphans import kill_orphans
from runner.system.prctl import SET_CHILD_SUBREAPER, prctl
from runner.system.run_folder import claim, memory_prefix, sweep
from runner.system.signals import Signals, unblock_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.link.wire import ToFront
    from runner.model.messages import Order
    from runner.model.plan import Plan

_FIRST_CODE = "runner.supervise.child.first_code"
"""The module that every child imports."""
_UNHURT_BY_SIGNALS = "runner.supervise.mp.forkserver_signals"
"""The module that the forkserver imports after the modules that the plan preloads."""
_UNWARNED_FORKS = "runner.supervise.mp.forkserver_warnings"
"""The module that the forkserver imports last, if its Python needs it."""
_LINE_CLOCK = "runner.supervise.child.line_clock"
"""The module that a child imports if its steps print."""
_REMAINING = "runner.supervise.child.kept_alive"
"""The module that a child imports if its target leaves a thread, a process or a queue."""
_OBSERVING = "runner.supervise.child.observing"
"""The module that a child imports if its target is a user's function."""


def main() -> None:
    """Carry out the front's order, and end this process."""
    front = os.getppid()
    status = 1
    try:
        _obey()
        status = 0
    except Exception as error:
        os.write(2, f"{fault_message(error)}\n".encode(errors="backslashreplace"))
    finally:
        leave(status, front)


def _obey() -> None:
    """Wait for the front's order and carry it out; the end of the front is an order to stop."""
    gc_pause.end()
    link = _take_the_link()
    with contextlib.suppress(PermissionError):  # already the leader, when started by hand
        os.setsid()
    for number in (signal.SIGCHLD, signal.SIGQUIT):  # children inherit it, and must be able to wait and to be quit
        signal.signal(number, signal.SIG_DFL)
    signals = Signals()
    signals.take()
    unblock_all()
    prctl(SET_CHILD_SUBREAPER, 1)
    order, line_times = _await_order(link)
    if order is not None:
        with _own_folder(order.run if isinstance(order, Run) else None) as private:
            try:
                _carry_out(order, line_times, link, signals, private)
            except Interrupted:
                link.send(messages.Interrupted())
            finally:
                shut_down_pools()
                kill_orphans(mp_helper_pids())  # also those that imports have started
                end_mp_helpers()
    _send_all(link)
    link.close()


def _take_the_link() -> ToFront:
    """Return the socket, moved away from descriptor 0, where /dev/null replaces it for us and all children."""
    sock = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    sys.stdin = None  # see `child`
    # Forked children have it as those of other start methods do, whatever PYTHONUNBUFFERED says.
    sys.stdout.reconfigure(line_buffering=True, write_through=False)  # type: ignore[union-attr]  # still Python's own
    return Link(sock)


@contextlib.contextmanager
def _own_folder(run: str | None) -> Iterator[tuple[int, ...]]:
    """Have the sockets and semaphores that multiprocessing creates, here and in all processes, belong to this run.

    Return the descriptors that forked children have to close.
    """
    sweep()
    claimed = None if run is None else claim(run)
    if claimed is None:
        yield ()
        return
    config = multiprocessing.current_process()._config  # type: ignore[attr-defined]  # there is no public way
    config |= {"tempdir": claimed.path, "semprefix": f"/{memory_prefix(claimed.run)}"}
    yield (claimed.descriptor,)
    claimed.release()


def _await_order(link: ToFront) -> tuple[Order | None, int]:
    """Return the front's order, or None if the front ends, and the pipe for the times of lines, or -1."""
    while not link.ended:
        orders = list(link.receive())
        if orders:  # a stop may have come right after, or before
            order, sent = next((each for each in orders if each[0] == messages.Stop()), orders[0])
            return order, sent[0] if sent else -1
        _wait(link, writing=False)
    return None, -1


def _wait(link: ToFront, *, writing: bool) -> None:
    import select

    poll = select.poll()
    poll.register(link.fileno(), select.POLLOUT if writing else select.POLLIN)
    poll.poll()


def _send_all(link: ToFront) -> None:
    link.flush()
    while link.pending and not link.ended:
        _wait(link, writing=True)
        link.flush()


def _carry_out(order: Order, line_times: int, link: ToFront, signals: Signals, private: tuple[int, ...]) -> None:
    if not isinstance(order, Run | Check):
        raise Interrupted
    plan = order.plan
    if isinstance(order, Run) and not allows_any(DESCRIPTORS_EACH[plan.start_method]):
        link.send(Refused((too_few_files(),)))
        return
    sys.path += [path for path in plan.paths if path not in sys.path]
    left_running = LeftRunning()
    own = OwnDescriptors(link, (*signals.descriptors, *private), _send_all)
    refusals, coroutines = unenforced_limits(plan) or preload(plan, link, left_running, own), dict[str, bool]()
    signals.remove_foreign_handlers()
    if not refusals and (isinstance(order, Check) or order.preflight):
        from runner.supervise.imports import preflight

        refusals, coroutines = preflight.check(plan, link, signals, in_depth=isinstance(order, Check))
    if refusals or isinstance(order, Check):
        link.send(Refused(tuple(refusals)) if refusals else Checked(coroutines))
        return
    heed(link)
    open_files = raise_open_files()
    try:
        _set_up_multiprocessing(plan, signals)
        manager = managing.manager_for(plan, (*private, link.fileno(), *signals.descriptors), signals)
        shared = SharedThings(plan, order.run, manager)
    except OSError as error:
        link.send(Refused((setup_failure(plan, error),)))
        return
    try:
        try:
            supervisor = _supervisor(order, line_times, link, shared, signals, open_files, private, left_running)
        except OSError as error:
            if error.errno not in TOO_MANY_FILES:
                raise
            link.send(Refused((setup_failure(plan, error),)))
            return
        if supervisor is not None:
            supervisor.run()
    finally:
        shared.remove()


def _set_up_multiprocessing(plan: Plan, signals: Signals) -> None:
    multiprocessing.set_start_method(plan.start_method, force=True)  # a preload may have set one
    if plan.preload or any(process.cls is not None for process in plan.processes):
        flush_whatever_is_there()
    targets = {process.target for process in plan.processes if process.target is not None}
    ours = sorted({target.partition(":")[0] if target.startswith(OURS) else _OBSERVING for target in targets})
    ours += [_LINE_CLOCK] if line_reporters(plan) else []
    ours += [_REMAINING] if plan.shared or _OBSERVING in ours else []
    for module in ours:
        importlib.import_module(module)  # once, not in each forked child
    if plan.mp_log is not None:
        multiprocessing.log_to_stderr(plan.mp_log.upper())
    if plan.start_method == "forkserver":
        from multiprocessing import forkserver

        from runner.supervise.mp import forking, forkserver_path

        last = [_UNWARNED_FORKS] if forking.RAISES_AFTERWARDS else []
        preloaded = [*plan.preload, _UNHURT_BY_SIGNALS] if plan.preload else []
        multiprocessing.set_forkserver_preload([forkserver_path.__name__, _FIRST_CODE, *ours, *preloaded, *last])
        signals.block_stops()  # its children get them as well
        unblock_all()
        with forkserver_path.with_our_path():
            forkserver.ensure_running()
        signals.take()
    if plan.start_method != "fork" or plan.shared:
        from multiprocessing import resource_tracker

        # Its start unblocks SIGINT and SIGTERM in this process, so it must not come in the middle of another start.
        resource_tracker.ensure_running()


def _supervisor(
    order: Run,
    line_times: int,
    link: ToFront,
    shared: SharedThings,
    signals: Signals,
    open_files: tuple[int, int] | None,
    private: tuple[int, ...],
    left_running: LeftRunning,
) -> Supervisor | None:
    """Return the supervisor that will carry out the plan; None if the plan was refused."""
    plan = order.plan
    records, to_records = os.pipe()
    os.set_blocking(records, False)
    widen(to_records)
    selector = selectors.DefaultSelector()
    to_close = (*private, link.fileno(), records, *signals.descriptors, *_own(selector))
    processes = Processes(
        plan,
        shared,
        records=to_records,
        private=to_close,
        open_files=open_files,
        signals=signals,
        line_times=line_times,
    )
    refusals = create(
        plan, processes.objects, link, left_running, OwnDescriptors(link, (*to_close, to_records), _send_all)
    )
    if refusals:
        link.send(Refused(tuple(refusals)))
        return None
    signals.remove_foreign_handlers()
    room = processes.room()
    if not min(room, order.room):
        link.send(Refused((too_few_files(),)))
        return None
    hand = processes.make_main_helper()
    supervisor = Supervisor(
        plan,
        room,
        link,
        selector,
        processes,
        shared,
        records,
        signals,
        hand,
        left_running,
        order.room if order.room < len(plan.processes) else None,
    )
    # Children share these pages as long as none of them is written to; a garbage collection in a child would touch them
    # all.
    gc.collect()
    gc.freeze()
    return supervisor


def _own(selector: selectors.BaseSelector) -> tuple[int, ...]:
    """Return the descriptor that a selector itself has, if it is of a kind that has one."""
    return (selector.fileno(),) if hasattr(selector, "fileno") else ()


if __name__ == "__main__":
    main()
