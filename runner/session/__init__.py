"""A run as the front sees it: start a supervisor, send it the plan, yield events and output.

`Session()` starts the supervisor's interpreter, which boots while the caller reads its file; `run(plan)` goes on from
there. The caller's process is not changed in any way: no signal handler, no limit, no thread.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time

from runner.link.launch import Launched, launch
from runner.link.line_times import tellers
from runner.link.wire import Link
from runner.model.errors import RunJobsError, SupervisorFault
from runner.model.events import Item, Output, ProgressMade
from runner.model.plan_json import to_json
from runner.session.event_builder import Telling
from runner.session.line_events import Lines
from runner.session.outputs import Outputs, Source
from runner.session.stop_deadline import PATIENCE_S, Patience
from runner.session.supervisor_process import SupervisorProcess
from runner.system.open_files import free_descriptors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from runner.link.wire import Message
    from runner.model.plan import Plan
    from runner.session.stop_signals import Stops

MOST_SAID = 4_000
"""Of what the supervisor wrote, in a fault."""
LAST_WORDS = ("ended", "refused", "interrupted")
"""Messages after which the supervisor starts nothing any more."""
SHORTEST_S = 0.01
"""Between looks for the end of a supervisor that has been killed."""
OVERDUE_S = 1.0
"""After the run's time limit, until a supervisor that has not ended the run is taken for paused."""
BETWEEN_LOOKS_S = 0.2
"""For the end of a supervisor, where the system does not report it: what an import has left may keep the link open."""


class Refused(RunJobsError):
    """The supervisor did not start anything, for these reasons: `process`, `field`, `message` and `help` of each."""

    def __init__(self, refusals: list[dict[str, Any]]) -> None:
        self.refusals = refusals
        super().__init__("; ".join(str(refusal["message"]) for refusal in refusals))


class Interrupted(RunJobsError):
    """A stop was asked for before anything had been started."""

    def __init__(self, exit_status: int) -> None:
        self.exit_status = exit_status
        super().__init__("stopped before anything was started")


