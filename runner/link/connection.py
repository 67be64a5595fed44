"""The connection from a session to a supervisor, whatever it runs over: orders go out, facts and output come in."""

from __future__ import annotations

from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol, TypeAlias

    from runner.model.events import Output
    from runner.model.messages import Order, Told


@record(frozen=True, slots=True)
class StopSignalled:
    """A signal that stops the run has come, from the process with the pid `sender`; 0 is a terminal."""

    signal: int
    sender: int


@record(frozen=True, slots=True)
class Gone:
    """The supervisor has ended, and all output has come; `was_killed` if it did not end in time by itself."""

    was_killed: bool


if TYPE_CHECKING:
    Received: TypeAlias = Told | Output | StopSignalled | Gone
    """The items that come from a connection; `Gone` is the last."""

    class Connection(Protocol):
        """A connection to one supervisor."""

        @property
        def room(self) -> int:
            """Return the number of processes whose output it can read at once."""

        def send(self, order: Order) -> None:
            """Send an order. Safe in a signal handler."""

        def receive(self, tick_s: float | None = None) -> Iterator[Received | None]:
            """Yield what comes, in order, until the supervisor is gone: all output of a process before its end.

            None means that everything that has come so far was yielded; it comes at least every `tick_s` seconds.
            """

        def close(self) -> None:
            """Let the supervisor end, and wait for that: it first stops the processes that still run."""
