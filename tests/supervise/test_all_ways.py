"""Every way that small runs can go: each fact at each moment, with up to two interventions.

The world is one that keeps the schedule's commands and may answer each of them in every order, or late. Time does not
pass in it: a timer may fire at any moment once it is set, before and after everything else.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from runner.model.json_types import Error
from runner.model.messages import Joined, JoinTimedOut, MainEnded, MainSlept
from runner.model.plan import Act, Join, Kill, Plan, ProcessPlan, Sleep, Start, Step, Terminate
from runner.model.records import fields_of
from runner.supervise.core import start_queue
from runner.supervise.core.commands import Command, DoAct, EndRun, Report, SendSignal, SetTimer, StartLives
from runner.supervise.core.facts import (
    ActDone,
    Begun,
    Exited,
    Fact,
    Fired,
    OutputsClosed,
    Postponed,
    Started,
    StartFailed,
    StopRun,
    Stuck,
    TurnCame,
)
from runner.supervise.core.life import End, Life, LifeId
from runner.supervise.core.main import Main
from runner.supervise.core.population import Population
from runner.supervise.core.process import Phase, Process
from runner.supervise.core.schedule import Schedule
from runner.supervise.core.start_queue import StartQueue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.model.json_types import Error
    from runner.supervise.core.timers import Timer

INTERVENTIONS: tuple[Fact, ...] = (StopRun("stop_requested"), Stuck("deadlock"))
MOST_INTERVENTIONS = 2
ERROR: Error = {"type": "OSError", "message": "", "traceback": None}


@dataclass(frozen=True)
class World:
    """What the world still owes the schedule, and what has happened so far."""

    row: tuple[LifeId, ...] = ()
    attempted: bool = False
    """Whether a start of the row has been attempted: only then may it end early."""
    alive: tuple[LifeId, ...] = ()
    signalled: frozenset[LifeId] = frozenset()
    open: tuple[LifeId, ...] = ()
    """The lives whose outputs the front has not closed."""
    timers: frozenset[Timer] = frozenset()
    acts: int = 0
    interventions: int = 0
    stopped: bool = False
    begun: frozenset[LifeId] = frozenset()
    ended: frozenset[LifeId] = frozenset()
    over: bool = False


@dataclass
class Ways:
    """The states that have been visited, and the interventions and outputs that are explored."""

    counts_outputs: bool
    visited: dict[Any, bool] = field(default_factory=dict)
    """By state: whether it is on the way that is being gone."""

    def go(self, schedule: Schedule, world: World) -> None:
        """Go every way from here; each has to end with the end of the run."""
        key = frozen(schedule), world
        if key in self.visited:
            assert not self.visited[key], "a run can go round in a circle for ever"
            return
        self.visited[key] = True
        if world.over:
            check_end(schedule, world)
        else:
            facts = list(self.coming(schedule, world))
            assert facts, f"a dead end: {world}"
            for fact in facts:
                self.go(*self.after(schedule, world, fact))
            if world.interventions < MOST_INTERVENTIONS:
                for fact in INTERVENTIONS:
                    seen = replace(world, interventions=world.interventions + 1, stopped=True)
                    self.go(*self.after(schedule, seen, fact))
        self.visited[key] = False

    def coming(self, schedule: Schedule, world: World) -> Iterator[Fact]:
        """The facts that may come next, without an intervention."""
        if schedule.is_ready and not world.row:
            yield TurnCame()
        if world.row:
            yield from (
                Started(world.row[0], 7, "<Process>"),
                StartFailed(world.row[0], ERROR),
                StartFailed(world.row[0], ERROR, again=True),
            )
            if world.attempted:
                yield Postponed()
        for life in world.alive:
            yield Exited(life, End(-15, "signal") if life in world.signalled else End(0, "return"))
        if self.counts_outputs:
            yield from (OutputsClosed((life.process,)) for life in world.open)
        yield from map(Fired, world.timers)
        if world.acts:
            yield from (ActDone(), ActDone(3))

    def after(self, before: Schedule, world: World, fact: Fact) -> tuple[Schedule, World]:
        """The run after a fact."""
        schedule = clone(before)
        world = seen(world, fact)
        for command in schedule.handle(fact, 0.0):
            world = told(world, command)
        return schedule, world


def seen(world: World, fact: Fact) -> World:
    """The world after a fact, apart from what the schedule commands."""
    match fact:
        case Started(life):
            assert life not in world.begun, "a life begins twice"
            assert not any(each.process == life.process for each in world.alive), "a process has two lives at once"
            return replace(
                world,
                row=world.row[1:],
                attempted=True,
                alive=(*world.alive, life),
                open=(*world.open, life),
                begun=world.begun | {life},
            )
        case StartFailed():
            return replace(world, row=world.row[1:], attempted=True)
        case Postponed():
            return replace(world, row=())
        case Exited(life):
            assert life not in world.ended, "a life ends twice"
            return replace(world, alive=without(world.alive, life), ended=world.ended | {life})
        case OutputsClosed((process,)):
            return replace(world, open=tuple(life for life in world.open if life.process != process))
        case Fired(timer):
            return replace(world, timers=world.timers - {timer})
        case ActDone():
            return replace(world, acts=world.acts - 1)
        case _:
            return world


def told(world: World, command: Command) -> World:
    """The world after a command."""
    match command:
        case StartLives(lives):
            assert not world.stopped, "something is started after a stop"
            assert lives
            assert not world.row
            return replace(world, row=lives, attempted=False)
        case SendSignal(life):
            assert life in world.alive, "a signal goes to what does not live"
            return replace(world, signalled=world.signalled | {life})
        case SetTimer(timer):
            return replace(world, timers=world.timers | {timer})
        case DoAct():
            return replace(world, acts=world.acts + 1)
        case Report(MainEnded() | MainSlept() | Joined() | JoinTimedOut()):
            assert not world.stopped, "a main that is stopped goes on"
            return world
        case EndRun():
            assert not world.alive, "a run ends that has living processes"
            assert not world.row
            return replace(world, over=True)
        case _:
            return world


def check_end(schedule: Schedule, world: World) -> None:
    """What holds when a run is over."""
    assert schedule.ended
    assert not schedule.is_ready
    assert world.begun == world.ended
    for number in range(len(schedule._plan.processes)):
        phase = schedule.phase(number)
        assert phase in (Phase.PLANNED, Phase.ENDED, Phase.UNSTARTED), "a request has come to no end"
        assert (phase is Phase.ENDED) == any(life.process == number for life in world.ended)


def without(lives: tuple[LifeId, ...], life: LifeId) -> tuple[LifeId, ...]:
    return tuple(each for each in lives if each != life)


def clone(thing: Any) -> Any:
    """A copy of a schedule and of what it consists of; records are shared, since nothing changes them."""
    made = object.__new__(type(thing))
    for name, value in vars(thing).items():
        match value:
            case deque() if name == "_last_facts":
                vars(made)[name] = deque(maxlen=1)
            case deque() | dict() | set() | list() | bytearray():
                vars(made)[name] = value.copy()
            case Population() | StartQueue():
                vars(made)[name] = clone(value)
            case _:
                vars(made)[name] = value
    return made


GIVEN = ("_plan", "_declared", "_last_facts", "plan", "steps", "declared")
"""What is the same in all states of a run, or no part of its state."""


def frozen(thing: Any) -> Any:
    """A part of a schedule's state as a value that can be compared."""
    match thing:
        case Schedule() | Population() | StartQueue():
            return tuple([frozen(value) for name, value in vars(thing).items() if name not in GIVEN])
        case Process() | Life() | Main():
            return tuple([frozen(value) for name, value in fields_of(thing).items() if name not in GIVEN])
        case dict():
            return tuple([(key, frozen(value)) for key, value in thing.items()])
        case set():
            return frozenset(thing)
        case deque() | list() | bytearray():
            return tuple(thing)
        case _:
            return thing


