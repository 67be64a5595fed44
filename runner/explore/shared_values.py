"""A model of values and raw values: one number, read and written with or without its own lock."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, TypeAlias

from runner.explore.guards import Guard
from runner.explore.machine import Label
from runner.model.dtypes import DTYPES

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.explore.code import Code
    from runner.explore.machine import Cells, Layout
    from runner.model.shared_things import SharedValue

    _Type: TypeAlias = Callable[[object], ctypes.c_int64 | ctypes.c_double | ctypes.c_bool]
    """Creates a number of a type, and raises `TypeError` if the value is not one."""


class Number:
    """A number in shared memory; `guard` is None for a raw value."""

    def __init__(self, layout: Layout, thing: SharedValue) -> None:
        self._type: _Type = getattr(ctypes, DTYPES[thing.dtype].ctype)
        self.cell = layout.cell(self._type(thing.initial).value)
        self.guard = Guard(layout, thing.name, recursive=True) if thing.locked else None

    def read(self, code: Code, name: str) -> None:
        """Add the actions that read it into a variable."""
        keep = code.keep(name)
        self._guarded(code, lambda cells: keep(cells, cells[self.cell]))

    def add(self, code: Code, amount: Callable[[Cells], object]) -> None:
        """Add the actions of `value += amount`: the lock is acquired twice, and another process may come in between."""
        register = code.register

        def read(cells: Cells) -> None:
            cells[register] = cells[self.cell]

        def added(cells: Cells) -> object:
            found, cells[register] = cells[register], 0
            return found + amount(cells)

        self._guarded(code, read)
        self.write(code, added)

    def _guarded(self, code: Code, run: Callable[[Cells], None]) -> None:
        if self.guard is None:
            code.do(run)
            return
        self.guard.acquire(code)
        code.do(run, glued=True)
        self.guard.release(code, glued=True)

    def write(self, code: Code, value: Callable[[Cells], object]) -> None:
        """Add the actions that write to it. A value that does not fit the type raises, after the lock has been
        released."""
        unfit = code.failure if self.guard is None else Label()

        def write(cells: Cells) -> Label | None:
            try:
                cells[self.cell] = self._type(value(cells)).value
            except (TypeError, ValueError, OverflowError):
                return unfit
            return None

        if self.guard is None:
            code.do(write)
            return
        done = Label()
        self.guard.acquire(code)
        code.do(write, glued=True)
        self.guard.release(code, glued=True)
        code.go(done)
        code.place(unfit)
        self.guard.release(code)
        code.go(code.failure)
        code.place(done)
