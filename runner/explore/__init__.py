"""A model of multiprocessing's primitives that finds every way in which a plan can end. Pure.

Each process, each feeder of a queue and main do one small action at a time, in every order. There is no clock: a
timeout may be over whenever its step cannot proceed, a sleep takes any time, a signal may come at any moment after it
was sent. Nothing else of the package imports this yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.explore.cells import Unmodelled, Wait
from runner.explore.ends import End, Ended
from runner.explore.program import Program
from runner.explore.search import Search, TooManyStates
from runner.model.records import record

if TYPE_CHECKING:
    from runner.model.plan import Plan

__all__ = ["MOST_STATES", "End", "Ended", "Exploration", "TooManyStates", "Unmodelled", "Wait", "explore"]

MOST_STATES = 300_000
"""How many states are visited at most, unless said otherwise: a few seconds, some 200 MB."""


@record(frozen=True, slots=True)
class Exploration:
    """All ends of a program, and how many states were visited to find them."""

    ends: frozenset[End]
    states: int

    @property
    def can_go_on(self) -> bool:
        """Whether there is an end in which no process waits for ever."""
        return any(not end.waiting for end in self.ends)

    @property
    def may_wait_for_ever(self) -> bool:
        """Whether there is an end in which a process waits for ever."""
        return any(end.waiting for end in self.ends)

    @property
    def may_deadlock(self) -> bool:
        """Whether there is an end in which processes wait for each other."""
        return any(end.circles for end in self.ends)


def explore(plan: Plan, *, reduced: bool = True, most_states: int = MOST_STATES) -> Exploration:
    """Every way in which the plan can end.

    Raises `Unmodelled` where the plan has what the model does not represent, and `TooManyStates`. `reduced=False` is
    the plain search, which the reductions are tested against.
    """
    search = Search(Program(plan), reduced=reduced, most_states=most_states)
    ends = search.ends()
    return Exploration(ends, search.states)
