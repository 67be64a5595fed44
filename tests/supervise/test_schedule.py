"""A whole run, played without a process: a simulated world answers the schedule's commands."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.model import messages
from runner.model.plan import Act, Declared, Join, Kill, Plan, ProcessPlan, Show, Sleep, Start, Step, Terminate
from runner.model.records import replace
from runner.model.verdict import Findings, verdict
from runner.supervise.core.commands import DoAct, EndRun, Report, SendSignal, SetTimer, ShowObject, StartLives
from runner.supervise.core.deadlocks import MainsState, Room
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
    TurnCame,
)
from runner.supervise.core.life import SIGKILL, SIGTERM, End, ImpossibleFact, LifeId
from runner.supervise.core.process import Phase
from runner.supervise.core.schedule import Schedule
from runner.supervise.core.timers import LifeTimer
from tests.effort import share_of

if TYPE_CHECKING:
    from typing import TypeVar

    from runner.model.json_types import Error
    from runner.model.messages import OfMain, OfProcess
    from runner.model.words import StopReason

    Message = TypeVar("Message", bound=OfProcess | OfMain)

EVENTS: dict[type, str] = {
    messages.Started: "process.started",
    messages.StartFailed: "process.start_failed",
    messages.Joined: "process.joined",
    messages.JoinTimedOut: "process.join_timed_out",
    messages.Shown: "process.shown",
    messages.Terminating: "process.terminating",
    messages.Killed: "process.killed",
    messages.Exited: "process.exited",
    messages.MainSlept: "main.slept",
    messages.MainEnded: "main.ended",
    messages.MainStopped: "main.stopped",
}


def started(life: LifeId) -> Started:
    return Started(life, 7, "<Process>")


def error(kind: str) -> Error:
    return {"type": kind, "message": "", "traceback": None}


@dataclass
class World:
    """Time, and processes that live for a given number of seconds unless a signal ends them."""

    plan: Plan
    lifetimes: list[float]
    stubborn: set[int] = field(default_factory=set)
    unstartable: set[int] = field(default_factory=set)
    no_room: dict[int, int] = field(default_factory=dict)
    """How often the system has no room for a process, before it has."""
    exit_codes: dict[int, int] = field(default_factory=dict)
    acts: list[ActDone] = field(default_factory=list)
    """How each of main's steps on shared things ends, after a second."""
    stops: list[tuple[float, StopReason]] = field(default_factory=list)
    room: int = 1_000_000
    outputs_room: int | None = None
    kept_open: dict[int, float] = field(default_factory=dict)
    """How long the outputs of a process stay open after its end, if the front counts them."""
    row: int = 1_000_000
    """How many starts the world allows in a row; each takes `start_s`."""
    start_s: float = 0.0
    now: float = 0.0
    told: list[OfProcess | OfMain] = field(default_factory=list)
    outcome: str | None = None

    def __post_init__(self) -> None:
        self.schedule = Schedule(self.plan, self.room, self.outputs_room)
        self._count = 0
        self._coming: list[tuple[float, int, Fact]] = []
        self._dead: set[int] = set()
        for at, reason in self.stops:
            self._later(at, StopRun(reason))

    def _later(self, at: float, fact: Fact) -> None:
        self._count += 1
        heapq.heappush(self._coming, (at, self._count, fact))

    def play(self) -> World:
        self._deliver(Begun())
        while not self.schedule.ended:
            if self.schedule.is_ready and not (self._coming and self._coming[0][0] <= self.now):
                self._deliver(TurnCame())
                continue
            at, _, fact = heapq.heappop(self._coming)
            self.now = max(self.now, at)
            if isinstance(fact, Exited):
                if fact.life.process in self._dead:
                    continue
                self._dead.add(fact.life.process)
                self._close_outputs(fact.life)
            self._deliver(fact)
        return self

    def _deliver(self, fact: Fact) -> None:
        for command in self.schedule.handle(fact, self.now):
            match command:
                case StartLives(lives):
                    for each in lives[: self.row]:
                        self._start(each)
                        self.now += self.start_s
                    if lives[self.row :]:
                        self._deliver(Postponed())
                case SendSignal(life, signal) if signal == SIGKILL or life.process not in self.stubborn:
                    self._later(self.now + 0.001, Exited(life, End(-signal, "signal")))
                case DoAct():
                    self._later(self.now + 1, self.acts.pop(0))
                case SetTimer(timer, seconds):
                    self._later(self.now + seconds, Fired(timer))
                case Report(message):
                    self.told.append(message)
                case ShowObject(process, label):
                    self.told.append(messages.Shown(self.now, process, None, label))
                case EndRun(stop):
                    self.outcome = verdict(self.plan.expect, self._findings(stop)).outcome

    def _findings(self, stop: StopReason | None) -> Findings:
        """What the front knows of the run from its events."""
        main = self.told_of(messages.MainEnded)
        return Findings(
            stop=stop,
            main_exit_code=main[0].exit_code if main else 0,
            has_unexpected_end=bool(self.told_of(messages.StartFailed))
            or any(not end.expected for end in self.ends().values()),
        )

    def _close_outputs(self, life: LifeId) -> None:
        if self.outputs_room is not None:
            self._later(self.now + self.kept_open.get(life.process, 0.0), OutputsClosed((life.process,)))

    def _start(self, life: LifeId) -> None:
        process = life.process
        if self.no_room.get(process, 0):
            self.no_room[process] -= 1
            self._deliver(StartFailed(life, error("BlockingIOError"), again=True))
            return
        if process in self.unstartable:
            self._deliver(StartFailed(life, error("OSError")))
            return
        self._deliver(started(life))
        self._later(self.now + self.lifetimes[process], Exited(life, End(self.exit_codes.get(process, 0), "return")))

    def story(self) -> list[str]:
        names = [process.name for process in self.plan.processes]
        return [
            " ".join(
                [f"{each.at:.3g}", EVENTS[type(each)], *([names[each.process]] if hasattr(each, "process") else [])]
            )
            for each in self.told
        ]

    def told_of(self, kind: type[Message]) -> list[Message]:
        return [each for each in self.told if isinstance(each, kind)]

    def ends(self) -> dict[int, messages.Exited]:
        return {end.process: end for end in self.told_of(messages.Exited)}


