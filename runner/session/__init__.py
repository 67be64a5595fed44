"""A run as the front sees it: send the plan to a supervisor, follow its reports, yield events and output.

`Session()` starts the supervisor's interpreter, which boots while the caller reads its file; `submit(plan)` goes on
from there. The caller's process is not changed in any way: no signal handler, no limit, no thread.
"""

from __future__ import annotations

import os
import signal

from runner.link.connection import Gone, StopSignalled
from runner.link.local_connection import LocalConnection
from runner.model import messages
from runner.model.errors import RunJobsError, SupervisorFault
from runner.model.events import Output, ProgressMade
from runner.model.lines import WholeLines
from runner.session.event_builder import EventBuilder
from runner.session.line_events import Lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.link.connection import Connection
    from runner.model.events import Item
    from runner.model.messages import Refusal, Told
    from runner.model.plan import Plan

MAX_SUPERVISOR_OUTPUT = 4_000
"""The most characters of the supervisor's output in a fault."""


class Refused(RunJobsError):
    """The supervisor did not start anything, for these reasons."""

    def __init__(self, refusals: tuple[Refusal, ...]) -> None:
        self.refusals = refusals
        super().__init__("; ".join(refusal.message for refusal in refusals))


class Interrupted(RunJobsError):
    """A stop was requested before anything had been started."""

    def __init__(self, exit_status: int) -> None:
        self.exit_status = exit_status
        super().__init__("stopped before anything was started")


class Session:
    """One supervisor and its one run. Use it as a context manager: leaving ends the run, if it is not over."""

    def __init__(self, connection: Connection | None = None) -> None:
        """`connection` leads to the supervisor; without one it is started here."""
        self._connection: Connection = LocalConnection() if connection is None else connection
        self._telling: EventBuilder | None = None
        self._stopped_by: int | None = None
        """The signal of the first stop request."""
        self._answered = False
        """Whether the supervisor is done with imports: it carries out the run, or has refused it."""
        self._said = b""
        """The end of the supervisor's output before it answered."""
        self._importing: str | None = None
        """The user's module or class that the supervisor was about to run, as far as known."""
        self._was_killed = False
        self._lines = WholeLines()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the supervisor end; block until it has stopped what still ran (for the grace period at most)."""
        self._connection.close()

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Stop the run in order; a second time, at once. `number` is the signal that requests it.

        Safe in a signal handler.
        """
        if self._stopped_by is None:
            self._stopped_by = number
        self._connection.send(messages.Stop())

    @property
    def began(self) -> float:
        """When the run began (monotonic); only for a run that has begun."""
        return self._told.began

    @property
    def _told(self) -> EventBuilder:
        if self._telling is None:
            raise RuntimeError("no plan was submitted")
        return self._telling

    def peek(self) -> None:
        """Ask how much of its work each job has done; `ProgressMade` items answer."""
        self._connection.send(messages.Peek())

    def check(self, plan: Plan) -> dict[str, bool]:
        """Import the targets and bind the arguments without starting anything; return the targets that return
        coroutines.

        False stands for a target that might return one, or a generator, as far as its code shows. Raise `Refused`,
        `Interrupted` or `SupervisorFault`.
        """
        self._connection.send(messages.Check(plan))
        for item in self._received():
            match item:
                case messages.Checked(coroutines):
                    return coroutines
                case messages.Refused(refusals):
                    raise Refused(refusals)
                case messages.Interrupted():
                    break
        raise self._unanswered()

    def submit(self, plan: Plan, *, preflight: bool = True) -> None:
        """Send the plan to the supervisor, which begins its work; `items` then yields the events."""
        telling = self._telling = EventBuilder(plan, os.urandom(4).hex())
        self._connection.send(messages.Run(plan, preflight, telling.run, self._connection.room))

    def items(self, *, tells_output: bool = False, tick_s: float | None = None) -> Iterator[Item | None]:
        """Yield the items of the run as they come, until it is over.

        None means that everything that has come was yielded. It comes at least every `tick_s` seconds. With
        `tells_output` every line that a process writes is an event too. Raise `Refused`, `Interrupted` or
        `SupervisorFault` if nothing was started.
        """
        telling = self._told
        lines = Lines(telling) if tells_output else None
        began = False
        for item in self._received(tick_s):
            match item:
                case None:
                    yield None
                case Output():
                    telling.note_output(item)
                    yield item
                    if lines is not None:
                        yield from lines.cut(item)
                case messages.Refused(refusals):
                    raise Refused(refusals)
                case messages.Interrupted():
                    break
                case messages.Progressed(done):
                    for job, of_processes in done.items():
                        yield ProgressMade(job, tuple(of_processes))
                case messages.Checked() | messages.ImportBegun():
                    pass
                case _:
                    began = True
                    telling.stopped_by = self._stopped_by
                    yield from telling.tell(item)
        if not began:
            raise self._unanswered()
        telling.stopped_by = self._stopped_by
        telling.exit_functions_were_ended = self._was_killed
        yield from telling.finish()

    def _received(self, tick_s: float | None = None) -> Iterator[Told | Output | None]:
        """Yield the messages and the output, and remember what shows why the supervisor may not answer."""
        for item in self._connection.receive(tick_s):
            match item:
                case Gone(was_killed):
                    self._was_killed = was_killed
                case StopSignalled(number, sender):
                    if sender and self._telling is not None:
                        self._telling.note_sender(number, sender)
                case messages.ImportBegun(what):
                    self._importing = what
                case Output():
                    if item.process is None and not self._answered:
                        self._said = (self._said + item.data)[-MAX_SUPERVISOR_OUTPUT:]
                    yield self._lines.split(item)
                case _:
                    self._answered = self._answered or item is not None
                    yield item

    def _unanswered(self) -> RunJobsError:
        """Return why there was neither a run nor a refusal."""
        if self._stopped_by is not None:
            return Interrupted(128 + self._stopped_by)
        message = "the supervisor ended before anything was started"
        if self._importing is not None:
            message += f": `{self._importing}` ended it, or closed descriptors that are not its own"
        return SupervisorFault(message, self._said.decode(errors="replace"))
