"""Report the threads, processes, queues and exit functions that keep a process alive after its target.

A child imports this module if its target leaves a thread, a process, a queue, a finalizer or an exit function.
"""

from __future__ import annotations

import _thread
import contextlib
import select
import sys
import threading
from multiprocessing import process as processes
from multiprocessing import queues, util
from time import sleep

from runner.supervise.child import messages, skipped_cleanup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import FrameType

    from runner.model.multiprocessing_protocols import Process
    from runner.supervise.tracing.handles import Handle

SOON_S = 0.1
"""Seconds from the end of the target to the first look at what remains: a process that ends sooner is not reported."""
LIVES_ON_S = 0.5
"""Seconds from the end of the target until the process is reported to live on."""
_FEEDER = "QueueFeederThread"
"""The name of the threads that send the items of queues."""
_WAITING = "multiprocessing.queues", "multiprocessing.util", "multiprocessing.process", "threading", "atexit", "weakref"
"""Modules whose functions only wait for others, or call them, when a process ends."""


def watch(how: str, handles: Iterable[Handle], *, calls_functions: bool) -> None:
    """Report what keeps this process alive a short time from now, if anything does.

    `how` is how the target ended. `calls_functions` says whether exit functions of the target are called.
    """
    exit_functions = skipped_cleanup.registered if calls_functions else []
    if not (
        any(threads())
        or any(children())
        or (_joins_feeders() and any(feeders()))
        or any(_finalizers())
        or calls_functions
    ):
        return
    names = {id(getattr(handle.bind(), "_buffer", None)): handle.row for handle in handles if handle.row >= 0}
    with contextlib.suppress(RuntimeError):  # no thread can be started
        _thread.start_new_thread(_look_twice, (threading.get_ident(), how, names, exit_functions))


def _look_twice(main: int, how: str, rows: dict[int, int], exit_functions: list[str]) -> None:
    with contextlib.suppress(Exception):  # the interpreter is shutting down
        sleep(SOON_S)
        _report(main, how, rows, exit_functions)
        sleep(LIVES_ON_S - SOON_S)
        _report(main, how, rows, exit_functions)
        messages.report_lives_on()


def _report(main: int, how: str, rows: dict[int, int], exit_functions: list[str]) -> None:
    feeding = [(rows.get(id(buffer)), items) for buffer, items in feeders()]
    waited_for = list(threads()), [each.name for each in children()], sum(n for row, n in feeding if row is None)
    frame = sys._current_frames().get(main)
    function = running_function(frame, is_waiting=bool(feeding) or any(waited_for))
    if function is None and not feeding and not any(waited_for):
        function = " or ".join(exit_functions) or None
    messages.report_kept_alive(how, function, *waited_for)
    for row, items in feeding:
        if row is not None:
            messages.report_unsent(row, items)


def threads() -> Iterator[str]:
    """Return the names of the threads that this process waits for before it ends."""
    main = threading.main_thread()
    for thread in threading.enumerate():
        if thread is not main and not thread.daemon:
            yield thread.name


def children() -> Iterator[Process]:
    """Return the processes that this process waits for before it ends. None is reaped: the process itself may be about
    to."""
    for child in list(processes._children):  # type: ignore[attr-defined]  # there is no public way
        if not child.daemon and not _has_ended(child):
            yield child


def _has_ended(child: Process) -> bool:
    poll = select.poll()
    poll.register(child.sentinel, select.POLLIN)
    return bool(poll.poll(0))


def feeders() -> Iterator[tuple[object, int]]:
    """Return the buffers of queues with items that are not in their pipes yet, each with the number of those items."""
    end: object = queues._sentinel  # type: ignore[attr-defined]  # there is no public way
    for thread in threading.enumerate():
        arguments = getattr(thread, "_args", None)  # its buffer is removed when it is about to end
        if thread.name != _FEEDER or not arguments:
            continue
        # Not by its frame: Python 3.12.1 crashes at its end if the frame of a writing thread was read.
        buffer, not_empty = arguments[:2]
        if not not_empty._waiters:
            yield buffer, 1 + sum(item is not end for item in list(buffer))


def _joins_feeders() -> bool:
    """Return whether this process waits for the items of a queue: not if it has called `cancel_join_thread` for all of
    them."""
    finalizers = list(util._finalizer_registry.values())  # type: ignore[attr-defined]  # there is no public way
    return any(getattr(each._callback, "__name__", None) == "_finalize_join" for each in finalizers)


def _finalizers() -> Iterator[object]:
    """Return the finalizers of objects that are called when the process ends, without those of queues."""
    for finalizer in list(util._finalizer_registry.values()):  # type: ignore[attr-defined]  # there is no public way
        if getattr(finalizer._callback, "__module__", None) != "multiprocessing.queues":
            yield finalizer


def running_function(frame: FrameType | None, *, is_waiting: bool) -> str | None:
    """Return the function that runs as part of the end of this process, whose innermost frame is given: `module.name`.

    If the process is waiting for something else, only a user's function counts.
    """
    frames: list[FrameType] = []
    while frame is not None and not _is_ours(frame):
        frames.append(frame)
        frame = frame.f_back
    frames.reverse()
    own = [each for each in frames if skipped_cleanup.is_users(each)]
    others = [] if is_waiting else [each for each in frames if each.f_globals.get("__name__") not in _WAITING]
    return next((f"{each.f_globals.get('__name__')}.{each.f_code.co_qualname}" for each in own + others), None)


def _is_ours(frame: FrameType) -> bool:
    """Return whether a frame belongs to the code that runs the process."""
    module = str(frame.f_globals.get("__name__"))
    if module == "multiprocessing.forkserver":  # it calls exit functions after `_bootstrap` has returned, from 3.13 on
        return True
    is_first = frame.f_code.co_name == "_bootstrap" and module == "multiprocessing.process"
    return is_first or module.partition(".")[0] == "runner"
