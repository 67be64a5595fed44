"""Group a run's unexpected process ends by error and place, in bounded memory. Pure."""

from __future__ import annotations

import re

from runner.model.event_types import MainEnded, ProcessCreated, ProcessExited, StartFailed
from runner.model.events import MAIN_PROCESS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.events import Event
    from runner.model.json_types import Error

MAX_NAMES_KEPT = 9
MAX_GROUPS = 50
"""The number of groups of processes. Failures of further kinds are counted with the last group."""


class Failure:
    """Processes that ended unexpectedly in the same way: the end of the first one, and their number.

    `end` is the event of that end. `place` is where its error was raised, as `app.py:7 in check`. `has_one_message`
    says whether all of them have the message of the first.
    """

    __slots__ = ("count", "end", "has_one_message", "place", "processes")

    def __init__(self, end: ProcessExited | StartFailed | MainEnded) -> None:
        self.end = end
        self.place = place_of((end.error.get("traceback") if end.error else None) or "")
        self.count = 0
        self.processes: list[str] = []
        """The names of the first of them."""
        self.has_one_message = True

    @property
    def error(self) -> Error | None:
        """The exception of the first process."""
        return self.end.error

    def add(self, process: str, message: str | None) -> None:
        """Count one more process."""
        self.count += 1
        if len(self.processes) < MAX_NAMES_KEPT:
            self.processes.append(process)
        self.has_one_message = self.has_one_message and message == _message(self.end)


class Failures:
    """The failures of one run, from its events in order."""

    def __init__(self) -> None:
        self._groups: dict[tuple[object, ...], Failure] = {}
        self.main: Failure | None = None
        """The failure of main, whose end the file does not declare."""
        self.processes = 0
        """How many processes the run has, started or not."""

    @property
    def count(self) -> int:
        """How many processes ended in another way than the file declares, or could not be started."""
        return sum(one.count for one in self._groups.values())

    @property
    def has_error(self) -> bool:
        """Whether a process, or main, raised an exception."""
        failures = [*self._groups.values(), *filter(None, (self.main,))]
        return any(one.error is not None for one in failures)

    def see(self, event: Event) -> None:
        """Note one event."""
        match event.fact:
            case ProcessCreated():
                self.processes += 1
            case StartFailed(of) as failed:
                self._add(of.process, failed, ("start failed",))
            case ProcessExited(of, expected=False) as end:
                self._add(of.process, end, (end.outcome, of.exit_code, end.limit, end.stop_reason))
            case MainEnded(exit_code) as end if exit_code:
                self.main = Failure(end)
                self.main.add(MAIN_PROCESS, _message(end))

    def groups(self) -> list[Failure]:
        """Return the failures of processes, the most frequent first."""
        return sorted(self._groups.values(), key=lambda one: -one.count)

    def _add(self, process: str, end: ProcessExited | StartFailed, way: tuple[object, ...]) -> None:
        failure = Failure(end)
        key = (end.error.get("type") if end.error else None, failure.place, *way)
        if len(self._groups) >= MAX_GROUPS and key not in self._groups:
            key = next(reversed(self._groups))
        self._groups.setdefault(key, failure).add(process, _message(end))


def _message(end: ProcessExited | StartFailed | MainEnded) -> str | None:
    return end.error.get("message") if end.error else None


def place_of(traceback: str) -> str | None:
    """Return where an exception was raised, as `file:line in function`; None if its traceback does not show it.

    The last frame of the user's own code counts, if there is one: it is the cause of what a library's code raises.
    """
    # The last traceback is that of the exception itself: its causes come before it.
    last = traceback.partition(_SUB_EXCEPTIONS)[0].rpartition(_HEAD)[2]
    frames = _FRAME.findall(last)
    if not frames:
        return None
    of_user = [frame for frame in frames if not _LIBRARY.search(frame[0])]
    file, line, function = (of_user or frames)[-1]
    return f"{file.rpartition('/')[2]}:{line} in {function}"


_HEAD = "Traceback (most recent call last):"
_SUB_EXCEPTIONS = "+-+-"
"""The line in the text of an exception group before the exceptions in it."""
_FRAME = re.compile(r'^[ |+]*File "([^"\n]+)", line (\d+), in (.+)$', re.MULTILINE)
_LIBRARY = re.compile(r"/(?:site|dist)-packages/|/lib(?:64)?/python3[^/]*/|^<frozen ")