def plan(*steps: Step, daemons: tuple[bool, ...] = (False,), **fields: Any) -> Plan:
    processes = tuple(
        ProcessPlan(f"p{number}", f"p{number}", target="runner.workers:noop", daemon=daemon)
        for number, daemon in enumerate(daemons)
    )
    return Plan("x.yaml", "fork", processes, steps, (), **fields)


def test_a_daemon_is_terminated_when_main_has_ended_and_the_others_are_awaited() -> None:
    world = World(plan(Start(0), Sleep(1), Start(1), daemons=(True, False)), [2, 0.5]).play()

    assert world.story() == [
        "0 process.started p0",
        "1 main.slept",
        "1 process.started p1",
        "1 main.ended",
        "1 process.terminating p0",
        "1 process.exited p0",
        "1.5 process.exited p1",
    ]
    assert world.outcome == "succeeded"


def test_a_join_timeout_never_stops_the_process() -> None:
    world = World(plan(Start(0), Join(0, 1.0)), [3]).play()

    assert world.story() == [
        "0 process.started p0",
        "1 process.join_timed_out p0",
        "1 main.ended",
        "3 process.exited p0",
    ]


def test_an_end_is_seen_when_it_happens_even_if_it_is_joined_later() -> None:
    world = World(plan(Start(0), Start(1), Join(0), Join(1), daemons=(False, False)), [2, 1]).play()

    assert world.story()[2:] == [
        "1 process.exited p1",
        "2 process.exited p0",
        "2 process.joined p0",
        "2 process.joined p1",
        "2 main.ended",
    ]


def test_show_comes_between_the_steps_around_it() -> None:
    world = World(plan(Show(0, "BEFORE"), Start(0), Terminate(0), Show(0, "AFTER"), Join(0)), [5]).play()

    assert [line.split()[1] for line in world.story()] == [
        "process.shown",
        "process.started",
        "process.terminating",
        "process.shown",
        "process.exited",
        "process.joined",
        "main.ended",
    ]


