"""Follow one run on the command line: pass each item of the session to the reporter."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

from runner.cli.streams import width_of
from runner.model.errors import RunJobsError
from runner.model.event_types import RunFinished
from runner.model.events import Event
from runner.report.terminal.reporter import Reporter, Settings

if TYPE_CHECKING:
    import argparse

    from runner.history.collecting import Collected
    from runner.model.plan import Plan
    from runner.session import Session

TICK_S = 0.1


class RunFollower:
    """Follows one run and reports it."""

    def __init__(
        self,
        options: argparse.Namespace,
        plan: Plan,
        session: Session,
        events: int | None,
        collected: Collected | None = None,
    ) -> None:
        """`events` is a descriptor that events are written to as JSON lines; the reporter closes it.

        `collected` collects all events and output of the run.
        """
        self._options = options
        self._plan = plan
        self._session = session
        self._events = events
        self._collected = collected
        self._peeked_at = float("-inf")

    def follow(self) -> int:
        """Report the run until it is over; return the exit status."""
        status = 0
        reporter = Reporter(self._settings(), lambda: self._session.stop(signal.SIGPIPE))
        try:
            tick_s = TICK_S if reporter.redraws else None
            for item in self._session.items(tells_output=self._options.events_output, tick_s=tick_s):
                now = time.monotonic()
                if item is None:
                    self._rest(reporter, now)
                    continue
                reporter.handle(item, now)
                if self._collected is not None:
                    self._collected.add(item)
                if isinstance(item, Event) and isinstance(item.fact, RunFinished):
                    status = item.fact.exit_status
        finally:
            reporter.close()
        reporter.conclude()
        return status if status or not reporter.lost_output else RunJobsError.exit_status

    def _rest(self, reporter: Reporter, now: float) -> None:
        reporter.rest(now)
        if reporter.wants_progress and now >= self._peeked_at + TICK_S:
            self._peeked_at = now
            self._session.peek()

    def _settings(self) -> Settings:
        options, plan = self._options, self._plan
        is_terminal = os.isatty(2)
        plain = os.environ.get("TERM") == "dumb"
        return Settings(
            names=tuple(process.name for process in plan.processes),
            totals={job.name: (job.progress.total, len(job.processes)) for job in plan.jobs if job.progress},
            events=self._events,
            events_on_stdout=options.events == "-",
            output=options.output,
            stdout_is_data=options.json or options.events == "-",
            json=options.json,
            quiet=options.quiet,
            verbose=options.verbose,
            stdout_is_terminal=os.isatty(1),
            stderr_is_terminal=is_terminal,
            color=not plain and not os.environ.get("NO_COLOR"),
            # Output that is passed on unchanged has the terminal for itself: a display would erase half a line of it.
            live=is_terminal and not plain and not options.quiet and options.output != "raw",
            steers=not plain,
            is_kept=options.history,
            width=(width_of(sys.stderr) or 80) if is_terminal else 100,
        )
