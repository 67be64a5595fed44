"""The pending timers of a run, and which one is due next. Pure: it reads no clock."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    Owner: TypeAlias = int | str
    """Whom a timer is for: a process's number, or a word."""


class Timers:
    """The timers of one run, each with its owner and a generation, by which an owner knows one that is void."""

    def __init__(self) -> None:
        self._coming: list[tuple[float, int, Owner, int]] = []
        self._count = 0
        self._only_ones: set[Owner] = set()
        """Owners that want no second one while they have one."""

    def set(self, due: float, owner: Owner, generation: int) -> None:
        """Have it come due at this time; of several for the same time the one set first comes first."""
        import heapq  # here: each library that the supervisor loads makes every fork dearer

        self._count += 1
        heapq.heappush(self._coming, (due, self._count, owner, generation))

    def set_once(self, due: float, owner: Owner) -> None:
        """The same, unless this owner has one that was set so already."""
        if owner not in self._only_ones:
            self._only_ones.add(owner)
            self.set(due, owner, 0)

    def next_due(self) -> float | None:
        """When the next one comes due; None if there is none."""
        return self._coming[0][0] if self._coming else None

    def take_due(self, now: float) -> Iterator[tuple[Owner, int]]:
        """Those that are due, one after the other, also what is set while they are taken."""
        while self._coming and self._coming[0][0] <= now:
            import heapq

            _, _, owner, generation = heapq.heappop(self._coming)
            self._only_ones.discard(owner)
            yield owner, generation
