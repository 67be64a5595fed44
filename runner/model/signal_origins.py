"""Describe in words where a signal came from. Pure."""

from __future__ import annotations

from runner.model.exit_codes import signal_name
from runner.model.messages import Sender

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def sent(
    number: int, sender: Sender, name: Callable[[int], str], to: str = "the process that starts the others"
) -> str:
    """Return the sender of a signal to the supervisor, or to another process `to`, in words; `name` names a process."""
    match sender:
        case Sender(process=int(process), was_started=False):
            subject = name(process)
        case Sender(process=int(process)):
            subject = f"A process that {name(process)} started"
        case Sender(command=str(command), pid=pid):
            subject = f"`{command}` (pid {pid})"
        case Sender(pid=pid) if pid > 0:
            subject = f"A process that has ended (pid {pid})"
        case _:
            subject = "A process out of sight"
    return f"{subject} sent {signal_name(number)} to {to}"


def ended(exit_code: int | None) -> str:
    """Return how a process ended that no process of the run waits for, as a relative clause."""
    if exit_code is None:
        return "which has died"
    if exit_code < 0:
        return f"which {signal_name(-exit_code)} ended"
    return f"which ended with exit code {exit_code}"
