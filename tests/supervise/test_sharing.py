"""What the supervisor makes of what processes say of shared things, with things and a schedule that a test makes up."""

from __future__ import annotations

import base64
import multiprocessing
import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from runner.model import messages
from runner.model.plan import Plan, ProcessPlan
from runner.model.shared_things import SharedLock, SharedQueue, SharedSemaphore, kind_of
from runner.supervise.core.deadlocks import MainsState
from runner.supervise.core.snapshot import Moment
from runner.supervise.sharing.child_reports import SharedReport, ThingReports
from runner.supervise.sharing.rows import Row
from runner.supervise.tracing.descriptor import Descriptor
from runner.supervise.tracing.handles import roles_of
from runner.supervise.tracing.table import BLOCKED, INDEPENDENT, MARK, TIMED, WANTS, Table, operation_bits, size_of
from tests.supervise.things import asleep, childless

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.model.messages import Told
    from runner.model.shared_things import SharedPlan
    from runner.supervise.sharing.things import SharedThings

THINGS: list[SharedPlan] = [SharedLock("left"), SharedLock("right"), SharedQueue("items"), SharedSemaphore("door", 2)]
ROWS = [Row(thing, role) for thing in THINGS for role in roles_of(kind_of(thing))]
LEFT, RIGHT, ITEMS, READING, _, DOOR = range(len(ROWS))
NOW = 7.0
JOINS_FIRST = MainsState(goes_on=False, joined=0)


class Things:
    """Shared things of two processes; with a table if there is memory for one."""

    def __init__(self, memory: int | None = None) -> None:
        self.rows = ROWS
        self.main = 2
        self.unsent: dict[int, list[tuple[str, int, bool]]] = {}
        context = multiprocessing.get_context("fork")
        self.objects: dict[str, Any] = {"left": context.Lock(), "right": context.Lock(), "door": context.Semaphore(2)}
        self.objects["items"] = SimpleNamespace(_rlock=context.Lock(), _wlock=context.Lock())
        size = size_of(len(self.rows), 3)
        self.table = None if memory is None else Table(Descriptor(memory), size, 3)

    def mark(self, row: int, process: int, mark: int) -> None:
        assert self.table is not None
        self.table.cell(row, process)[MARK] = mark

    def unsent_by(self, process: int) -> list[tuple[str, int, bool]]:
        return self.unsent.get(process, [])

    def values(self) -> dict[str, bytes]:
        return {"c.total": b"\x05\x00"}

    def last_values(self) -> dict[str, Any]:
        return {"items": [1]}


PLAN = Plan("f", "fork", tuple(ProcessPlan(f"p{number}", "p", target="m:f") for number in range(2)), (), ())


def schedule(**fields: Any) -> Any:
    """A schedule of two processes that live, while main joins the first."""
    states = {"is_stopping": False, "was_stopped": False}
    states |= {name: fields.pop(name) for name in states.keys() & fields.keys()}
    known: dict[str, Any] = {"alive": frozenset({0, 1}), "main": JOINS_FIRST} | fields
    return SimpleNamespace(**states, moment=lambda: Moment(**known))


def sharing(things: Things | None = None, **fields: Any) -> ThingReports:
    shared = cast("SharedThings", things or Things())
    return ThingReports(shared, schedule(**fields), PLAN, childless, asleep, lambda: NOW)


def stuck(seen: SharedReport) -> messages.Stuck:
    assert isinstance(seen.message, messages.Stuck)
    return seen.message


def heard(*said: list[Any], by: int = 1) -> list[SharedReport]:
    return list(sharing().hear((by, message) for message in said))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (["waiting", 0, "acquire", 5.5, None], messages.Waiting(5.5, 1, "left", "lock", "acquire", None)),
        (["waiting", 0, "acquire", 5.5, 2.5], messages.Waiting(5.5, 1, "left", "lock", "acquire", 2.5)),
        (["acquired", 0, "acquire", 5.5, 0.25, 3], messages.Acquired(5.5, 1, "left", "lock", "acquire", 0.25, 3)),
        (["timed_out", 0, "acquire", 5.5, 0.25], messages.TimedOut(5.5, 1, "left", "lock", "acquire", 0.25)),
        (["released", 0, 5.5, 0.25], messages.Released(5.5, 1, "left", "lock", 0.25)),
    ],
)
def test_the_use_of_a_thing_is_told_with_its_name_and_the_time_of_the_use(said: list[Any], message: Told) -> None:
    assert heard(said) == [SharedReport(message)]


