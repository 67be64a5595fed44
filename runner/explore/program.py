"""Compile a plan into programs of atomic actions, with their initial state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.explore.code import Code
from runner.explore.conditions import Condition
from runner.explore.events_barriers import Barrier, Event
from runner.explore.guards import Guard
from runner.explore.machine import Layout, Unmodelled
from runner.explore.main import MainCode, add_main
from runner.explore.plan_features import Uses
from runner.explore.queues import JoinableQueue, Queue
from runner.explore.shared_values import Number
from runner.explore.steps import Steps
from runner.model.shared_things import (
    SharedArray,
    SharedBarrier,
    SharedCondition,
    SharedEvent,
    SharedLock,
    SharedManaged,
    SharedQueue,
    SharedRLock,
    SharedSemaphore,
    SharedValue,
    kind_of,
)

if TYPE_CHECKING:
    from runner.explore.machine import State
    from runner.explore.steps import Thing
    from runner.model.plan import Plan
    from runner.model.shared_things import SharedPlan


class Program:
    """All programs of a plan, main's the last one. Raises `Unmodelled` for a plan that cannot be modelled."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.uses = Uses.of(plan)
        layout = Layout()
        self.things: dict[str, Thing] = {thing.name: self._make(layout, thing) for thing in plan.shared}
        codes = [self._code(layout, number) for number in range(len(plan.processes))]
        daemons = [code for code, process in zip(codes, plan.processes, strict=True) if process.daemon]
        self.main = MainCode(layout, len(codes), daemons)
        add_main(plan, self.main, codes, Steps(self.main, self.things, self.guards))
        self.main.finish()
        self.codes: list[Code] = [*codes, self.main]
        self.initial: State = tuple(layout.initial)

    def _code(self, layout: Layout, number: int) -> Code:
        process, uses = self.plan.processes[number], self.uses
        code = Code(
            layout,
            number,
            process.name,
            end_is_local=number not in uses.mortal | uses.awaited and not self._may_lose_permits,
            is_mortal=number in uses.mortal,
            crashes=number in uses.crashing,
        )
        steps = Steps(code, self.things, self.guards)
        for step in process.do or ():
            steps.add(step)
        code.finish()
        return code

    @property
    def _may_lose_permits(self) -> bool:
        """Whether a process may release a lock that another one acquired: what that one owns when it dies
        depends on the time."""
        released = [guard for name, guard in self.guards.items() if name in self.uses.released]
        return any(guard.most == 1 and not guard.recursive for guard in released)

    @property
    def guards(self) -> dict[str, Guard]:
        """Every guard that a step can name."""
        found = {name: getattr(thing, "guard", thing) for name, thing in self.things.items()}
        return {name: guard for name, guard in found.items() if isinstance(guard, Guard)}

    @property
    def queues(self) -> dict[str, Queue]:
        """Every queue."""
        return {name: thing for name, thing in self.things.items() if isinstance(thing, Queue)}

    def _make(self, layout: Layout, thing: SharedPlan) -> Thing:
        made = _make(layout, thing, self.uses)
        guard = getattr(made, "guard", made)
        if isinstance(guard, Guard):
            is_timed, is_released = thing.name in self.uses.timed, thing.name in self.uses.released
            is_bounded = guard.most is not None and not guard.recursive
            guard.release_is_local = not is_timed and not (is_bounded and is_released)
            guard.has_holders = guard.most == 1 or not (is_timed and is_released)
        return made


def _make(layout: Layout, thing: SharedPlan, uses: Uses) -> Thing:
    match thing:
        case SharedLock(name):
            return Guard(layout, name)
        case SharedRLock(name):
            return Guard(layout, name, recursive=True)
        case SharedSemaphore(name, permits, bounded):
            return Guard(layout, name, permits=permits, most=permits if bounded else None)
        case SharedCondition(name):
            return Condition(layout, name, thing=name)
        case SharedEvent(name, is_set):
            return Event(layout, name, is_set=is_set)
        case SharedBarrier(name, parties):
            return Barrier(layout, name, parties)
        case SharedQueue(name):
            kind = JoinableQueue if thing.joinable else Queue
            return kind(layout, thing, has_readers_lock=name in uses.readers_locks)
        case SharedValue():
            return Number(layout, thing)
        case SharedArray() | SharedManaged():  # pragma: no branch  # mypy sees that these are all
            raise Unmodelled(f"{thing.name}: {kind_of(thing)} is not modelled")
