"""The compiled program of one process: its actions, the variables that `as` names, and its exits."""

from __future__ import annotations

from ast import literal_eval
from typing import TYPE_CHECKING, Protocol

from runner.explore.machine import NOTHING, UNSTARTED, Action, Label, Unmodelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.explore.machine import Cells, Layout, Run, State, Wait

MAX_ACTIONS = 100_000
"""A longer program is refused: each of its actions is at least one state."""


class _Guard(Protocol):
    """The guard of a `with` step that is being left."""

    def release(self, code: Code) -> None:
        """Add the actions that release it."""


class Feeder(Protocol):
    """The thread of a process that sends what the process has put into a queue."""

    lock: str
    """The lock that the thread owns while it sends."""
    buffer: int
    """The cell of the items that are not sent."""
    stage: int
    """A cell that is 0 without the lock."""

    def step(self, cells: Cells) -> bool:
        """Do one action; return False if there is none to do, or it cannot proceed."""

    def flush(self, code: Code) -> None:
        """Add the action that waits until all is sent."""

    def stop(self, cells: Cells) -> None:
        """End with the process: what is not sent is lost."""


class Code:
    """Collects the actions of one process, one after the other; loops of the file are unrolled."""

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
        """`end_is_local` means that no other process depends on the time of its end.

        A mortal process can be killed between any two actions; one that `crashes` ends itself by a signal.
        """
        self.layout = layout
        self.number = number
        self.name = name
        self.end_is_local = end_is_local
        self.is_mortal = is_mortal
        self.loses_its_buffer = is_mortal or crashes
        self.first = len(layout.initial)
        """The first cell of this process; the cells of a process are adjacent."""
        self.position = layout.cell(UNSTARTED)
        self.end = layout.cell(None)
        """None until the process has ended, else its exit code, what it owned when it died, and what it had not
        sent."""
        self.doom = layout.cell(())
        """The signals that are on their way to the process."""
        self.actions: list[Action] = []
        self.feeders: dict[str, Feeder] = {}
        """The feeders of the queues that the process puts into."""
        self.register = layout.cell(0)
        """A cell in which one operation stores a value from one action to the next."""
        self._exit_code = layout.cell(None)
        self._guards: tuple[_Guard, ...] = ()
        self._leaves: dict[tuple[tuple[_Guard, ...], int | None], Label] = {}
        self._variables: dict[str, int] = {}
        self._read: set[str] = set()
        """The variables that the current step reads."""
        self._last_read: dict[str, int] = {}
        self._hands: list[tuple[str, int]] = []

    def is_going_on(self, state: State) -> bool:
        """Return whether the process is started and has not ended."""
        return state[self.end] is None and state[self.position] != UNSTARTED

    def can_feed(self, state: State) -> bool:
        """Return whether the feeders of the process live."""
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
        if len(self.actions) >= MAX_ACTIONS:
            raise Unmodelled(f"more than {MAX_ACTIONS:,} actions of {self.name}")
        self.actions.append(Action(run, wait, late, glued, local))

    def place(self, label: Label) -> None:
        """Let `label` stand for the action that comes next."""
        label.at = len(self.actions)

    @property
    def failure(self) -> Label:
        """Where an exception leads that is raised here."""
        return self.leave(1)

    def leave(self, exit_code: int | None) -> Label:
        """Return where the process goes to leave all of its `with` steps; an exit code of None is the one it
        computed."""
        return self._leaves.setdefault((self._guards, exit_code), Label())

    def enter(self, guard: _Guard) -> None:
        """Begin the inside of a `with` of this guard."""
        self._guards += (guard,)

    def exit(self) -> _Guard:
        """End the innermost `with`; what follows, its release first, is outside of it."""
        *outer, guard = self._guards
        self._guards = tuple(outer)
        return guard

    def go(self, label: Label) -> None:
        """Add a jump."""
        self.do(lambda _: label, glued=True, local=True)

    def finish(self) -> None:
        """Add the end of the steps, and the exits from inside of `with` steps: the inner guards are released first."""
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
        """Add the end: a process that ends by itself waits until all that it put is in the pipes of the queues."""
        for feeder in self.feeders.values():
            feeder.flush(self)
        self.do(self._dying(exit_code), local=self.end_is_local)

    def _dying(self, exit_code: int | None) -> Run:
        return lambda cells: self.die(cells, cells[self._exit_code] if exit_code is None else exit_code)

    def die(self, cells: Cells, exit_code: int) -> None:
        """End the process: what it owns stays as it is, what it has not sent is lost."""
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
        """Return a new cell that counts how often the process owns this."""
        cell = self.layout.cell(0)
        self._hands.append((name, cell))
        return cell

    def last_things(self, cells: Cells) -> tuple[str, ...]:
        """Return the names of what the process owns."""
        feeding = tuple(feeder.lock for feeder in self.feeders.values() if cells[feeder.stage])
        return tuple(name for name, cell in self._hands if cells[cell]) + feeding

    def unsent(self, cells: Cells) -> tuple[tuple[str, int], ...]:
        """Return the queues with items that the process has put and not sent, and how many."""
        return tuple((name, len(cells[one.buffer])) for name, one in self.feeders.items() if cells[one.buffer])

    def set_exit_code(self, cells: Cells, exit_code: int) -> None:
        """Store the exit code for `leave(None)`."""
        cells[self._exit_code] = exit_code

    def keep(self, name: str | None) -> Callable[[Cells, object], None]:
        """Return a function that stores a value under the name that `as` gives, if a later action than the next one
        reads it."""
        if name is None:
            return lambda cells, value: None
        cell, at, last_read = self.variable(name), len(self.actions), self._last_read

        def keep(cells: Cells, value: object) -> None:
            if last_read.get(name, -1) > at:
                cells[cell] = repr(value)

        return keep

    def variable(self, name: str) -> int:
        """Return the cell of a variable, which holds the repr of its value."""
        if name not in self._variables:
            self._variables[name] = self.layout.cell(None)
        return self._variables[name]

    def reading(self, name: str) -> Callable[[Cells], object]:
        """Return a function that returns the value of a variable, until `forget`."""
        cell = self.variable(name)
        self._read.add(name)
        return lambda cells: literal_eval(cells[cell])

    def forget(self) -> None:
        """Clear each variable that is read for the last time in this step: states that differ only in it become
        equal."""
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
