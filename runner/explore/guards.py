"""A model of locks, semaphores and re-entrant locks as CPython's `SemLock` implements them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.explore.machine import BLOCKED, Wait

if TYPE_CHECKING:
    from runner.explore.code import Code
    from runner.explore.machine import Cells, Label, Layout, Run


class Guard:
    """A guard that can be acquired and released: `most` is the limit that a release must not exceed, None for no limit.

    The guard of a condition, of a value or of an rlock is `recursive`: it has an owner. The others have none, so the
    cells of `held` only store which process acquired them.
    """

    def __init__(
        self, layout: Layout, name: str, *, permits: int = 1, most: int | None = 1, recursive: bool = False
    ) -> None:
        self.name = name
        self.free = layout.cell(permits)
        self.most = most
        self.recursive = recursive
        self.held: dict[int, int] = {}
        """For each process that uses the guard, by its number, the cell that counts its permits."""
        self.release_is_local = True
        """No other process can observe when a permit is released, as long as none acquires with a timeout."""

        self.has_holders = True
        """Whether the owner of a permit is known; for a semaphore that other processes release, that means little."""

    def held_by(self, code: Code) -> int:
        """Return the cell that counts the permits of this process."""
        if code.number not in self.held:
            self.held[code.number] = code.hand(self.name)
        return self.held[code.number]

    def taking(self, code: Code) -> Run:
        """Return a function that acquires one permit, or blocks."""
        own = self.held_by(code)
        return _taking_again(self.free, own) if self.recursive else _taking(self.free, own, int(self.has_holders))

    def giving(self, code: Code, failure: Label) -> Run:
        """Return a function that releases one permit, or goes on at `failure` if that raises."""
        if self.recursive:
            return _giving_own(self.free, self.held_by(code), failure)
        return self._giving(self.held_by(code), failure)

    def _giving(self, own: int, failure: Label) -> Run:
        free, most, held = self.free, self.most, self.held

        def give(cells: Cells) -> Label | None:
            if most is not None and cells[free] >= most:
                return failure
            cells[free] += 1
            if cells[own]:
                cells[own] -= 1
            elif most == 1:  # another process acquired it: that one does not own it any more
                for cell in held.values():
                    cells[cell] = 0
            return None

        return give

    def acquire(self, code: Code, *, glued: bool = False, wait: Wait | None = None) -> None:
        """Add the action that acquires it without a timeout."""
        code.do(self.taking(code), wait=wait or Wait("acquire", self.name), glued=glued)

    def release(self, code: Code, *, glued: bool = False) -> None:
        """Add the action that releases it."""
        code.do(self.giving(code, code.failure), glued=glued, local=self.release_is_local)


def _taking(free: int, own: int, noted: int) -> Run:
    def take(cells: Cells) -> Label | None:
        if not cells[free]:
            return BLOCKED
        cells[free] -= 1
        cells[own] += noted
        return None

    return take


def _taking_again(free: int, own: int) -> Run:
    def take(cells: Cells) -> Label | None:
        if not cells[own]:
            if not cells[free]:
                return BLOCKED
            cells[free] = 0
        cells[own] += 1
        return None

    return take


def _giving_own(free: int, own: int, failure: Label) -> Run:
    def give(cells: Cells) -> Label | None:
        if not cells[own]:  # AssertionError: attempt to release recursive lock not owned by thread
            return failure
        cells[own] -= 1
        if not cells[own]:
            cells[free] = 1
        return None

    return give
