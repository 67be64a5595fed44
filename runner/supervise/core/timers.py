"""The kinds of timers, the pending timers of a run, and which one is due next. Pure: it reads no clock."""

from __future__ import annotations

from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal, TypeAlias

    from runner.supervise.core.life import LifeId


@record(frozen=True, slots=True)
class RunLimit:
    """The run's time limit is over."""


@record(frozen=True, slots=True)
class MainTimer:
    """Main's sleep or join timeout is over; an older generation is void."""

    generation: int


@record(frozen=True, slots=True)
class LifeTimer:
    """A life's `timeout`, `terminate_after`, wake or grace period is over; an older generation is void."""

    life: LifeId
    generation: int


@record(frozen=True, slots=True)
class Retry:
    """The pause before another try at a start that the system lacked resources for; an older generation is void."""

    generation: int


Timer: TypeAlias = RunLimit | MainTimer | LifeTimer | Retry
"""The timers of the schedule."""


@record(frozen=True, slots=True)
class Chore:
    """Work of the supervisor itself that waits a moment.

    `holders`: find the process that died owning a permit, `unsure`: another scan for deadlocks, `unwatched`: ends that
    no descriptor announces, `orphans`: adopted processes that have ended.
    """

    what: Literal["holders", "unsure", "unwatched", "orphans"]


class Timers:
    """The pending timers of one run."""

    def __init__(self) -> None:
        self._coming: list[tuple[float, int, Timer | Chore]] = []
        self._count = 0
        self._chores: set[str] = set()
        """The chores that have a timer and need no second one."""

    def set(self, due: float, timer: Timer | Chore) -> None:
        """Have the timer come due at this time; of several for the same time the one set first comes first."""
        import heapq  # here: each library that the supervisor loads makes every fork slower

        self._count += 1
        heapq.heappush(self._coming, (due, self._count, timer))

    def set_chore(self, due: float, chore: Chore) -> None:
        """Set a timer for this chore, unless it has one already."""
        if chore.what not in self._chores:
            self._chores.add(chore.what)
            self.set(due, chore)

    def next_due(self) -> float | None:
        """Return when the next timer comes due; None if there is none."""
        return self._coming[0][0] if self._coming else None

    def take_due(self, now: float) -> Iterator[Timer | Chore]:
        """Yield the timers that are due, including those that are set meanwhile."""
        while self._coming and self._coming[0][0] <= now:
            import heapq

            _, _, timer = heapq.heappop(self._coming)
            if isinstance(timer, Chore):
                self._chores.discard(timer.what)
            yield timer