def test_a_process_that_ignores_sigterm_is_killed_after_the_grace_period() -> None:
    world = World(plan(Start(0), Terminate(0), Join(0), grace_period=2.0), [60], stubborn={0}).play()

    assert world.ends()[0].outcome == "killed"
    assert world.ends()[0].stop_reason == "main"
    assert world.now == pytest.approx(2.001)
    assert world.outcome == "succeeded"


def test_a_kill_step_is_what_the_file_declares() -> None:
    world = World(plan(Start(0), Kill(0), Join(0)), [60]).play()

    assert world.ends()[0].expected is True


def test_a_stop_ends_main_and_whatever_lives() -> None:
    world = World(
        plan(Start(0), Sleep(5), Start(1), daemons=(False, False)), [60, 60], stops=[(1, "stop_requested")]
    ).play()

    assert "main.ended" not in " ".join(world.story())
    assert world.schedule.phase(1) is Phase.PLANNED
    assert world.outcome == "stopped"


def test_a_second_stop_kills_at_once() -> None:
    stops: list[tuple[float, StopReason]] = [(1.0, "stop_requested"), (1.5, "stop_requested")]
    world = World(plan(Start(0), Join(0)), [60], stubborn={0}, stops=stops).play()

    assert world.now == pytest.approx(1.501)
    assert world.ends()[0].outcome == "killed"


def test_a_time_limit_stops_the_run_and_says_so() -> None:
    world = World(plan(Start(0), Join(0), time_limit=3.0), [60]).play()

    assert world.outcome == "timed_out"
    assert world.ends()[0].stop_reason == "time_limit"
    assert world.ends()[0].expected is False


def test_a_stop_before_anything_was_started_ends_the_run() -> None:
    world = World(plan(Sleep(5), Start(0)), [1], stops=[(1, "stop_requested")]).play()

    assert world.outcome == "stopped"
    assert world.ends() == {}


def test_an_unexpected_end_fails_the_run() -> None:
    world = World(plan(Start(0), Join(0)), [1], exit_codes={0: 3}).play()

    assert world.outcome == "failed"


def test_a_process_that_was_never_started_does_not_matter() -> None:
    world = World(plan(Start(0), daemons=(False, False)), [1, 1]).play()

    assert world.outcome == "succeeded"
    assert set(world.ends()) == {0}


def test_a_process_that_could_not_be_started_fails_the_run_and_does_not_hurt_the_others() -> None:
    steps = (Start(0), Start(1), Join(0), Join(1))
    world = World(plan(*steps, daemons=(False, False)), [1, 1], unstartable={0}).play()

    assert world.outcome == "failed"
    assert world.ends()[1].outcome == "succeeded"


def test_a_stop_of_a_run_that_is_over_does_nothing() -> None:
    world = World(plan(Start(0)), [1]).play()

    assert world.schedule.handle(StopRun("stop_requested"), 9) == []


def test_what_is_no_fact_is_refused() -> None:
    with pytest.raises(ImpossibleFact, match="no such fact"):
        Schedule(plan(), 1).handle("boom", 0)  # type: ignore[arg-type]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    count = draw(st.integers(1, 4))
    daemons = tuple(draw(st.lists(st.booleans(), min_size=count, max_size=count)))
    steps: list[Step] = []
    started: list[int] = []
    for number in draw(st.permutations(range(count))):
        steps.append(Start(number))
        started.append(number)
        for _ in range(draw(st.integers(0, 2))):
            process = draw(st.sampled_from(started))
            timeout = draw(st.one_of(st.none(), st.sampled_from([0.0, 0.3, 1.0])))
            orders: list[Step] = [Terminate(process), Kill(process), Show(process, "X")]
            steps.append(draw(st.sampled_from([Sleep(0.5), Join(process, timeout), *orders])))
    limit = draw(st.one_of(st.none(), st.sampled_from([0.2, 2.0])))
    made = plan(*steps, daemons=daemons, grace_period=draw(st.sampled_from([0.0, 1.0])), time_limit=limit)
    after = draw(st.one_of(st.none(), st.sampled_from([0.1, 0.7])))
    return replace(made, processes=(replace(made.processes[0], terminate_after=after), *made.processes[1:]))


