"""Find the processes that died while owning a lock or permit."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Set
    from typing import Protocol, TypeAlias

    class Guards(Protocol):
        """The questions to ask about guards; each guard is a row of the table."""

        def guards_noted_by(self, process: int) -> list[int]:
            """Return the guards that a process owns or wants, by its own marks."""

        def missing(self, row: int, dead: int, ended: Set[int]) -> tuple[int, bool]:
            """Return how many permits are lost, so that no process can release them, and whether that is certain.

            `ended` are all processes that have ended: they acquire nothing any more.
            """

        def clear_mark(self, row: int, process: int) -> None:
            """Clear what a dead process recorded."""

    Found: TypeAlias = tuple[int, int]
    """A process, and the guard that it owned when it died."""


class Holders:
    """The processes that died with a permit, and those for which that is not certain yet."""

    def __init__(self, guards: Guards) -> None:
        self._guards = guards
        self._suspects: list[Found] = []
        self._ended: set[int] = set()
        self._lost: dict[int, int] = {}
        """How many permits of each guard have been found lost."""

    @property
    def uncertain(self) -> bool:
        """Whether to check again: a living process acquires or releases something that a dead one may have owned."""
        return bool(self._suspects)

    def see_end(self, process: int) -> Iterator[Found]:
        """Return what is certain at once after the end of a process."""
        self._ended.add(process)
        for row in self._guards.guards_noted_by(process):
            yield from self._look(process, row)

    def check_again(self, *, for_the_last_time: bool = False) -> Iterator[Found]:
        """Return what has become certain about the others; for the last time, everything."""
        suspects, self._suspects = self._suspects, []
        for process, row in suspects:
            yield from self._look(process, row, anyway=for_the_last_time)

    def _look(self, process: int, row: int, *, anyway: bool = False) -> Iterator[Found]:
        missing, certain = self._guards.missing(row, process, self._ended)
        if not certain and not anyway:
            self._suspects.append((process, row))
            return
        self._guards.clear_mark(row, process)
        missing -= self._lost.get(row, 0)  # permits of other dead processes
        if missing > 0:
            self._lost[row] = self._lost.get(row, 0) + missing
            yield process, row
