"""A run as seen from the front: starts a supervisor, hands it the plan, yields events and output.

`Session()` starts the supervisor's interpreter, which boots while the caller reads its file; `run(plan)` goes on from
there. The caller's process is not changed in any way: no signal handler, no limit, no thread.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal

from runner.errors import RunJobsError
from runner.events import Item, Output, ProgressMade
from runner.launch import Launched, launch
from runner.limits import free_descriptors
from runner.plan import to_json
from runner.session.outputs import Outputs, Source
from runner.session.telling import Lines, Telling
from runner.wire import Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from runner.plan import Plan
    from runner.wire import Message


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

    def __init__(self, launched: Launched | None = None) -> None:
        """`launched` is a supervisor that was started before; without one it is started here."""
        launched = launched or launch()
        launched.taken = True
        self._supervisor = launched.pid
        self._link = Link(launched.link)
        self._outputs = Outputs(free_descriptors())
        self._outputs.add(None, launched.stdout, launched.stderr)
        self._telling: Telling
        self._stopped_by: int | None = None
        self._began = False
        """The supervisor is done with imports, and goes through the run."""
        self._reaped = False

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the supervisor end; blocks until it has stopped whatever still ran (the grace period at most)."""
        self._link.close()
        self._outputs.close()
        self._reap()

    def _reap(self) -> None:
        if not self._reaped:
            self._reaped = True
            with contextlib.suppress(ChildProcessError):  # SIGCHLD is ignored, or somebody waits for all children
                os.waitpid(self._supervisor, 0)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Stop the run in order; a second time, at once. `number` is the signal that says so.

        Safe in a signal handler.
        """
        again = self._stopped_by is not None
        if not again:
            self._stopped_by = number
        self._link.send_at_once({"order": "stop"})
        if again and not self._began and not self._reaped:
            os.kill(self._supervisor, signal.SIGKILL)  # it may be in an import that never ends

    def peek(self) -> None:
        """Ask how much of its work each job has done; `ProgressMade` items will tell."""
        self._link.send_at_once({"order": "peek"})

    def check(self, plan: Plan) -> None:
        """Have the targets imported and the arguments bound, nothing started; raises `Refused`."""
        self._link.send(self._order("check", plan, preflight=True))
        for message in self._messages():
            if message is not None and message.get("refused"):
                raise Refused(message["refused"])

    def submit(self, plan: Plan, *, preflight: bool = True) -> None:
        """Hand the plan to the supervisor, which goes to work; `items` then tells what happens."""
        self._telling = Telling(plan, _run_id())
        order = self._order("run", plan, preflight=preflight)
        self._link.send(order | {"run": self._telling.run, "room": self._outputs.room})
        self._link.flush()

    def items(self, *, tells_output: bool = False, tick_s: float | None = None) -> Iterator[Item | None]:
        """What happens, as it happens, until the run is over.

        None stands for a rest: all that has come has been told. There is one at least every `tick_s` seconds.
        With `tells_output` every line that a process writes is an event too. Raises `Refused` or `Interrupted` when
        nothing was started.
        """
        lines = Lines(self._telling) if tells_output else None
        for item in self._items(self._telling, tick_s):
            yield item
            if lines is not None and isinstance(item, Output):
                yield from lines.cut(item)
        self._reap()
        yield from self._telling.finish(self._stopped_by)

    @staticmethod
    def _order(order: str, plan: Plan, *, preflight: bool) -> Message:
        return {"order": order, "plan": to_json(plan), "preflight": preflight}

    def _items(self, telling: Telling, tick_s: float | None) -> Iterator[Item | None]:
        for message in self._messages(tick_s):
            match message:
                case None:
                    yield None
                case Output():
                    yield message
                case {"refused": refusals}:
                    raise Refused(refusals)
                case {"interrupted": _}:
                    raise self._interrupted()
                case {"progress": progress}:
                    for job, done in progress.items():
                        yield ProgressMade(job, tuple(done))
                case _:
                    self._began = True
                    ended = message.get("event") == "process.exited"
                    if ended:
                        yield from self._outputs.finish(message["process"])
                    yield from telling.tell(message)
                    if ended:  # somebody waits for word of its end, and nobody for this
                        self._outputs.let_end(message["process"])
        if self._stopped_by is not None and not self._began:
            raise self._interrupted()

    def _interrupted(self) -> Interrupted:
        return Interrupted(128 + (self._stopped_by or signal.SIGTERM))

    def _messages(self, tick_s: float | None = None) -> Iterator[Any]:
        """The supervisor's messages and all output, until the supervisor is gone."""
        with selectors.DefaultSelector() as selector, self._watch_supervisor() as gone:
            selector.register(self._link, selectors.EVENT_READ)
            if gone >= 0:
                selector.register(gone, selectors.EVENT_READ)
            self._outputs.attend(selector)
            over = False
            while not over:
                self._link.flush()
                self._adjust(selector)
                yield None
                ready = selector.select(tick_s)
                over = any(key.fd == gone for key, _ in ready)
                yield from self._take_in(self._link.receive())
                for key, _ in ready:
                    if isinstance(key.data, Source):
                        yield from self._outputs.read(key.data)
                over = over or (gone < 0 and self._link.ended)
            yield from self._take_in(self._link.receive_rest())
            yield from self._outputs.drain()

    def _take_in(self, received: Iterator[tuple[Message, tuple[int, ...]]]) -> Iterator[Message]:
        for message, descriptors in received:
            if descriptors:
                self._outputs.add(message["process"], *descriptors)
            yield message

    def _adjust(self, selector: selectors.BaseSelector) -> None:
        """Watch the link for what it can do now."""
        try:
            key = selector.get_key(self._link)
        except (KeyError, ValueError):
            return
        if self._link.ended:
            selector.unregister(self._link)
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._link.pending else 0)
        if key.events != wanted:
            selector.modify(self._link, wanted)

    @contextlib.contextmanager
    def _watch_supervisor(self) -> Iterator[int]:
        """A descriptor that gets readable at the supervisor's end; -1 where there is no such thing."""
        try:
            gone = os.pidfd_open(self._supervisor) if hasattr(os, "pidfd_open") else -1
        except ProcessLookupError:
            gone = -1
        try:
            yield gone
        finally:
            if gone >= 0:
                os.close(gone)


def _run_id() -> str:
    return os.urandom(4).hex()