@settings(max_examples=share_of(300))
@given(plans(), st.data())
def test_every_started_process_has_one_end_and_the_run_has_one(made: Plan, data: st.DataObject) -> None:
    count = len(made.processes)
    lifetimes = data.draw(st.lists(st.sampled_from([0.0, 0.4, 1.1, 9.0]), min_size=count, max_size=count))
    each: list[tuple[float, StopReason]] = [(0.3, "stop_requested"), (0.8, "holder_died")]
    stops = data.draw(st.lists(st.sampled_from(each), max_size=3))
    some = st.sets(st.integers(0, count - 1))
    row = data.draw(st.integers(1, 3))
    world = World(made, lifetimes, data.draw(some), data.draw(some), stops=stops, row=row, start_s=0.1).play()

    begun = [each.process for each in world.told_of(messages.Started)]
    exited = [each.process for each in world.told_of(messages.Exited)]
    assert set(begun) == set(exited)
    assert len(begun) == len(exited) == len(set(exited))
    assert world.outcome in {"succeeded", "failed", "stopped", "timed_out"}
    times = [each.at for each in world.told]
    assert times == sorted(times)


def test_a_start_without_room_waits_for_the_end_of_another_process_and_main_goes_on() -> None:
    steps = (Start(0), Start(1), Start(2), Start(3), Show(2, "NOW"), Join(3))
    world = World(plan(*steps, daemons=(False,) * 4), [1, 2, 1, 1], room=2).play()

    assert [line for line in world.story() if "exited" not in line] == [
        "0 process.started p0",
        "0 process.started p1",
        "0 process.shown p2",
        "1 process.started p2",
        "2 process.started p3",
        "3 process.joined p3",
        "3 main.ended",
    ]
    assert world.outcome == "succeeded"


@pytest.mark.parametrize("step", [Terminate(1), Kill(1)])
def test_what_main_ends_before_there_is_room_for_it_is_never_started(step: Step) -> None:
    world = World(plan(Start(0), Start(1), Join(0, 0.5), step, Join(1), daemons=(False,) * 2), [2, 2], room=1).play()

    assert [line for line in world.story() if "p1" in line] == ["0.5 process.start_failed p1"]
    (failed,) = world.told_of(messages.StartFailed)
    assert failed.error["message"].startswith("main ended it before there was room for it: the limit of open files")


def test_main_goes_on_to_the_step_that_makes_room() -> None:
    steps = (Start(0), Start(1), Terminate(0), Join(1))
    world = World(plan(*steps, daemons=(False,) * 2), [60, 2], room=1).play()

    assert world.ends()[1].outcome == "succeeded"
    assert world.now == pytest.approx(2.001)


def test_daemons_that_wait_for_room_are_not_started_when_main_has_ended_but_others_are() -> None:
    steps = (Start(0), Start(1), Start(2))
    world = World(plan(*steps, daemons=(False, True, False)), [1, 1, 1], room=1).play()

    assert [line for line in world.story() if "exited" not in line] == [
        "0 process.started p0",
        "0 main.ended",
        "0 process.start_failed p1",
        "1 process.started p2",
    ]


def test_the_room_of_a_process_is_free_when_its_outputs_are_closed() -> None:
    world = World(
        plan(Start(0), Start(1), Join(1), daemons=(False,) * 2), [1, 1], room=1, outputs_room=1, kept_open={0: 0.3}
    ).play()

    assert "1.3 process.started p1" in world.story()


def test_outputs_that_are_never_closed_fail_the_starts_that_wait_for_their_room() -> None:
    world = World(
        plan(Start(0), Start(1), Start(2), Join(1), daemons=(False,) * 3),
        [1, 1, 1],
        room=1,
        outputs_room=1,
        kept_open={0: 1e9},
    ).play()

    assert [line for line in world.story() if "p0" not in line] == [
        "2.55 process.start_failed p1",
        "2.55 process.start_failed p2",
        "2.55 main.ended",
    ]