def test_a_release_too_many_is_told() -> None:
    assert heard(["extra", DOOR, 5.5, 3]) == [SharedReport(messages.ReleasedExtra(5.5, 1, "door", 3))]


@pytest.mark.parametrize(
    "said", [["finally", 12], ["globals", "m", ["seen"]], ["drawn", 7], ["worked", 5.5, 6.5], ["remaining", []]]
)
def test_what_a_process_says_of_itself_is_passed_on(said: list[Any]) -> None:
    word, *rest = said

    assert heard(said) == [SharedReport(messages.TargetReported(NOW, 1, word, tuple(rest)))]


@pytest.mark.parametrize(
    "said",
    [
        ["waiting"],
        ["waiting", 9, "acquire", 5.5, None],
        ["waiting", -1, "acquire", 5.5, None],
        ["waiting", 0, "dance", 5.5, None],
        ["waiting", 0, "acquire", "now", None],
        ["waiting", 0, "acquire", 5.5],
        ["waiting", 0, "acquire", 5.5, None, 1],
        ["acquired", 0, "acquire", 5.5, "long", 0],
        ["released", 0, 5.5],
        ["extra", DOOR, 5.5, "many"],
        ["sung", 0, 5.5],
        ["added", "total"],
        [7],
        [None, 0],
    ],
)
def test_what_is_not_understood_is_dropped(said: list[Any]) -> None:
    assert heard(said, ["drawn", 7]) == [SharedReport(messages.TargetReported(NOW, 1, "drawn", (7,)))]


def test_who_is_no_process_is_not_heard_but_main_is() -> None:
    said = ["waiting", 0, "acquire", 5.5, None]

    assert heard(said, ["drawn", 7], by=3) == []
    assert heard(said, by=2) == [SharedReport(messages.Waiting(5.5, 2, "left", "lock", "acquire", None))]


def test_an_item_that_was_dropped_and_those_not_sent_yet_are_told_with_their_queue() -> None:
    dropped = heard(["dropped", 2, 5.5, "TypeError: no"])
    unsent = heard(["unsent", 2, 3])

    assert dropped == [SharedReport(messages.ItemDropped(5.5, 1, "items", "TypeError: no"))]
    assert unsent == [SharedReport(messages.TargetReported(NOW, 1, "unsent", ("items", 3)))]


@pytest.mark.parametrize("is_last", [False, True])
@pytest.mark.parametrize(
    ("was_stopped", "told"), [(False, [messages.ItemsUnsent(NOW, 0, "items", 2, writing=True)]), (True, [])]
)
def test_items_that_died_with_a_process_are_told_unless_all_are_ended(
    was_stopped: bool, told: list[Told], is_last: bool, things: Things
) -> None:
    things.unsent[0] = [("items", 2, True)]
    things.mark(LEFT, 0, 0)
    known = sharing(things, was_stopped=was_stopped, is_stopping=was_stopped or is_last)

    seen = list(known.see_end(0, ended_well=False))

    assert [one.message for one in seen] == told


def test_what_was_added_is_summed_with_who_added_and_what_all_of_them_held() -> None:
    made = sharing()

    said: list[tuple[int, list[Any]]] = [
        (0, ["added", "total", 5, ["a", "b"]]),
        (1, ["added", "total", 2.5, ["b", "c"]]),
        (1, ["added", "n", 1, [None]]),
    ]
    assert list(made.hear(said)) == []

    added = {"total": messages.Added(7.5, (0, 1), ("b",)), "n": messages.Added(1, (1,), ("None",))}
    assert made.in_the_end().added == added


# With a table.


@pytest.fixture
def things() -> Iterator[Things]:
    """Things with a table; process 0 has `left`, 1 has `right`, and each wants the other one."""
    memory = os.memfd_create("table")
    os.ftruncate(memory, size_of(len(ROWS), 3))
    made = Things(memory)
    for process, (has, wants) in enumerate([(LEFT, RIGHT), (RIGHT, LEFT)]):
        made.objects[THINGS[has].name].acquire()
        made.mark(has, process, 1)
        made.mark(wants, process, WANTS | BLOCKED | operation_bits("acquire"))
    yield made
    made.table = None
    os.close(memory)


