"""`python -P -m runner.supervise`: the supervisor's process. Its standard input is the socket to the front."""

from __future__ import annotations

import contextlib
import gc
import importlib
import multiprocessing
import os
import selectors
import signal
import socket
import sys

from runner.link.line_times import tellers
from runner.link.wire import Link
from runner.model import plan_json
from runner.model.errors import told_as_fault
from runner.model.safe_repr import text_of
from runner.supervise.child.calls import OURS
from runner.supervise.imports.guardian import guarded
from runner.supervise.imports.own_descriptors import OwnDescriptors
from runner.supervise.imports.pools import let_go_of_pools
from runner.supervise.imports.stop_during_import import Interrupted, heed, heeding
from runner.supervise.imports.supervisor_exit import LeftRunning, leave
from runner.supervise.mp.companions import companion_pids, end_companions
from runner.supervise.mp.std_streams import flush_whatever_is_there
from runner.supervise.sharing import managing
from runner.supervise.sharing.things import SharedThings
from runner.supervise.starting.processes import DESCRIPTORS_EACH, Processes
from runner.supervise.starting.refusals import cannot_be_set_up, not_held_here, refusal, too_few_files
from runner.supervise.supervisor import Supervisor
from runner.system.open_files import TOO_MANY_FILES, allows_any, raise_open_files, widen
from runner.system.orphans import end_adopted
from runner.system.prctl import SET_CHILD_SUBREAPER, prctl
from runner.system.run_folder import claim, memory_prefix, sweep
from runner.system.signals import Signals, let_all_through

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from runner.link.wire import Message
    from runner.model.plan import Plan

_FIRST_CODE = "runner.supervise.child.first_code"
"""What every child imports."""
_UNHURT_BY_SIGNALS = "runner.supervise.mp.forkserver_signals"
"""What the forkserver imports after what the plan preloads."""
_UNWARNED_FORKS = "runner.supervise.mp.forkserver_forks"
"""What the forkserver imports last, on a Python where it needs that."""
_LINE_CLOCK = "runner.supervise.child.line_clock"
"""What a child imports whose steps print."""
_REMAINING = "runner.supervise.child.kept_alive"
"""What a child imports whose target leaves a thread, a process or a queue."""
_OBSERVING = "runner.supervise.child.observing"
"""What a child imports whose target is a user's function."""


def main() -> None:
    """Wait for the front's order and carry it out; the front's end is an order to stop."""
    link = _take_the_link()
    with contextlib.suppress(PermissionError):  # already the leader, when started by hand
        os.setsid()
    for number in (signal.SIGCHLD, signal.SIGQUIT):  # children inherit it, and must be able to wait and to be quit
        signal.signal(number, signal.SIG_DFL)
    signals = Signals()
    signals.take()
    let_all_through()
    prctl(SET_CHILD_SUBREAPER, 1)
    order = _await_order(link)
    if order is not None:
        with _own_folder(order.get("run")) as private:
            try:
                _carry_out(order, link, signals, private)
            except Interrupted:
                link.send({"interrupted": True})
            finally:
                let_go_of_pools()
                end_adopted(companion_pids())  # what imports have started, too
                end_companions()
    _send_all(link)
    link.close()


