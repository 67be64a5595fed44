"""Find the processes that died while holding a lock or permit."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol, TypeAlias

    class Guards(Protocol):
        """What is asked of the guards; each is a row of the table."""

        def noted_by(self, process: int) -> list[int]:
            """The guards that a process holds or wants, by its own marks."""

        def missing(self, row: int, dead: int) -> tuple[int, bool]:
            """How many permits no process has any more, and whether that is certain."""

        def clear_mark(self, row: int, process: int) -> None:
            """Forget what a dead process noted."""

    Found: TypeAlias = tuple[int, int]
    """A process, and the guard of which it died with a permit."""


class Holders:
    """The processes that died with a permit, and those of which that is not certain yet."""

    def __init__(self, guards: Guards) -> None:
        self._guards = guards
        self._suspects: list[Found] = []
        self._lost: dict[int, int] = {}
        """How many permits of a guard have been found missing."""

    @property
    def uncertain(self) -> bool:
        """Whether to look again: a living process acquires or releases what a dead one may have had."""
        return bool(self._suspects)

    def see_end(self, process: int) -> Iterator[Found]:
        """A process has ended: what is certain at once."""
        for row in self._guards.noted_by(process):
            yield from self._look(process, row)

    def look_again(self, *, for_the_last_time: bool = False) -> Iterator[Found]:
        """What has become certain of the others; for the last time, all of it."""
        suspects, self._suspects = self._suspects, []
        for process, row in suspects:
            yield from self._look(process, row, anyway=for_the_last_time)

    def _look(self, process: int, row: int, *, anyway: bool = False) -> Iterator[Found]:
        missing, certain = self._guards.missing(row, process)
        if not certain and not anyway:
            self._suspects.append((process, row))
            return
        self._guards.clear_mark(row, process)
        missing -= self._lost.get(row, 0)  # what others died with
        if missing > 0:
            self._lost[row] = self._lost.get(row, 0) + missing
            yield process, row