def test_outputs_that_the_front_has_room_for_hold_up_no_start() -> None:
    world = World(
        plan(*map(Start, range(3)), Join(2), daemons=(False,) * 3),
        [1, 1, 1],
        room=1,
        outputs_room=3,
        kept_open={0: 1e9, 1: 1e9},
    ).play()

    assert [line for line in world.story() if "started" in line] == [
        "0 process.started p0",
        "1 process.started p1",
        "2 process.started p2",
    ]


def test_closed_outputs_end_no_pause_that_is_for_the_system() -> None:
    schedule = Schedule(plan(*map(Start, range(2)), Join(1), daemons=(False,) * 2), 9, 9)
    facts = (TurnCame(), TurnCame(), started(LifeId(0)), StartFailed(LifeId(1), error("BlockingIOError"), again=True))
    for fact in (Begun(), *facts, TurnCame(), OutputsClosed((0,))):
        schedule.handle(fact, 0.0)

    assert not schedule.is_ready


def test_outputs_may_be_closed_before_the_process_ends() -> None:
    made = plan(Start(0), Start(1), Join(1), daemons=(False,) * 2)
    schedule = Schedule(made, 1, 1)
    for fact in (Begun(), TurnCame(), TurnCame(), started(LifeId(0)), OutputsClosed((0,))):
        schedule.handle(fact, 0.0)

    before = schedule.is_ready
    schedule.handle(TurnCame(), 0.0)  # main's join
    schedule.handle(Exited(LifeId(0), End(0, "return")), 1.0)

    assert before
    assert schedule.handle(TurnCame(), 1.0) == [StartLives((LifeId(1),))]


def test_a_life_that_begins_after_a_stop_is_stopped_at_once() -> None:
    made = plan(Start(0), Start(1), daemons=(False,) * 2)
    schedule = Schedule(made, 9)
    for fact in (Begun(), TurnCame(), TurnCame(), StopRun("stop_requested")):
        schedule.handle(fact, 0.0)

    commands = schedule.handle(started(LifeId(0)), 1.0)

    assert SendSignal(LifeId(0), SIGTERM) in commands
    assert schedule.handle(StartFailed(LifeId(1), error("BlockingIOError"), again=True), 1.0) == [
        Report(messages.StartFailed(1.0, 1, error("BlockingIOError")))
    ]
    assert schedule.handle(Exited(LifeId(0), End(-15, "signal")), 2.0)[-1] == EndRun("stop_requested")


def test_a_row_that_ends_early_after_a_stop_is_not_taken_up_again() -> None:
    made = plan(Start(0), Start(1), daemons=(False,) * 2)
    schedule = Schedule(made, 9)
    for fact in (Begun(), TurnCame(), TurnCame(), StopRun("stop_requested")):
        schedule.handle(fact, 0.0)

    assert schedule.handle(Postponed(), 1.0) == [EndRun("stop_requested")]
    assert {schedule.phase(0), schedule.phase(1)} == {Phase.UNSTARTED}


def test_the_end_of_a_life_that_does_not_live_is_impossible_and_told_with_the_last_facts() -> None:
    schedule = begun(plan(Start(0), Sleep(1)))

    with pytest.raises(ImpossibleFact, match=r"does not live(?s:.*)The last facts:\n  0.000000 Begun"):
        schedule.handle(Exited(LifeId(0, 2), End(0, "return")), 1.0)


def test_the_timer_of_another_life_is_void() -> None:
    schedule = begun(plan(Start(0), Sleep(1)))

    assert schedule.handle(Fired(LifeTimer(LifeId(0, 2), 1)), 1.0) == []


def test_of_the_processes_that_wait_for_room_the_watch_learns_with_those_that_take_it() -> None:
    schedule = begun(plan(Start(0), Start(1), Join(1), daemons=(False,) * 2), room=1)

    moment = schedule.moment()

    assert (schedule.first_without_room, schedule.room) == (1, 1)
    assert moment.requested == {1}
    assert moment.room == Room(1, is_free=False, holders=frozenset({0}))


