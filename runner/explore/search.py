"""Search all reachable states of a program, and collect those in which no process can continue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.explore.ends import end_of
from runner.explore.machine import BLOCKED
from runner.explore.symmetry import Symmetry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.explore.code import Code
    from runner.explore.ends import End
    from runner.explore.machine import Cells, Run, State
    from runner.explore.program import Program


class TooManyStates(Exception):
    """The program has more states than the limit; the number is the limit."""


class Search:
    """The search. If `reduced`, it leaves out orders of actions that lead to the same ends."""

    def __init__(self, program: Program, *, reduced: bool, most_states: int) -> None:
        self._program = program
        self._reduced = reduced
        self._most_states = most_states
        self._symmetry = Symmetry(program) if reduced else None
        self.states = 0
        """How many states were visited."""

    def ends(self) -> frozenset[End]:
        """Return all ends. Raise `TooManyStates`."""
        initial = self._program.initial
        seen = {initial}
        ways = [initial]
        last: set[State] = set()
        while ways:
            state = ways.pop()
            following = self._following(state)
            if not following:
                last.add(state)
            for one in following:
                next_ = one if self._symmetry is None else self._symmetry.representative(one)
                if next_ not in seen:
                    seen.add(next_)
                    ways.append(next_)
            self.states = len(seen)
            if self.states > self._most_states:
                raise TooManyStates(self._most_states)
        if self._symmetry is not None:
            last = {each for one in last for each in self._symmetry.alike(one)}
        return frozenset(end_of(self._program, state) for state in last)

    def _following(self, state: State) -> list[State]:
        """Return the states that one action leads to."""
        if self._reduced:
            for code in self._program.codes:
                after = self._after_a_local_action(code, state)
                if after is not None:
                    return [after]
        return [after for code in self._program.codes for after in self._after(code, state)]

    def _after_a_local_action(self, code: Code, state: State) -> State | None:
        """Return the state after an action that can come before all others, if the process is at one."""
        if code.is_mortal or not code.is_going_on(state) or not code.actions[state[code.position]].local:
            return None
        cells = list(state)
        if not _act(code, cells, code.actions[state[code.position]].run):
            return None
        self._act_on(code, cells, glued=False)
        return tuple(cells)

    def _after(self, code: Code, state: State) -> Iterator[State]:
        """Return the states that an action of this process, of its feeders, or its death leads to."""
        cells = list(state)
        if code.is_going_on(state):
            action = code.actions[state[code.position]]
            run = action.run
            if _act(code, cells, run) or (action.late is not None and _act(code, cells, action.late)):
                self._act_on(code, cells, glued=True)
                yield tuple(cells)
            for number in state[code.doom]:
                cells = list(state)
                code.die(cells, -number)
                yield tuple(cells)
        if code.can_feed(state):
            for feeder in code.feeders.values():
                cells = list(state)
                if feeder.step(cells):
                    while self._reduced and not code.loses_its_buffer and cells[feeder.stage]:
                        feeder.step(cells)
                    yield tuple(cells)

    def _act_on(self, code: Code, cells: Cells, *, glued: bool) -> None:
        """Do what follows at once: glued actions, then local ones."""
        while self._reduced and not code.is_mortal and cells[code.end] is None:
            action = code.actions[cells[code.position]]
            glued = glued and action.glued
            if not (glued or action.local) or not _act(code, cells, action.run):
                return


def _act(code: Code, cells: Cells, run: Run) -> bool:
    """Do an action, and go on to the next one; return False if it cannot proceed."""
    went = run(cells)
    if went is BLOCKED:
        return False
    if cells[code.end] is None:
        cells[code.position] = cells[code.position] + 1 if went is None else went.at
    return True