def _take_the_link() -> Link:
    """The socket, away from descriptor 0, where /dev/null takes its place for us and all children."""
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
    """Have what multiprocessing makes, here and in all processes, be known as this run's: sockets, semaphores.

    Gives what forked children have to close.
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


def _await_order(link: Link) -> Message | None:
    while not link.ended:
        orders = [message | dict(zip(("line_times",), sent, strict=False)) for message, sent in link.receive()]
        if orders:  # a stop may have come right behind, or before
            return next((order for order in orders if order["order"] == "stop"), orders[0])
        _wait(link, writing=False)
    return None


def _wait(link: Link, *, writing: bool) -> None:
    import select

    poll = select.poll()
    poll.register(link.fileno(), select.POLLOUT if writing else select.POLLIN)
    poll.poll()


def _send_all(link: Link) -> None:
    link.flush()
    while link.pending and not link.ended:
        _wait(link, writing=True)
        link.flush()


def _carry_out(order: Message, link: Link, signals: Signals, private: tuple[int, ...]) -> None:
    if order["order"] == "stop":
        raise Interrupted
    plan = plan_json.from_json(order.pop("plan"))
    if order["order"] == "run" and not allows_any(DESCRIPTORS_EACH[plan.start_method]):
        link.send({"refused": [too_few_files()]})
        return
    sys.path += [path for path in plan.paths if path not in sys.path]
    left_running = LeftRunning()
    own = OwnDescriptors(link, (*signals.descriptors, *private), _send_all)
    refusals, coroutines = not_held_here(plan) or _preload(plan, link, left_running, own), dict[str, bool]()
    signals.spare_us()
    if not refusals and order["preflight"]:
        from runner.supervise.imports import preflight

        refusals, coroutines = preflight.check(plan, link, signals, in_depth=order["order"] == "check")
    if refusals or order["order"] == "check":
        link.send({"refused": refusals, "async": coroutines})
        return
    heed(link)
    open_files = raise_open_files()
    try:
        _set_up_multiprocessing(plan, signals)
        manager = managing.manager_for(plan, (*private, link.fileno(), *signals.descriptors), signals)
        shared = SharedThings(plan, order["run"], manager)
    except OSError as error:
        link.send({"refused": [cannot_be_set_up(plan, error)]})
        return
    try:
        try:
            supervisor = _supervisor(plan, order, link, shared, signals, open_files, private, left_running)
        except OSError as error:
            if error.errno not in TOO_MANY_FILES:
                raise
            link.send({"refused": [cannot_be_set_up(plan, error)]})
            return
        if supervisor is not None:
            supervisor.run()
    finally:
        shared.remove()


def _preload(plan: Plan, link: Link, left_running: LeftRunning, own: OwnDescriptors) -> list[dict[str, Any]]:
    """Import what the plan preloads; the refusal, if one of them cannot be."""
    sys.stdin = sys.__stdin__  # as a child has it
    try:
        for module in plan.preload:
            own.announce(module)
            with guarded(), heeding(link), left_running.noted(module):
                try:
                    importlib.import_module(module)
                finally:
                    own.check("preload", module)
    except Interrupted:
        raise
    except BaseException as error:
        message = f"`{module}` cannot be imported: {type(error).__name__}: {text_of(error)}"
        return [refusal("preload", message, id="import-fails")]
    finally:
        sys.stdin = None
    return []


def _set_up_multiprocessing(plan: Plan, signals: Signals) -> None:
    multiprocessing.set_start_method(plan.start_method, force=True)  # a preload may have set one
    if plan.preload or any(process.cls is not None for process in plan.processes):
        flush_whatever_is_there()
    targets = {process.target for process in plan.processes if process.target is not None}
    ours = sorted({target.partition(":")[0] if target.startswith(OURS) else _OBSERVING for target in targets})
    ours += [_LINE_CLOCK] if tellers(plan) else []
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
        signals.hold_back()  # its children find them as it does
        let_all_through()
        with forkserver_path.handed_on():
            forkserver.ensure_running()
        signals.take()
    if plan.start_method != "fork" or plan.shared:
        from multiprocessing import resource_tracker

        # Its start unblocks SIGINT and SIGTERM in this process, so it must not come in the middle of another start.
        resource_tracker.ensure_running()


def _supervisor(
    plan: Plan,
    order: Message,
    link: Link,
    shared: SharedThings,
    signals: Signals,
    open_files: tuple[int, int] | None,
    private: tuple[int, ...],
    left_running: LeftRunning,
) -> Supervisor | None:
    """What is to carry out the plan; None if it was refused."""
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
        line_times=order.get("line_times", -1),
    )
    refusals = _create(plan, processes, link, left_running, OwnDescriptors(link, (*to_close, to_records), _send_all))
    if refusals:
        link.send({"refused": refusals})
        return None
    signals.spare_us()
    room = min(order["room"], processes.room())
    if not room:
        link.send({"refused": [too_few_files()]})
        return None
    hand = processes.make_hand()
    supervisor = Supervisor(plan, room, link, selector, processes, shared, records, signals, hand, left_running)
    # Children share these pages as long as none of them is written to; a collection in a child would touch them all.
    gc.collect()
    gc.freeze()
    return supervisor


def _create(
    plan: Plan, processes: Processes, link: Link, left_running: LeftRunning, own: OwnDescriptors
) -> list[dict[str, Any]]:
    """Make the Process objects; the refusal, if a class cannot be made."""
    has_classes = any(process.cls is not None for process in plan.processes)
    with guarded() if has_classes else contextlib.nullcontext():
        return _create_all(plan, processes, link, left_running, own)


def _create_all(
    plan: Plan, processes: Processes, link: Link, left_running: LeftRunning, own: OwnDescriptors
) -> list[dict[str, Any]]:
    for number, process in enumerate(plan.processes):
        if process.cls is None:
            processes.create(number)
            continue
        try:
            own.announce(process.cls)
            with heeding(link), left_running.noted(process.cls.partition(":")[0]):
                try:
                    processes.create(number)
                finally:
                    own.check("class", process.cls, number)
        except Interrupted:
            raise
        except BaseException as error:
            return [refusal("class", _why_not_made(process.cls, error), id="unusable-target") | {"process": number}]
    return []


def _why_not_made(cls: str, error: BaseException) -> str:
    from runner.supervise.starting.user_classes import NotToBeStarted

    if isinstance(error, NotToBeStarted):
        return f"`{cls}` {error}"
    return f"`{cls}` cannot be made: {type(error).__name__}: {text_of(error)}"


def _own(selector: selectors.BaseSelector) -> tuple[int, ...]:
    """The descriptor that a selector itself has, if it is of a kind that has one."""
    return (selector.fileno(),) if hasattr(selector, "fileno") else ()


if __name__ == "__main__":
    front = os.getppid()
    status = 1
    try:
        main()
        status = 0
    except Exception as error:
        os.write(2, f"{told_as_fault(error)}\n".encode(errors="backslashreplace"))
    finally:
        leave(status, front)
