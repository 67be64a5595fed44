"""Detect the ends of processes, reap them, and close their descriptors."""

from __future__ import annotations

import selectors

from runner.supervise.child.end_records import Endings
from runner.supervise.mp.companions import forkserver_has_ended, last_exit_code_of_forkserver
from runner.supervise.starting.running import exited

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from runner.link.wire import Message
    from runner.supervise.core.lifecycle import Exited
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
        tell: Callable[[Message], None],
    ) -> None:
        """`records` is the read end of the pipe on which children record their ends.

        `tell` sends the front a message.
        """
        self._processes = processes
        self._selector = selector
        self._records = records
        self._timers = timers
        self._tell = tell
        self._endings = Endings()
        self._open: list[int] = []
        """Processes that have ended, whose descriptors are still open."""
        self._forkserver_died = False
        selector.register(records, selectors.EVENT_READ, "records")

    def hear(self) -> list[tuple[int, list[Any]]]:
        """Read the records of ends; gives what processes have told beside, each with the process's number."""
        self._endings.read(self._records)
        return self._endings.take_told()

    def watch(self, process: int, now: float) -> None:
        """Have the end of a process that has been started be seen."""
        watched = self._processes.running[process].watched
        if watched is None:
            self.look_for_unwatched(now)  # SIGCHLD is not handled while processes are started
        else:
            self._selector.register(watched, selectors.EVENT_READ, process)

    def look_for_unwatched(self, now: float) -> None:
        """Look, in the next turn, for ends that only SIGCHLD reports."""
        if self._processes.unwatched():
            self._timers.set_once(now, "unwatched")

    def reap(self, process: int, now: float, alive_at: float) -> Exited | None:
        """The end of a process as the schedule takes it; None while it lives. One that is watched lived `alive_at`."""
        running = self._processes.running[process]
        watched = running.watched
        ended = running.reap()
        if ended is not None:
            if watched is None:  # its end was not announced: it may have come after the records were read
                self._endings.read(self._records)
            self._open.append(process)
            return exited(ended, self._endings.take(process), alive_at if watched is not None else 0.0)
        if watched is not None:  # a forkserver died before its child: now the child itself is watched
            if not self._forkserver_died:
                self._forkserver_died = True
                forkserver_has_ended()
                self._tell({"forkserver_died": last_exit_code_of_forkserver(), "t": now})
            self._selector.unregister(watched)
            self.watch(process, now)
        return None

    def close(self) -> None:
        """Close the descriptors of the processes that have ended."""
        for process in self._open:
            watched = self._processes.running[process].watched
            if watched is not None:
                # Before it is closed: forked children have it too, so that closing it would not take it out of epoll.
                self._selector.unregister(watched)
            self._processes.close(process)
        self._open.clear()
