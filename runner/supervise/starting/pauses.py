"""Decide between two starts whether main must pause, so that the supervisor can handle other events."""

from __future__ import annotations

import math
import select

from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runner.link.wire import ToFront
    from runner.model.plan import Plan
    from runner.supervise.core.life import LifeId
    from runner.supervise.core.timers import Timers
    from runner.system.signals import Signals

MAX_TURN_S = 0.005
"""How long main may go on before the supervisor handles other events."""


class PauseCheck:
    """Ends main's turn when its time is over, a timer is due or a stop has been requested."""

    def __init__(self, plan: Plan, link: ToFront, signals: Signals, timers: Timers) -> None:
        self._plans = plan.processes
        self._signals = signals
        self._timers = timers
        news = select.poll()
        news.register(link.fileno(), select.POLLIN)
        if signals.stops >= 0:
            news.register(signals.stops, select.POLLIN)
        self.news = news.poll
        """Called with 0, returns a non-empty list if the front has sent something or is gone, or a stop signal can be
        read from `signals.stops`."""
        self._until = 0.0

    def begin_turn(self, now: float) -> None:
        """Begin main's turn."""
        self._until = now + MAX_TURN_S

    def row(self, lives: Sequence[LifeId], now: float) -> Row:
        """Return the limits of a row of starts that begins now.

        The timers of its processes are set only when the row has ended, so it ends before the first of them is due.
        """
        due = self._timers.next_due()
        own = [timer for life in lives if (timer := self._own_timer(life)) is not None]
        first = min([*(now + timer for timer in own), *([] if due is None else [due])], default=math.inf)
        return Row(self._until, first, self.news)

    def _own_timer(self, life: LifeId) -> float | None:
        plan = self._plans[life.process]
        return plan.timeout if plan.terminate_after is None else plan.terminate_after

    def has_come(self, now: float) -> bool:
        """Return whether main has to pause."""
        due = self._timers.next_due()
        if now >= self._until or (due is not None and now >= due):
            return True
        return self._signals.stop_is_pending or bool(self.news(0))


@record(frozen=True, slots=True)
class Row:
    """The limits of a row of starts: plain values, since whatever is touched between two forks is copied.

    `until` is when the supervisor handles other events, `due` when the first timer is due (monotonic). `news`, called
    with 0, returns a non-empty list if the front has sent something, or a stop signal has come.
    """

    until: float
    due: float
    news: Callable[[int], list[tuple[int, int]]]