def test_of_a_row_of_starts_that_is_cut_short_the_rest_come_in_the_next_turns() -> None:
    world = World(plan(*map(Start, range(5)), daemons=(False,) * 5), [9] * 5, row=2, start_s=1).play()

    assert world.story()[:6] == [*(f"{number} process.started p{number}" for number in range(5)), "5 main.ended"]


def test_a_row_that_ended_early_is_filled_up_with_the_starts_that_follow() -> None:
    schedule = Schedule(plan(*map(Start, range(100)), daemons=(False,) * 100), 1000)
    for fact in (Begun(), TurnCame(), TurnCame(), started(LifeId(0)), Postponed()):
        schedule.handle(fact, 0.0)

    requested = schedule.handle(TurnCame(), 0.0)
    (row,) = schedule.handle(TurnCame(), 0.0)

    assert requested == []
    assert row == StartLives(tuple(map(LifeId, range(1, 65))))


def test_at_most_one_start_lies_between_a_due_timer_and_its_effect() -> None:
    made = plan(*map(Start, range(5)), daemons=(False,) * 5)
    first, *others = made.processes
    made = replace(made, processes=(replace(first, timeout=1.5), *others))

    world = World(made, [60, 9, 9, 9, 9], row=1, start_s=1).play()

    assert world.story()[:3] == ["0 process.started p0", "1 process.started p1", "2 process.terminating p0"]


def test_a_stop_takes_effect_before_the_rest_of_a_row() -> None:
    made = plan(*map(Start, range(5)), daemons=(False,) * 5)

    world = World(made, [60] * 5, row=1, start_s=1, stops=[(0.5, "stop_requested")]).play()

    assert world.story()[:3] == ["0 process.started p0", "1 main.stopped", "1 process.terminating p0"]
    assert world.ends().keys() == {0}


def test_the_row_is_taken_up_where_there_was_no_room_though_later_ones_have_been_started() -> None:
    steps = tuple(map(Start, range(4)))
    world = World(plan(*steps, daemons=(False,) * 4), [9] * 4, no_room={0: 1}, row=2).play()

    assert [line for line in world.story() if "started" in line] == [
        "0 process.started p1",
        "0.05 process.started p0",
        "0.05 process.started p2",
        "0.05 process.started p3",
    ]


def test_what_there_is_room_for_again_when_its_turn_comes_is_started() -> None:
    world = World(plan(*map(Start, range(3)), daemons=(False,) * 3), [0.5, 9, 9], room=2, start_s=1).play()

    assert [line for line in world.story() if "start" in line] == [
        "0 process.started p0",
        "1 process.started p1",
        "2 process.started p2",
    ]


def test_a_run_is_stopping_from_the_order_on() -> None:
    schedule = Schedule(Plan("f", "fork", (ProcessPlan("p", "j", target="m:f"),), (Start(0), Join(0)), ()), 9)
    schedule.handle(Begun(), 0.0)
    schedule.handle(TurnCame(), 0.0)
    schedule.handle(TurnCame(), 0.0)
    schedule.handle(started(LifeId(0)), 0.0)
    before = schedule.is_stopping, schedule.was_stopped

    schedule.handle(StopRun("stop_requested"), 1.0)

    assert before == (False, False)
    assert (schedule.is_stopping, schedule.was_stopped) == (True, True)


def test_a_run_that_has_come_to_its_end_was_not_stopped_but_a_stop_would_come_too_late() -> None:
    schedule = Schedule(Plan("f", "fork", (ProcessPlan("p", "j", target="m:f"),), (Start(0), Join(0)), ()), 9)
    for fact in (Begun(), TurnCame(), TurnCame(), started(LifeId(0)), TurnCame()):
        schedule.handle(fact, 0.0)

    schedule.handle(Exited(LifeId(0), End(0, "return")), 1.0)
    schedule.handle(TurnCame(), 1.0)

    assert (schedule.is_stopping, schedule.was_stopped, schedule.ended) == (True, False, True)
    assert schedule.handle(StopRun("stop_requested"), 2.0) == []


