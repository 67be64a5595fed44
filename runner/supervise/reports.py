"""Send the front the events that the schedule reports, with what is known of the process and with its outputs."""

from __future__ import annotations

from runner.model import messages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.link.wire import ToFront
    from runner.supervise.core.commands import ReportName
    from runner.supervise.starting.processes import Processes

_OF_PROCESS: dict[ReportName, Callable[..., messages.OfProcess]] = {
    "process.started": messages.Started,
    "process.start_failed": messages.StartFailed,
    "process.joined": messages.Joined,
    "process.join_timed_out": messages.JoinTimedOut,
    "process.shown": messages.Shown,
    "process.terminating": messages.Terminating,
    "process.killed": messages.Killed,
    "process.exited": messages.Exited,
}
_OF_MAIN: dict[ReportName, Callable[..., messages.OfMain]] = {
    "main.slept": messages.MainSlept,
    "main.ended": messages.MainEnded,
    "main.stopped": messages.MainStopped,
}
"""The messages of what the schedule reports, which have its fields."""


class Reports:
    """The reports on processes and main of one run."""

    def __init__(self, link: ToFront, processes: Processes) -> None:
        self._link = link
        self._processes = processes
        self.outputs: dict[int, tuple[int, int]] = {}
        """The read ends of stdout and stderr of started processes, until the front has them."""

    def send(self, at: float, event: ReportName, process: int | None, fields: Mapping[str, object]) -> None:
        """Send an event that came `at` this time; `process` is None for those of main."""
        if process is None:
            self._link.send(_OF_MAIN[event](at, **fields))
            return
        message = _OF_PROCESS[event](at, process, self._processes.state(process), **fields)
        self._link.send(message, self.outputs.pop(process) if event == "process.started" else ())
