"""Detect the ends of processes, reap them, and close their descriptors."""

from __future__ import annotations

import selectors

from runner.model.messages import ForkserverDied
from runner.supervise.child.end_records import EndRecords
from runner.supervise.core.timers import Chore
from runner.supervise.mp.companions import forkserver_has_ended, last_exit_code_of_forkserver
from runner.supervise.starting.started_process import end_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.model.json_types import Json
    from runner.supervise.core.life import End, LifeId
    from runner.supervise.core.timers import Timers
    from runner.supervise.starting.processes import Processes


class Ends:
    """Watches the processes of a run until they have ended."""

    def __init__(
        self,
        processes: Processes,
        selector: selectors.BaseSelector,
        records: int,
        timers: Timers,
        tell: Callable[[ForkserverDied], None],
    ) -> None:
        """`records` is the read end of the pipe on which children record their ends.

        `tell` sends the front a message.
        """
        self._processes = processes
        self._selector = selector
        self._records = records
        self._timers = timers
        self._tell = tell
        self._endings = EndRecords()
        self._open: list[LifeId] = []
        """Processes that have ended, whose descriptors are still open."""
        self._forkserver_died = False
        selector.register(records, selectors.EVENT_READ, "records")

    def hear(self) -> list[tuple[int, list[Json]]]:
        """Read the end records; return the other messages of processes, each with the process's number."""
        self._endings.read(self._records)
        return self._endings.take_messages()

    def watch(self, life: LifeId, now: float) -> None:
        """DeadlockWatch for the end of a process that has been started."""
        watched = self._processes.running[life.process].watched
        if watched is None:
            self.check_unwatched(now)  # SIGCHLD is not handled while processes are started
        else:
            self._selector.register(watched, selectors.EVENT_READ, life)

    def check_unwatched(self, now: float) -> None:
        """In the next turn, check for ends that only SIGCHLD reports."""
        if self._processes.unwatched():
            self._timers.set_chore(now, Chore("unwatched"))

    def reap(self, life: LifeId, now: float, alive_at: float) -> End | None:
        """Return the end of a process as a fact for the schedule; None while it lives. A watched process was alive at
        `alive_at`."""
        running = self._processes.running[life.process]
        watched = running.watched
        ended = running.reap()
        if ended is not None:
            if watched is None:  # no descriptor announced its end: it may have come after the records were read
                self._endings.read(self._records)
            self._open.append(life)
            shown = self._processes.objects.repr(life.process)
            return end_of(ended, self._endings.take(life.process), shown, alive_at if watched is not None else 0.0)
        if watched is not None:  # a forkserver died before its child: now the child itself is watched
            if not self._forkserver_died:
                self._forkserver_died = True
                forkserver_has_ended()
                self._tell(ForkserverDied(now, last_exit_code_of_forkserver()))
            self._selector.unregister(watched)
            self.watch(life, now)
        return None

    def close(self) -> None:
        """Close the descriptors of the processes that have ended."""
        for life in self._open:
            watched = self._processes.running[life.process].watched
            if watched is not None:
                # Before it is closed: forked children have it too, so that closing it would not remove it from epoll.
                self._selector.unregister(watched)
            self._processes.close(life)
        self._open.clear()