def test_in_the_end_there_are_all_values_and_the_processes_that_died_with_a_permit(things: Things) -> None:
    made = sharing(things)
    list(made.see_end(1, ended_well=False))

    last = made.in_the_end()

    assert base64.b64decode(last.arrays["c.total"]) == b"\x05\x00"
    assert (last.things, last.holders, last.added) == ({"items": [1]}, ((1, "right"),), {})


def test_a_process_that_dies_with_a_permit_is_told_and_by_that_alone_no_run_ends(things: Things) -> None:
    (seen,) = sharing(things).see_end(1, ended_well=False)

    assert (seen.message, seen.stops) == (messages.HolderDied(NOW, 1, "right"), None)


@pytest.mark.parametrize(("ended_well", "is_told"), [(True, False), (False, True)])
def test_a_process_that_ends_well_may_leave_a_permit_of_a_semaphore_to_others(
    ended_well: bool, is_told: bool, things: Things
) -> None:
    things.objects["door"].acquire()
    for row, mark in [(RIGHT, 0), (LEFT, 0), (DOOR, 1)]:
        things.mark(row, 1, mark)

    assert bool(list(sharing(things).see_end(1, ended_well=ended_well))) is is_told


def test_a_process_that_dies_in_a_run_that_is_being_stopped_is_no_reason_to_stop(things: Things) -> None:
    assert list(sharing(things, was_stopped=True).see_end(1, ended_well=False)) == []


def test_what_is_not_certain_of_a_dead_process_is_settled_in_the_end(things: Things) -> None:
    things.mark(LEFT, 1, 0)
    things.mark(RIGHT, 2, WANTS)
    made = sharing(things)

    assert list(made.see_end(1, ended_well=False)) == []
    assert made.uncertain
    (seen,) = made.check_again(for_the_last_time=True)

    assert seen.message == messages.HolderDied(NOW, 1, "right")
    assert not made.uncertain


def test_without_a_table_there_is_nobody_to_look_at() -> None:
    made = sharing()
    list(made.hear([(0, ["waiting", 0, "acquire", 5.5, None])]))

    assert list(made.look()) == []
    assert list(made.look(anyway=True)) == []
    assert list(made.picture()) == []
    assert made.check_again_in_s is None


def test_who_waits_for_ever_is_found_when_somebody_says_that_it_waits(things: Things) -> None:
    made = sharing(things)

    assert list(made.look()) == []
    list(made.hear([(0, ["waiting", 1, "acquire", 5.5, None])]))
    (seen,) = made.look()

    assert stuck(seen).circles == ((0, 1),)
    assert stuck(seen).standstill
    assert seen.stops == "deadlock"
    assert list(made.look()) == []


def test_a_circle_beside_which_somebody_goes_on_ends_no_run(things: Things) -> None:
    made = sharing(things, main=MainsState(goes_on=True))

    (seen,) = made.look(anyway=True)

    assert not stuck(seen).standstill
    assert seen.stops is None


@pytest.mark.parametrize("what", ["unsent", "end", "main"])
def test_it_is_looked_again_when_somebody_has_ended_or_main_has_gone_on(what: str, things: Things) -> None:
    made = sharing(things)

    match what:
        case "unsent":
            list(made.hear([(0, ["unsent", 2, 5])]))
        case "end":
            list(made.see_end(1, ended_well=False))
        case _:
            made.note_main_step()

    assert len(list(made.look())) == 1


def test_a_process_that_may_have_died_with_a_permit_is_judged_before_those_that_wait_for_it(things: Things) -> None:
    things.mark(LEFT, 1, 0)
    things.mark(RIGHT, 2, WANTS)  # main is acquiring it, or has it
    made = sharing(things, alive=frozenset({0}))
    list(made.see_end(1, ended_well=False))

    assert made.uncertain
    assert list(made.look()) == []
    assert list(made.look(anyway=True)) == []
    things.mark(RIGHT, 2, 0)
    (seen,) = made.check_again()

    assert (seen.message, seen.stops) == (messages.HolderDied(NOW, 1, "right"), None)
    assert [seen.stops for seen in made.look()] == ["holder_died"]


