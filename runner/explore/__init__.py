"""A model of multiprocessing's primitives that finds every way in which a plan can end. Pure.

Each process, each feeder of a queue and main do one small action at a time, in every order. There is no clock: a
timeout may expire whenever its step cannot proceed, a sleep takes any time, a signal may come at any time after it was
sent. Nothing else in the package imports this yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.explore.ends import End, Ended
from runner.explore.machine import Unmodelled, Wait
from runner.explore.program import Program
from runner.explore.search import Search, TooManyStates
from runner.model.records import record

if TYPE_CHECKING:
    from runner.model.plan import Plan

__all__ = ["MAX_STATES", "End", "Ended", "Exploration", "TooManyStates", "Unmodelled", "Wait", "explore"]

MAX_STATES = 300_000
"""The most states that are visited by default: a few seconds, some 200 MB."""


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


def explore(plan: Plan, *, reduced: bool = True, most_states: int = MAX_STATES) -> Exploration:
    """Return every way in which the plan can end.

    Raise `Unmodelled` if the plan has what the model does not represent, and `TooManyStates`. `reduced=False` is the
    plain search, which the reductions are tested against.
    """
    search = Search(Program(plan), reduced=reduced, most_states=most_states)
    ends = search.ends()
    return Exploration(ends, search.states)