def plan(steps: tuple[Step, ...], *, daemon: bool = False, **first: Any) -> Plan:
    """A plan of as many processes as are started, the second of which may be a daemon."""
    count = sum(isinstance(step, Start) for step in steps)
    plans = [ProcessPlan(f"p{number}", "p", target="m:f", daemon=daemon and number == 1) for number in range(count)]
    plans[0] = ProcessPlan("p0", "p", target="m:f", **first)
    return Plan("f", "fork", tuple(plans), steps, (), grace_period=1.0)


ONE = (Start(0),)
TWO = (Start(0), Start(1))
AFTER_ONE: list[tuple[Step, ...]] = [
    (),
    (Join(0),),
    (Join(0, 1.0),),
    (Terminate(0),),
    (Kill(0), Join(0)),
    (Sleep(1.0), Terminate(0), Kill(0)),
    (Act({}),),
]
AFTER_TWO: list[tuple[Step, ...]] = [
    (),
    (Join(1),),
    (Terminate(1), Join(0)),
    (Kill(0), Join(1)),
    (Join(0, 1.0), Terminate(0)),
]
ROOMS = [(1, False), (1, True), (2, False)]
"""For how many processes there is room, and whether the front counts outputs, which it does where room is short."""
SMALL = [
    pytest.param(ONE + steps, False, room, counts, id=f"{steps}-{room}-{counts}")
    for steps in AFTER_ONE
    for room, counts in ROOMS
] + [
    pytest.param(TWO + steps, daemon, room, counts, id=f"{steps}-{daemon}-{room}-{counts}", marks=slow)
    for steps in AFTER_TWO
    for daemon in (False, True)
    for room, counts in ROOMS
    for slow in [[pytest.mark.slow] if room == 2 or steps == AFTER_TWO[-1] else []]
]
PAUSES = 1
"""Pauses that are explored: each of them only goes round once more."""


def explored(made: Plan, *, room: int, counts_outputs: bool) -> int:
    """Go all ways of a plan, and return the number of states."""
    ways = Ways(counts_outputs)
    schedule = Schedule(made, room, room if counts_outputs else None)
    schedule.handle(Begun(), 0.0)
    ways.go(schedule, World())
    return len(ways.visited)


@pytest.fixture(autouse=True)
def few_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start_queue, "PAUSES_S", start_queue.PAUSES_S[:PAUSES])


@pytest.mark.parametrize(("steps", "daemon", "room", "counts_outputs"), SMALL)
def test_whatever_comes_when_each_run_ends_with_all_that_it_requested(
    steps: tuple[Step, ...], *, daemon: bool, room: int, counts_outputs: bool
) -> None:
    assert explored(plan(steps, daemon=daemon), room=room, counts_outputs=counts_outputs) > 50


@pytest.mark.slow
@pytest.mark.parametrize("counts_outputs", [False, True])
def test_of_three_processes_that_take_turns_each_has_one_end(*, counts_outputs: bool) -> None:
    made = plan((Start(0), Start(1), Start(2), Join(2)), daemon=True)

    assert explored(made, room=1, counts_outputs=counts_outputs) > 1000


@pytest.mark.parametrize("own", [{"timeout": 1.0}, {"terminate_after": 1.0}, {"on_terminate": "unwind"}])
@pytest.mark.parametrize("steps", AFTER_ONE)
def test_a_process_with_a_timer_of_its_own_has_one_end_whatever_comes_when(
    steps: tuple[Step, ...], own: dict[str, Any]
) -> None:
    assert explored(plan(ONE + steps, **own), room=1, counts_outputs=False) > 50
