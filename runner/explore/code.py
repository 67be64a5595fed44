"""The compiled program of one process: its actions, the variables that `as` names, and its exits."""

from __future__ import annotations

from ast import literal_eval
from typing import TYPE_CHECKING, Any, Protocol

from runner.explore.cells import NOTHING, UNSTARTED, Action, Label, Unmodelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.explore.cells import Cells, Layout, Run, State, Wait

MOST_ACTIONS = 100_000
"""A longer program is refused: each of its actions is at least one state."""


class _Guard(Protocol):
    """What a `with` step is left by."""

    def release(self, code: Code) -> None:
        """Add the actions that release it."""


class Feeder(Protocol):
    """The thread of a process that sends what the process has put into a queue."""

    lock: str
    """What the thread has in hand while it sends."""
    buffer: int
    """The cell of what is not sent."""
    stage: int
    """A cell that is 0 without the lock."""

    def step(self, cells: Cells) -> bool:
        """Do one action; False where there is none to do, or it cannot proceed."""

    def flush(self, code: Code) -> None:
        """Add the action that waits until all is sent."""

    def stop(self, cells: Cells) -> None:
        """End with the process: what is not sent is lost."""


class Code:
    """Takes the actions of one process, one after the other; loops of the file are written out."""

    def __init__(
        self,
        layout: Layout,
        number: int,
        name: str,
        *,
        end_is_local: bool,
        is_mortal: bool = False,
        crashes: bool = False,
    ) -> None:
        """`end_is_local` says that no other process depends on the moment of its end.

        A mortal process can be killed between any two actions; one that `crashes` ends itself by a signal.
        """
        self.layout = layout
        self.number = number
        self.name = name
        self.end_is_local = end_is_local
        self.is_mortal = is_mortal
        self.loses_its_buffer = is_mortal or crashes
        self.first = len(layout.initial)
        """The first cell of this process; those of a process lie beside each other."""
        self.position = layout.cell(UNSTARTED)
        self.end = layout.cell(None)
        """None as long as the process has no end, else its exit code, what it died with, and what it had not sent."""
        self.doom = layout.cell(())
        """The signals that are on their way to the process."""
        self.actions: list[Action] = []
        self.feeders: dict[str, Feeder] = {}
        """Of each queue that the process puts into."""
        self.register = layout.cell(0)
        """What one operation remembers from one action to the next."""
        self._exit_code = layout.cell(None)
        self._guards: tuple[_Guard, ...] = ()
        self._leaves: dict[tuple[tuple[_Guard, ...], int | None], Label] = {}
        self._variables: dict[str, int] = {}
        self._read: set[str] = set()
        """The variables that the current step reads."""
        self._last_read: dict[str, int] = {}
        self._hands: list[tuple[str, int]] = []

    def is_going_on(self, state: State) -> bool:
        """Whether the process is started and has no end."""
        return state[self.end] is None and state[self.position] != UNSTARTED

    def can_feed(self, state: State) -> bool:
        """Whether the feeders of the process live."""
        return state[self.end] is None

    def do(
        self,
        run: Run,
        *,
        wait: Wait = NOTHING,
        late: Run | None = None,
        glued: bool = False,
        local: bool = False,
    ) -> None:
        """Add an action."""
        if len(self.actions) >= MOST_ACTIONS:
            raise Unmodelled(f"more than {MOST_ACTIONS:,} actions of {self.name}")
        self.actions.append(Action(run, wait, late, glued, local))

    def place(self, label: Label) -> None:
        """Let `label` stand for the action that comes next."""
        label.at = len(self.actions)

    @property
    def failure(self) -> Label:
        """Where an exception leads that is raised here."""
        return self.leave(1)

    def leave(self, exit_code: int | None) -> Label:
        """Where the process goes that leaves all of its `with` steps; an exit code of None is the one it computed."""
        return self._leaves.setdefault((self._guards, exit_code), Label())

    def enter(self, guard: _Guard) -> None:
        """What follows is inside a `with` of this guard."""
        self._guards += (guard,)

    def exit(self) -> _Guard:
        """The innermost `with` is over; what follows, its release first, is outside of it."""
        *outer, guard = self._guards
        self._guards = tuple(outer)
        return guard

    def go(self, label: Label) -> None:
        """Add a jump."""
        self.do(lambda _: label, glued=True, local=True)

    def finish(self) -> None:
        """The end of the steps, and the ways out from inside of `with` steps: the inner guards are released first."""
        self.go(self.leave(0))
        written = 0
        while written < len(self._leaves):
            (guards, exit_code), label = list(self._leaves.items())[written]
            written += 1
            self.place(label)
            self._guards = guards
            while self._guards:
                self.exit().release(self)
            self._end(exit_code)

    def _end(self, exit_code: int | None) -> None:
        """A process that ends by itself waits until all that it put is in the pipes of the queues."""
        for feeder in self.feeders.values():
            feeder.flush(self)
        self.do(self._dying(exit_code), local=self.end_is_local)

    def _dying(self, exit_code: int | None) -> Run:
        return lambda cells: self.die(cells, cells[self._exit_code] if exit_code is None else exit_code)

    def die(self, cells: Cells, exit_code: int) -> None:
        """The process is over: what it has in hand stays as it is, what it has not sent is lost."""
        cells[self.end] = (exit_code, self.last_things(cells), self.unsent(cells))
        self.forget_all(cells)
        for feeder in self.feeders.values():
            feeder.stop(cells)

    def forget_all(self, cells: Cells) -> None:
        """Clear what only a process that goes on needs."""
        for cell in (self.position, self.register):
            cells[cell] = 0
        for cell in (self._exit_code, *self._variables.values()):
            cells[cell] = None
        cells[self.doom] = ()

    def hand(self, name: str) -> int:
        """A new cell that counts how often the process has this in hand."""
        cell = self.layout.cell(0)
        self._hands.append((name, cell))
        return cell

    def last_things(self, cells: Cells) -> tuple[str, ...]:
        """The names of what the process has in hand."""
        feeding = tuple(feeder.lock for feeder in self.feeders.values() if cells[feeder.stage])
        return tuple(name for name, cell in self._hands if cells[cell]) + feeding

    def unsent(self, cells: Cells) -> tuple[tuple[str, int], ...]:
        """The queues with items that the process has put and not sent, and how many."""
        return tuple((name, len(cells[one.buffer])) for name, one in self.feeders.items() if cells[one.buffer])

    def set_exit_code(self, cells: Cells, exit_code: int) -> None:
        """Remember the exit code for `leave(None)`."""
        cells[self._exit_code] = exit_code

    def keep(self, name: str | None) -> Callable[[Cells, object], None]:
        """What puts a value under the name that `as` gives, if a later action than the next one reads it."""
        if name is None:
            return lambda cells, value: None
        cell, at, last_read = self.variable(name), len(self.actions), self._last_read

        def keep(cells: Cells, value: object) -> None:
            if last_read.get(name, -1) > at:
                cells[cell] = repr(value)

        return keep

    def variable(self, name: str) -> int:
        """The cell of a variable, which holds the repr of its value."""
        if name not in self._variables:
            self._variables[name] = self.layout.cell(None)
        return self._variables[name]

    def reading(self, name: str) -> Callable[[Cells], Any]:
        """What gives the value of a variable, until `forget`."""
        cell = self.variable(name)
        self._read.add(name)
        return lambda cells: literal_eval(cells[cell])

    def forget(self) -> None:
        """Clear each variable that is read for the last time in this step: states that differ in it alone are one."""
        if not self._read:
            return
        at, last_read = len(self.actions), self._last_read
        variables = {name: self.variable(name) for name in self._read}
        last_read.update(dict.fromkeys(variables, at))
        self._read.clear()

        def clear(cells: Cells) -> None:
            for name, cell in variables.items():
                if last_read[name] == at:
                    cells[cell] = None

        self.do(clear, glued=True, local=True)
