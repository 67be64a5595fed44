"""A model of events and barriers. Each contains a condition, whose lock its operations acquire first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.explore.conditions import Condition
from runner.explore.machine import Label, Wait

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.explore.code import Code
    from runner.explore.machine import Cells, Layout

    Keep = Callable[[Cells, object], None]

FILLING, DRAINING, BROKEN = 0, 1, -2
"""The states of a barrier."""


class Event:
    """A flag with a condition over a plain lock."""

    def __init__(self, layout: Layout, name: str, *, is_set: bool) -> None:
        self.inner = Condition(layout, f"inside {name}", thing=name, recursive=False)
        self._enter = Wait("enter", name)
        self._flag = layout.cell(is_set)

    def wait(self, code: Code, keep: Keep, timeout: float | None) -> None:
        """Wait for the flag. It is checked again after the wake-up: a `clear` in between makes the result False."""
        inner, is_set = self.inner, Label()
        inner.guard.acquire(code, wait=self._enter)
        code.do(lambda cells: is_set if cells[self._flag] else None, glued=True)
        inner.sleep(code, timeout, again=self._enter)
        code.place(is_set)
        code.do(lambda cells: keep(cells, cells[self._flag]), glued=True)
        inner.guard.release(code, glued=True)

    def set(self, code: Code) -> None:
        """Set the flag and wake all waiters; the lock is held until they are awake."""
        self._write(code, True)
        self.inner.wake(code, None)
        self.inner.guard.release(code, glued=True)

    def clear(self, code: Code) -> None:
        """Clear the flag."""
        self._write(code, False)
        self.inner.guard.release(code, glued=True)

    def _write(self, code: Code, flag: bool) -> None:
        def write(cells: Cells) -> None:
            cells[self._flag] = flag

        self.inner.guard.acquire(code, wait=self._enter)
        code.do(write, glued=True)


class Barrier:
    """A condition, a state and a count. A timeout breaks it for all processes, for ever."""

    def __init__(self, layout: Layout, name: str, parties: int) -> None:
        self.inner = Condition(layout, f"inside {name}", thing=name)
        self._enter = Wait("enter", name)
        self._parties = parties
        self._state = layout.cell(FILLING)
        self._count = layout.cell(0)

    def wait(self, code: Code, keep: Keep, timeout: float | None) -> None:
        """Wait for all parties: `threading.Barrier.wait`, line by line."""
        leave_at_once, passed, broken, done = Label(), Label(), Label(), Label()
        self.inner.guard.acquire(code, wait=self._enter)
        self._wait_while_it_drains(code, leave_at_once)
        self._arrive(code, keep, timeout, passed, broken)
        for way, next_ in ((passed, done), (broken, code.failure)):
            code.place(way)
            self._depart(code)
            self.inner.guard.release(code, glued=True)
            code.go(next_)
        code.place(leave_at_once)
        self.inner.guard.release(code, glued=True)
        code.go(code.failure)
        code.place(done)

    def _wait_while_it_drains(self, code: Code, leave_at_once: Label) -> None:
        again, ready = Label(), Label()

        def look(cells: Cells) -> Label | None:
            if cells[self._state] == DRAINING:
                return None
            return leave_at_once if cells[self._state] == BROKEN else ready

        code.place(again)
        code.do(look, glued=True)
        self.inner.sleep(code, None, again=self._enter)
        code.go(again)
        code.place(ready)

    def _arrive(self, code: Code, keep: Keep, timeout: float | None, passed: Label, broken: Label) -> None:
        """Count the process; the last one opens the barrier, the others wait for that."""
        wait = Label()

        def count(cells: Cells) -> Label | None:
            keep(cells, cells[self._count])
            cells[self._count] += 1
            if cells[self._count] < self._parties:
                return wait
            cells[self._state] = DRAINING
            return None

        def look(cells: Cells) -> Label | None:
            if cells[self._state] == FILLING:  # the timeout is over
                cells[self._state] = BROKEN
                return None
            return broken if cells[self._state] == BROKEN else passed

        code.do(count, glued=True)
        self.inner.wake(code, None)
        code.go(passed)
        code.place(wait)
        self.inner.sleep(code, timeout, again=self._enter)
        code.do(look, glued=True)
        self.inner.wake(code, None)
        code.go(broken)

    def _depart(self, code: Code) -> None:
        """Uncount the process; the last one that leaves lets the barrier fill again."""
        rest = Label()

        def uncount(cells: Cells) -> Label | None:
            cells[self._count] -= 1
            if cells[self._count] or cells[self._state] != DRAINING:
                return rest
            cells[self._state] = FILLING
            return None

        code.do(uncount, glued=True)
        self.inner.wake(code, None)
        code.place(rest)