@pytest.mark.parametrize("ended_well", [False, True])
def test_a_waiter_for_what_a_process_died_with_ends_the_run_while_others_run(ended_well: bool, things: Things) -> None:
    things.mark(RIGHT, 0, 0)  # only the other one waits
    made = sharing(things, alive=frozenset({1}), main=MainsState(goes_on=True))

    (died,) = made.see_end(0, ended_well=ended_well)
    (seen,) = made.look()

    assert died.message == messages.HolderDied(NOW, 0, "left")
    assert (stuck(seen).died, seen.stops) == (("left",), "holder_died")


def test_a_waiter_for_a_semaphore_that_no_process_can_release_ends_the_run_while_others_run(things: Things) -> None:
    for row, process in [(LEFT, 0), (RIGHT, 0), (RIGHT, 1), (LEFT, 1)]:
        things.mark(row, process, 0)
    for _ in range(2):
        things.objects["door"].acquire()
    things.mark(DOOR, 1, WANTS | BLOCKED | operation_bits("acquire"))
    made = sharing(things, main=MainsState(goes_on=True))

    (seen,) = made.look(anyway=True)

    assert (stuck(seen).died, stuck(seen).bereft) == ((), (1,))
    assert seen.stops == "waits_for_ever"
    alone = sharing(things, alive=frozenset({1}), main=MainsState(goes_on=False))
    assert [seen.stops for seen in alone.look(anyway=True)] == ["standstill"]


def test_the_lock_inside_a_thing_that_died_with_a_process_is_told_when_another_one_misses_it(things: Things) -> None:
    for row, process in [(LEFT, 0), (RIGHT, 0), (RIGHT, 1), (LEFT, 1)]:
        things.mark(row, process, 0)
    things.objects["items"]._rlock.acquire()
    things.mark(READING, 0, 1)
    made = sharing(things, alive=frozenset({1}), main=MainsState(goes_on=True))
    assert list(made.see_end(0, ended_well=False)) == []
    assert list(made.look()) == []

    things.mark(READING, 1, WANTS | BLOCKED | operation_bits("get"))
    died, seen = made.look(anyway=True)

    assert (died.message, died.stops) == (messages.HolderDied(NOW, 0, "the lock of items for reading"), None)
    assert (stuck(seen).bereft, seen.stops) == ((1,), "holder_died")
    assert list(made.look(anyway=True)) == [seen]


def test_while_a_process_is_awake_it_is_looked_again_soon(things: Things) -> None:
    shared, known = cast("SharedThings", things), schedule()
    made = ThingReports(shared, known, PLAN, childless, lambda number: False, lambda: NOW)

    assert list(made.look(anyway=True)) == []
    assert made.check_again_in_s is not None
    known.is_stopping = True
    assert made.check_again_in_s is None


def test_a_run_that_is_being_stopped_is_not_looked_at(things: Things) -> None:
    assert list(sharing(things, is_stopping=True).look(anyway=True)) == []


def test_main_that_has_what_it_joins_waits_for_is_in_the_circle(things: Things) -> None:
    made = sharing(things, alive=frozenset({1}), main=MainsState(goes_on=False, joined=1))
    things.mark(LEFT, 0, 0)
    things.mark(LEFT, 2, 1)  # main has it, and joins

    found = list(made.look(anyway=True))

    assert [(seen.stops, stuck(seen).circles) for seen in found] == [("deadlock", ((1, 2),))]


def test_the_picture_has_who_waits_for_what_and_who_has_it(things: Things) -> None:
    (seen,) = sharing(things).picture()

    waits = (messages.Wait(1, "left", "lock", "acquire"), messages.Wait(0, "right", "lock", "acquire"))
    assert seen.message == messages.WaitsAtTimeLimit(NOW, waits, {"left": (0,), "right": (1,)})


def test_who_waits_with_a_timeout_goes_on(things: Things) -> None:
    things.mark(RIGHT, 0, WANTS | BLOCKED | INDEPENDENT | TIMED | operation_bits("acquire"))

    assert list(sharing(things).look(anyway=True)) == []