def test_what_the_system_had_no_room_for_is_started_when_it_has() -> None:
    world = World(plan(Start(0), Start(1), Start(2), daemons=(False,) * 3), [2, 2, 2], no_room={1: 2}).play()

    assert world.story()[:4] == [
        "0 process.started p0",
        "0 process.started p2",
        "0 main.ended",
        "0.1 process.started p1",
    ]
    assert world.outcome == "succeeded"


def test_what_the_system_has_never_room_for_is_not_started_and_hurts_nobody() -> None:
    world = World(plan(Start(0), Start(1), daemons=(False,) * 2), [2, 2], no_room={0: 100}).play()

    assert world.story()[:3] == ["0 process.started p1", "0 main.ended", "1.6 process.start_failed p0"]
    assert world.outcome == "failed"


def test_a_run_that_is_stopped_does_not_try_again() -> None:
    world = World(plan(Start(0), Join(0)), [2], no_room={0: 100}, stops=[(0.02, "stop_requested")]).play()

    assert world.story() == ["0.02 main.stopped"]
    assert world.outcome == "stopped"


def test_main_waits_for_its_hand() -> None:
    world = World(plan(Act({"step": "get"}), Start(0), Join(0)), [1], acts=[ActDone()]).play()

    assert world.story() == [
        "1 process.started p0",
        "2 process.exited p0",
        "2 process.joined p0",
        "2 main.ended",
    ]


@pytest.mark.parametrize(
    ("done", "exit_code", "outcome"),
    [
        (ActDone(exit_code=0), 0, "succeeded"),
        (ActDone(exit_code=3), 3, "failed"),
        (ActDone(error=error("Empty")), 1, "failed"),
    ],
)
def test_main_may_leave_before_its_last_step_and_what_runs_is_awaited(
    done: ActDone, exit_code: int, outcome: str
) -> None:
    steps = (Start(0), Start(1), Act({"step": "exit"}), Kill(1), Sleep(60))
    world = World(plan(*steps, daemons=(True, False)), [60, 2], acts=[done]).play()

    assert world.story()[2:] == [
        "1 main.ended",
        "1 process.terminating p0",
        "1 process.exited p0",
        "2 process.exited p1",
    ]
    (ended,) = world.told_of(messages.MainEnded)
    assert (ended.exit_code, ended.error) == (exit_code, done.error)
    assert world.outcome == outcome


def test_of_a_run_that_is_being_stopped_the_hand_may_answer_in_vain() -> None:
    made = World(
        plan(Start(0), Act({"step": "get"}), Start(0)), [60], {0}, acts=[ActDone()], stops=[(0.5, "stop_requested")]
    ).play()

    assert [line.split()[1] for line in made.story()] == [
        "process.started",
        "main.stopped",
        "process.terminating",
        "process.killed",
        "process.exited",
    ]
    assert made.outcome == "stopped"


def test_a_run_that_is_being_stopped_is_stopped_for_the_first_reason() -> None:
    world = World(plan(Start(0), Join(0)), [60], stubborn={0}, stops=[(1, "time_limit"), (2, "holder_died")]).play()

    assert world.outcome == "timed_out"
    assert len(world.told_of(messages.Killed)) == 1


@pytest.mark.parametrize("reason", ["deadlock", "standstill", "holder_died"])
def test_a_run_that_cannot_go_on_has_failed(reason: StopReason) -> None:
    world = World(plan(Start(0), Join(0)), [60], stops=[(1, reason)]).play()

    assert world.outcome == "failed"
    assert (world.ends()[0].stop_reason, world.ends()[0].expected) == (reason, False)