class Session:
    """One supervisor and its one run. Use it as a context manager: leaving ends the run, if it is not over."""

    def __init__(
        self, launched: Launched | None = None, *, end_descendants: Callable[[], object] = lambda: None
    ) -> None:
        """`launched` is a supervisor that was started before; without one it is started here.

        `end_descendants` is called when the supervisor has ended, before what is left of its run is taken away.
        """
        launched = launched or launch()
        self._outputs = Outputs(free_descriptors())
        launched.taken = True
        self._link = Link(launched.link)
        self._outputs.add(None, launched.stdout, launched.stderr)
        self._telling: Telling
        self._patience = Patience()
        self._supervisor = SupervisorProcess(launched.pid, self._patience, end_descendants)
        self.stops: Stops | None = None
        """The signals that stop the run with their senders, where the caller takes such signals."""
        self._woken, self._wake = os.pipe()
        """Readable when a stop has been asked for: from then on nothing is waited for without a deadline."""
        self._said = b""
        """The end of what the supervisor wrote before it answered."""
        self._importing: str | None = None
        """The module or class of the user that the supervisor was about to run, as far as it has got."""
        self._limit_ends: float | None = None
        """When the supervisor should have ended the run because of its time limit (monotonic)."""

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the supervisor end; blocks until it has stopped whatever still ran (the grace period at most)."""
        self._link.close()
        self._outputs.close()
        if self._wake >= 0:
            os.close(self._woken)
            os.close(self._wake)
            self._woken = self._wake = -1
        self._supervisor.reap()

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Stop the run in order; a second time, at once. `number` is the signal that says so.

        Safe in a signal handler.
        """
        if self._patience.ask(number, time.monotonic()):
            with contextlib.suppress(OSError):  # the session is over
                os.write(self._wake, b"!")
        self._supervisor.signal(signal.SIGCONT)  # a target may have paused the supervisor, its parent
        self._link.send_at_once({"order": "stop"})

    @property
    def pid(self) -> int:
        """The supervisor's pid."""
        return self._supervisor.pid

    @property
    def began(self) -> float:
        """When the run began (monotonic); only of one that has."""
        return self._telling.began

    def peek(self) -> None:
        """Ask how much of its work each job has done; `ProgressMade` items will tell."""
        self._link.send_at_once({"order": "peek"})

    def check(self, plan: Plan) -> dict[str, bool]:
        """Have the targets imported and the arguments bound, nothing started; gives those that return coroutines.

        False stands for a target that might return one, or a generator, as far as its code shows.
        Raises `Refused`, `Interrupted` or `SupervisorFault`.
        """
        self._link.send(self._order("check", plan, preflight=True))
        for message in self._messages():
            match message:
                case {"refused": [], "async": is_async}:
                    return dict(is_async)
                case {"refused": refusals}:
                    raise Refused(refusals)
                case {"interrupted": _}:
                    break
        raise self._unanswered()

    def submit(self, plan: Plan, *, preflight: bool = True) -> None:
        """Hand the plan to the supervisor, which goes to work; `items` then tells what happens."""
        self._telling = Telling(plan, _run_id())
        self._patience.grace_period_s = plan.grace_period
        if plan.time_limit is not None:
            self._limit_ends = time.monotonic() + plan.time_limit + OVERDUE_S
        order = self._order("run", plan, preflight=preflight)
        order |= {"run": self._telling.run, "room": self._outputs.room}
        self._link.send(order, self._outputs.hear_of_lines(tellers(plan), main=len(plan.processes)))
        self._link.flush()

    def items(self, *, tells_output: bool = False, tick_s: float | None = None) -> Iterator[Item | None]:
        """What happens, as it happens, until the run is over.

        None stands for a rest: all that has come has been told. There is one at least every `tick_s` seconds.
        With `tells_output` every line that a process writes is an event too. Raises `Refused`, `Interrupted` or
        `SupervisorFault` when nothing was started.
        """
        lines = Lines(self._telling) if tells_output else None
        for item in self._items(self._telling, tick_s):
            yield item
            if lines is not None and isinstance(item, Output):
                yield from lines.cut(item)
        self._supervisor.reap()
        self._telling.stopped_by = self._patience.stopped_by
        self._telling.exit_functions_were_ended = self._patience.killed
        yield from self._telling.finish()

    @staticmethod
    def _order(order: str, plan: Plan, *, preflight: bool) -> Message:
        return {"order": order, "plan": to_json(plan), "preflight": preflight}

    def _items(self, telling: Telling, tick_s: float | None) -> Iterator[Item | None]:
        began = False
        for message in self._messages(tick_s):
            match message:
                case None:
                    yield None
                case Output():
                    telling.see_output(message)
                    yield message
                case {"refused": refusals}:
                    raise Refused(refusals)
                case {"interrupted": _}:
                    break
                case {"progress": progress}:
                    for job, done in progress.items():
                        yield ProgressMade(job, tuple(done))
                case _:
                    began = True
                    ended = message.get("event") == "process.exited"
                    if ended:
                        yield from _seen(self._outputs.finish(message["process"], message["t"]), telling)
                    telling.stopped_by = self._patience.stopped_by
                    yield from telling.tell(message)
                    if ended:  # a join may wait for word of its end; for this nothing waits
                        yield from _seen(self._outputs.let_end(message["process"]), telling)
        if not began:
            raise self._unanswered()

    def _unanswered(self) -> RunJobsError:
        """Why there was neither a run nor a refusal."""
        if self._patience.stopped_by is not None:
            return Interrupted(128 + self._patience.stopped_by)
        message = "the supervisor ended before anything was started"
        if self._importing is not None:
            message += f": `{self._importing}` ended it, or closed descriptors that are not its own"
        return SupervisorFault(message, self._said.decode(errors="replace"))

    def _messages(self, tick_s: float | None = None) -> Iterator[Any]:
        """The supervisor's messages and all output, until the supervisor is gone."""
        with selectors.DefaultSelector() as selector, self._supervisor.watched() as gone:
            self._link.attend(selector)
            selector.register(self._woken, selectors.EVENT_READ)
            if self.stops is not None:
                selector.register(self.stops.descriptor, selectors.EVENT_READ)
            if gone >= 0:
                selector.register(gone, selectors.EVENT_READ)
            self._outputs.attend(selector)
            link = self._link.fileno()
            over = False
            if gone < 0:
                tick_s = BETWEEN_LOOKS_S if tick_s is None else min(tick_s, BETWEEN_LOOKS_S)
            while not over:
                self._link.flush()
                self._link.adjust()
                yield None
                ready = self._select(selector, self._wait_s(tick_s))
                yield from self._take_in(self._link.receive())
                descriptors = {key.fd for key, _ in ready}
                if self._woken in descriptors:
                    os.read(self._woken, 1)
                for key, _ in ready:
                    # What the supervisor wrote comes after what it has told: its own log, after its children's ends.
                    if isinstance(key.data, Source) and (key.data.process is not None or link not in descriptors):
                        yield from self._heard(self._outputs.read(key.data))
                if self._link.ended:
                    self._patience.see_it_leave(time.monotonic())
                over = gone in descriptors or (gone < 0 and (self._link.ended or self._supervisor.has_ended()))
            yield from self._take_in(self._link.receive_rest())
            yield from self._heard(self._outputs.drain())

    def _select(self, selector: selectors.BaseSelector, wait_s: float | None) -> list[tuple[Any, int]]:
        """Return what is ready within the given seconds; signals that stop the run are read with their senders."""
        if self.stops is None:
            return selector.select(wait_s)
        with self.stops.held_back():
            ready = selector.select(wait_s)
            for number, pid in self.stops.take():
                if pid:
                    self._telling.see_sender(number, pid)
                self.stops.come(number)
        return ready

    def _wait_s(self, tick_s: float | None) -> float | None:
        """For how long to wait for anything; kills a supervisor that does not heed a stop."""
        tick_s = self._until_the_limit(tick_s)
        if self._patience.is_endless:
            return tick_s
        left = self._patience.ends() - time.monotonic()
        if left < 0:
            self._supervisor.kill()
        return min(PATIENCE_S / 2, PATIENCE_S if tick_s is None else tick_s, max(left, SHORTEST_S))

    def _until_the_limit(self, tick_s: float | None) -> float | None:
        """For how long to wait; wakes a supervisor that a target has paused when the run's time limit is over."""
        if self._limit_ends is None:
            return tick_s
        now = time.monotonic()
        if now >= self._limit_ends:
            self._limit_ends = now + OVERDUE_S
            self._supervisor.signal(signal.SIGCONT)
        left = self._limit_ends - now
        return left if tick_s is None else min(left, tick_s)

    def _heard(self, outputs: Iterator[Output]) -> Iterator[Output]:
        """The outputs; what the supervisor itself wrote before it answered is kept."""
        for output in outputs:
            if output.process is None and not self._patience.answered:
                self._said = (self._said + output.data)[-MOST_SAID:]
            yield output

    def _take_in(self, received: Iterator[tuple[Message, tuple[int, ...]]]) -> Iterator[Message]:
        for message, descriptors in received:
            if "importing" in message:
                self._importing = message["importing"]
                continue
            self._patience.hear(time.monotonic())
            if not message.keys().isdisjoint(LAST_WORDS):
                self._patience.hear_the_last_word(time.monotonic())
            if descriptors:
                self._outputs.add(message["process"], *descriptors)
            yield message


def _seen(outputs: Iterator[Output], telling: Telling) -> Iterator[Output]:
    for output in outputs:
        telling.see_output(output)
        yield output


def _run_id() -> str:
    return os.urandom(4).hex()
