"""Decide between two starts whether main must pause, so that the supervisor can handle other events."""

from __future__ import annotations

import math
import select

from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runner.link.wire import Link
    from runner.model.plan import Plan
    from runner.supervise.core.timers import Timers
    from runner.system.signals import Signals

MOST_OF_A_TURN_S = 0.005
"""How long main may go on before the supervisor looks at the world again."""


class Interruptions:
    """Ends main's turn when its time is over, a timer is due or a stop has been requested."""

    def __init__(self, plan: Plan, link: Link, signals: Signals, timers: Timers) -> None:
        self._own_timers = [
            process.timeout if process.terminate_after is None else process.terminate_after
            for process in plan.processes
        ]
        self._signals = signals
        self._timers = timers
        news = select.poll()
        news.register(link.fileno(), select.POLLIN)
        if signals.stops >= 0:
            news.register(signals.stops, select.POLLIN)
        self.news = news.poll
        """Called with 0, returns what is not empty if the front has sent something or has gone, or a stop has come that
        is read from `signals.stops`."""
        self._until = 0.0

    def begin_turn(self, now: float) -> None:
        """Main's turn begins."""
        self._until = now + MOST_OF_A_TURN_S

    def row(self, processes: Sequence[int], now: float) -> Row:
        """When a row of starts has to end that begins now.

        The timers of its processes are set only when it has ended, so that it ends before the first of them is due.
        """
        due = self._timers.next_due()
        own = [timer for process in processes if (timer := self._own_timers[process]) is not None]
        first = min([*(now + timer for timer in own), *([] if due is None else [due])], default=math.inf)
        return Row(self._until, first, self.news)

    def has_come(self, now: float) -> bool:
        """Whether main has to pause."""
        due = self._timers.next_due()
        if now >= self._until or (due is not None and now >= due):
            return True
        return self._signals.stop_is_pending or bool(self.news(0))


@record(frozen=True, slots=True)
class Row:
    """When a row of starts ends: plain values, since whatever is touched between two forks is copied.

    `until` is when the supervisor looks at the world again, `due` when the first timer is due (monotonic).
    `news`, called with 0, returns what is not empty if the front has sent something, or a stop has come.
    """

    until: float
    due: float
    news: Callable[[int], list[tuple[int, int]]]