@pytest.mark.parametrize(
    ("declared", "reason", "outcome", "expected"),
    [
        (Declared(deadlock=True), "deadlock", "succeeded", True),
        (Declared(deadlock=True, outcome="failed"), "deadlock", "succeeded", True),
        (Declared(deadlock=True), "standstill", "failed", False),
        (Declared(deadlock=False), "deadlock", "failed", False),
        (Declared(deadlock=False, outcome="failed"), "deadlock", "failed", False),
        (Declared(outcome="failed"), "deadlock", "failed", True),
        (Declared(outcome="failed"), "holder_died", "failed", True),
        (Declared(outcome="failed"), "time_limit", "timed_out", False),
        (Declared(outcome="timed_out"), "time_limit", "timed_out", True),
        (Declared(), "standstill", "failed", False),
        (Declared(deadlock=True), "stop_requested", "stopped", False),
        (Declared(outcome="stopped"), "stop_requested", "stopped", False),
    ],
)
def test_those_are_stopped_as_expected_that_the_file_says_are_and_a_deadlock_may_be_what_is_wanted(
    declared: Declared, reason: StopReason, outcome: str, expected: bool
) -> None:
    world = World(plan(Start(0), Join(0), expect=declared), [60], stops=[(1, reason)]).play()

    assert world.outcome == outcome
    assert world.ends()[0].expected is expected


def test_a_declared_deadlock_does_not_excuse_what_had_failed_before() -> None:
    steps = (Start(0), Start(1), Join(0), Join(1))
    world = World(
        plan(*steps, daemons=(False, False), expect=Declared(deadlock=True)),
        [0.5, 60],
        exit_codes={0: 1},
        stops=[(1, "deadlock")],
    ).play()

    assert world.outcome == "failed"


def begun(made: Plan, room: int = 9) -> Schedule:
    """A schedule whose main has gone as far as it can, with everything started that it starts."""
    schedule = Schedule(made, room)
    schedule.handle(Begun(), 0.0)
    while schedule.is_ready:
        for command in schedule.handle(TurnCame(), 0.0):
            for life in command.lives if isinstance(command, StartLives) else ():
                schedule.handle(started(life), 0.0)
    return schedule


NONE: frozenset[int] = frozenset()


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ((Start(0), Sleep(1)), MainsState(goes_on=True)),
        ((Start(0), Act({})), MainsState(goes_on=True)),
        ((Start(0), Join(0)), MainsState(goes_on=False, joined=0)),
        ((Start(0), Join(0, 1.0)), MainsState(goes_on=True)),
        ((Start(0),), MainsState(goes_on=False)),
        ((Start(0), Sleep(1), Start(1)), MainsState(True, None, frozenset({1}), NONE)),
        ((Start(0), Join(0), Start(1), Kill(1)), MainsState(False, 0, frozenset({1}), frozenset({1}))),
        ((Start(0), Sleep(1), Terminate(0)), MainsState(True, None, NONE, frozenset({0}))),
    ],
)
def test_main_goes_on_by_itself_unless_it_joins_without_end_or_has_ended(
    steps: tuple[Step, ...], state: MainsState
) -> None:
    assert begun(plan(*steps, daemons=(False, False))).moment().main == state


def test_main_ends_the_daemons() -> None:
    assert begun(plan(Start(0), Sleep(1), daemons=(True, False))).moment().main.ends == {0}


def test_the_steps_that_main_has_left_begin_with_the_one_that_it_is_doing() -> None:
    steps = (Start(0), Act({}), Sleep(1))

    assert begun(plan(*steps)).moment().mains_steps == ({},)
    assert begun(plan(Start(0), Sleep(1), Act({"step": "set"}))).moment().mains_steps == ({"step": "set"},)
    assert begun(plan(Start(0))).moment().mains_steps == ()


def test_those_will_end_whatever_they_do_that_have_a_timer_or_are_being_stopped() -> None:
    made = plan(*map(Start, range(4)), Terminate(3), Sleep(1), daemons=(False,) * 4)
    first, second, third, fourth = made.processes
    timed = (first, replace(second, terminate_after=5.0), replace(third, timeout=5.0), fourth)
    schedule = begun(replace(made, processes=timed))

    assert schedule.moment().alive == {0, 1, 2, 3}
    assert schedule.moment().ending == {1, 2, 3}
