"""The connection to a supervisor that is a child process of this one: its socket, its pipes, and its end."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time

from runner.link.connection import Gone, StopSignalled
from runner.link.launch import launch
from runner.link.line_times import line_reporters
from runner.link.outputs import Outputs, Source
from runner.link.supervisor_deadline import PATIENCE_S, SupervisorDeadline
from runner.link.supervisor_process import SupervisorProcess
from runner.link.wire import Link
from runner.model import messages
from runner.system.open_files import free_descriptors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runner.link.connection import Received
    from runner.link.launch import Launched
    from runner.link.stop_signals import Stops
    from runner.link.wire import ToSupervisor
    from runner.model.events import Output
    from runner.model.messages import Order, Run, Told

LAST_WORDS = (messages.Ended, messages.Refused, messages.Checked, messages.Interrupted)
"""Messages after which the supervisor starts nothing any more."""
SHORTEST_S = 0.01
"""The first interval of checks for the end of a supervisor that has been killed."""
OVERDUE_S = 1.0
"""How long after the run's time limit a supervisor that has not ended the run counts as paused."""
POLL_INTERVAL_S = 0.2
"""The interval of checks for the end of a supervisor, if the system does not report it: what an import has left may
keep the link open."""


class LocalConnection:
    """The connection to one supervisor on this machine. See `runner.link.connection.Connection`."""

    def __init__(
        self, launched: Launched | None = None, *, end_descendants: Callable[[], object] = lambda: None
    ) -> None:
        """`launched` is a supervisor that was started before; without one it is started here.

        `end_descendants` is called when the supervisor has ended, before the remains of its run are removed.
        """
        launched = launched or launch()
        self._outputs = Outputs(free_descriptors())
        launched.taken = True
        self._link: ToSupervisor = Link(launched.link)
        self._outputs.add(None, launched.stdout, launched.stderr)
        self._patience = SupervisorDeadline()
        self._supervisor = SupervisorProcess(launched.pid, self._patience, end_descendants)
        self.stops: Stops | None = None
        """The signals that stop the run with their senders, if the caller handles such signals."""
        self._woken, self._wake = os.pipe()
        """Readable when a stop has been requested: from then on every wait has a deadline."""
        self._limit_ends: float | None = None
        """When the supervisor should have ended the run because of its time limit (monotonic)."""

    @property
    def pid(self) -> int:
        """The supervisor's pid."""
        return self._supervisor.pid

    @property
    def room(self) -> int:
        """Return the number of processes whose output it can read at once."""
        return self._outputs.room

    def send(self, order: Order) -> None:
        """Send an order. Safe in a signal handler."""
        match order:
            case messages.Stop():
                self._request_stop()
                self._link.send_at_once(order)
            case messages.Run():
                self._link.send_at_once(order, self._prepare(order))
            case _:
                self._link.send_at_once(order)

    def _request_stop(self) -> None:
        if self._patience.ask(time.monotonic()):
            with contextlib.suppress(OSError):  # the connection is closed
                os.write(self._wake, b"!")
        self._supervisor.signal(signal.SIGCONT)  # a target may have paused the supervisor, its parent

    def _prepare(self, order: Run) -> tuple[int, ...]:
        """Prepare for a run; return the pipe on which processes report the times of their lines, if any does."""
        plan = order.plan
        self._patience.grace_period_s = plan.grace_period
        if plan.time_limit is not None:
            self._limit_ends = time.monotonic() + plan.time_limit + OVERDUE_S
        if self._outputs.room < len(plan.processes):
            self._outputs.tell_freed_room(lambda freed: self._link.send(messages.FreeRoom(freed)))
        return self._outputs.receive_line_times(line_reporters(plan), main=len(plan.processes))

    def close(self) -> None:
        """Let the supervisor end; block until it has stopped what still ran (for the grace period at most)."""
        self._link.close()
        self._outputs.close()
        if self._wake >= 0:
            os.close(self._woken)
            os.close(self._wake)
            self._woken = self._wake = -1
        self._supervisor.reap()

    def receive(self, tick_s: float | None = None) -> Iterator[Received | None]:
        """Yield what comes until the supervisor is gone: see `Connection`."""
        with selectors.DefaultSelector() as selector, self._supervisor.watched() as gone:
            self._attend(selector, gone)
            over = False
            if gone < 0:
                tick_s = POLL_INTERVAL_S if tick_s is None else min(tick_s, POLL_INTERVAL_S)
            while not over:
                self._link.flush()
                self._link.adjust()
                yield None
                ready, stops = self._select(selector, self._wait_s(tick_s))
                for each in stops:
                    yield each
                    if self.stops is not None:
                        self.stops.come(each.signal)
                yield from self._take_in(self._link.receive())
                descriptors = {key.fd for key, _ in ready}
                if self._woken in descriptors:
                    os.read(self._woken, 1)
                yield from self._read(ready, descriptors)
                if self._link.ended:
                    self._patience.note_supervisor_left(time.monotonic())
                over = gone in descriptors or (gone < 0 and (self._link.ended or self._supervisor.has_ended()))
            yield from self._take_in(self._link.receive_rest())
            yield from self._outputs.drain()
        self._supervisor.reap()
        yield Gone(self._patience.killed)

    def _attend(self, selector: selectors.BaseSelector, gone: int) -> None:
        """Have the selector wait for everything that can come; `gone` is readable at the supervisor's end, or -1."""
        self._link.attend(selector)
        selector.register(self._woken, selectors.EVENT_READ)
        if self.stops is not None:
            selector.register(self.stops.descriptor, selectors.EVENT_READ)
        if gone >= 0:
            selector.register(gone, selectors.EVENT_READ)
        self._outputs.attend(selector)

    def _read(self, ready: list[tuple[selectors.SelectorKey, int]], descriptors: set[int]) -> Iterator[Output]:
        """Read the streams that are ready.

        The supervisor's own output comes after its reports: its own log, after its children's ends.
        """
        link = self._link.fileno()
        for key, _ in ready:
            if isinstance(key.data, Source) and (key.data.process is not None or link not in descriptors):
                yield from self._outputs.read(key.data)

    def _select(
        self, selector: selectors.BaseSelector, wait_s: float | None
    ) -> tuple[list[tuple[selectors.SelectorKey, int]], list[StopSignalled]]:
        """Return what is ready within the given seconds, and the signals that have come meanwhile to stop the run."""
        if self.stops is None:
            return selector.select(wait_s), []
        with self.stops.held_back():
            ready = selector.select(wait_s)
            return ready, [StopSignalled(number, pid) for number, pid in self.stops.take()]

    def _wait_s(self, tick_s: float | None) -> float | None:
        """Return how long to wait for anything; kill a supervisor that does not obey a stop."""
        tick_s = self._until_the_limit(tick_s)
        if self._patience.is_endless:
            return tick_s
        left = self._patience.ends() - time.monotonic()
        if left < 0:
            self._supervisor.kill()
        return min(PATIENCE_S / 2, PATIENCE_S if tick_s is None else tick_s, max(left, SHORTEST_S))

    def _until_the_limit(self, tick_s: float | None) -> float | None:
        """Return how long to wait; resume a supervisor that a target has paused when the run's time limit is over."""
        if self._limit_ends is None:
            return tick_s
        now = time.monotonic()
        if now >= self._limit_ends:
            self._limit_ends = now + OVERDUE_S
            self._supervisor.signal(signal.SIGCONT)
        left = self._limit_ends - now
        return left if tick_s is None else min(left, tick_s)

    def _take_in(self, received: Iterator[tuple[Told, tuple[int, ...]]]) -> Iterator[Told | Output]:
        for message, descriptors in received:
            if isinstance(message, messages.ImportBegun):
                yield message
                continue
            self._patience.hear(time.monotonic())
            if isinstance(message, LAST_WORDS):
                self._patience.note_last_message(time.monotonic())
            match message:
                case messages.Started(process=process):
                    self._outputs.add(process, *descriptors)
                    yield message
                case messages.Exited(at=at, process=process):
                    yield from self._outputs.finish(process, at)
                    yield message
                    # Last: a join may wait for the report of the end, and nothing waits for this.
                    yield from self._outputs.let_end(process)
                case _:
                    yield message
