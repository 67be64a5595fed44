"""Who waits for whom, found in real things and in what processes have noted of them: noted here by the tests."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

import pytest

from runner.model.plan import ProcessPlan
from runner.model.records import replace
from runner.model.shared_things import (
    SharedBarrier,
    SharedCondition,
    SharedEvent,
    SharedLock,
    SharedQueue,
    SharedRLock,
    SharedSemaphore,
    SharedValue,
    kind_of,
)
from runner.supervise.core.deadlocks import MainsState, Room, Scene
from runner.supervise.core.snapshot import Moment, Picture
from runner.supervise.sharing.deadlock_watch import LATER_S, SOON_S, DeadlockWatch
from runner.supervise.tracing.table import (
    BLOCKED,
    EXTRA,
    IN_VAIN,
    INDEPENDENT,
    LOOKS_FIRST,
    MARK,
    PUT,
    SENT,
    TIMED,
    WAITS,
    WANTS,
    operation_bits,
)
from runner.system.thread_states import SEEN_TWICE_COUNT
from tests.supervise.things import asleep, childless, guards_of, made_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from runner.model.json_types import StepData
    from runner.model.multiprocessing_protocols import Made
    from runner.model.shared_things import SharedPlan
    from runner.supervise.sharing.things import SharedThings

BOTH = frozenset({0, 1})
MAIN = 2
GOES_ON_ITSELF, ENDED = MainsState(goes_on=True), MainsState(goes_on=False)


def joins(process: int) -> MainsState:
    return MainsState(goes_on=False, joined=process)


def note(things: SharedThings, row: int, process: int, place: int, number: int) -> None:
    """Put a number into a cell, as the process itself would."""
    assert things.table is not None
    things.table.cell(row, process)[place] = number


def waits(things: SharedThings, process: int, row: int, operation: str = "acquire", more: int = 0) -> None:
    note(things, row, process, MARK, WANTS | BLOCKED | more | operation_bits(operation))


def lock_of(things: SharedThings, row: int) -> Any:
    """What is acquired when the guard of this row is."""
    return guards_of(things)._lock(things.rows[row].thing)


def has(things: SharedThings, process: int, row: int) -> None:
    """Have it acquired, and noted."""
    assert lock_of(things, row).acquire(False)
    note(things, row, process, MARK, 1)


def watch_of(
    things: SharedThings, sleeps: Callable[[int], bool | None] = asleep, plans: Sequence[ProcessPlan] | None = None
) -> DeadlockWatch:
    """A watch of processes without children."""
    return DeadlockWatch(things, guards_of(things), plans or things._plan.processes, childless, sleeps)


def look(things: SharedThings, main: MainsState = ENDED, alive: frozenset[int] = BOTH) -> Picture | None:
    return watch_of(things).look(Moment(alive, main))


@pytest.fixture
def locks() -> Iterator[SharedThings]:
    """Two locks: each process has one and wants the other one."""
    with made_of(SharedLock("left"), SharedLock("right")) as things:
        for process in (0, 1):
            has(things, process, process)
            waits(things, process, 1 - process)
        yield things


def test_a_circle_is_told_once_with_all_that_it_is_made_of(locks: SharedThings) -> None:
    watch = watch_of(locks)

    picture = watch.look(Moment(BOTH, GOES_ON_ITSELF))

    assert picture is not None
    assert picture == Picture(
        waits={1: ("left", "lock", "acquire"), 0: ("right", "lock", "acquire")},
        holders={"left": (0,), "right": (1,)},
        givers={"left": (0,), "right": (1,)},
        joined=None,
        in_vain=(),
        ended=False,
        circles=((0, 1),),
    )
    assert watch.has_found_circles
    assert watch.look(Moment(BOTH, GOES_ON_ITSELF)) is None


def test_when_main_comes_to_wait_too_all_stand_still_and_the_circle_is_not_told_again(locks: SharedThings) -> None:
    watch = watch_of(locks)
    watch.look(Moment(BOTH, GOES_ON_ITSELF))

    picture = watch.look(Moment(BOTH, joins(0)))

    assert picture is not None
    assert (picture.circles, picture.standstill, picture.joined) == ((), True, 0)


def test_who_will_be_ended_by_a_timer_keeps_all_from_standing_still(locks: SharedThings) -> None:
    picture = watch_of(locks).look(Moment(BOTH, ENDED, frozenset({1})))

    assert picture is not None
    assert (picture.circles, picture.standstill) == (((0, 1),), False)


def test_a_dead_process_is_in_no_circle(locks: SharedThings) -> None:
    picture = look(locks, GOES_ON_ITSELF, alive=frozenset({0}))

    assert picture is not None
    assert (picture.circles, picture.bereft) == ((), (0,))


@contextlib.contextmanager
def one_waits(thing: SharedPlan) -> Iterator[tuple[SharedThings, DeadlockWatch]]:
    """A permit was acquired by a process that is gone; process 1 waits for one, and knows that thing alone."""
    with made_of(thing) as things:
        assert guards_of(things)._lock(thing).acquire(False)
        waits(things, 1, 0)
        plans = [replace(things._plan.processes[0], args=()), things._plan.processes[1]]
        yield things, watch_of(things, plans=plans)


@pytest.mark.parametrize(
    "thing", [SharedLock("left"), SharedRLock("left"), SharedSemaphore("left", 1), SharedCondition("left")]
)
def test_a_waiter_for_what_no_process_can_release_is_bereft_whichever_others_run(thing: SharedPlan) -> None:
    with one_waits(thing) as (_, watch):
        picture = watch.look(Moment(BOTH, GOES_ON_ITSELF))

        assert picture is not None
        assert (picture.bereft, picture.circles, picture.standstill) == ((1,), (), False)
        assert picture.waits[1][0] == "left"


def test_another_thread_of_a_bereft_process_does_not_help_it_and_that_is_sure_after_some_looks() -> None:
    with one_waits(SharedLock("left")) as (things, watch):
        waits(things, 1, 0, more=INDEPENDENT)

        found = [watch.look(Moment(BOTH, GOES_ON_ITSELF)) for _ in range(SEEN_TWICE_COUNT)]

        assert found[:-1] == [None] * (SEEN_TWICE_COUNT - 1)
        assert found[-1] is not None
        assert found[-1].bereft == (1,)


def test_a_waiter_with_a_timeout_is_not_bereft() -> None:
    with one_waits(SharedLock("left")) as (things, watch):
        waits(things, 1, 0, more=INDEPENDENT | TIMED)

        assert watch.look(Moment(BOTH, GOES_ON_ITSELF)) is None


@pytest.mark.parametrize(
    "moment",
    [
        Moment(BOTH, GOES_ON_ITSELF, frozenset({1})),
        Moment(BOTH, MainsState(goes_on=True, ends=frozenset({1}))),
        Moment(BOTH, GOES_ON_ITSELF, mains_steps=({"step": "release", "thing": {"ref": "left"}},)),
    ],
    ids=["a timer ends it", "main ends it", "main releases it"],
)
def test_a_waiter_that_is_ended_or_helped_ends_no_run(moment: Moment) -> None:
    with one_waits(SharedSemaphore("left", 1)) as (_, watch):
        assert watch.look(moment) is None


def test_of_a_semaphore_others_may_give_what_they_have() -> None:
    with made_of(SharedSemaphore("left", 2)) as things:
        things.objects["left"].acquire(False)
        waits(things, 1, 0)
        assert look(things, GOES_ON_ITSELF) is None  # one is free
        has(things, 0, 0)
        assert look(things, GOES_ON_ITSELF) is None


def test_a_waiter_that_gets_it_between_two_looks_is_not_bereft() -> None:
    with one_waits(SharedLock("left")) as (things, _):
        assert Moving(things, lambda: note(things, 0, 1, MARK, 0)).look(Moment(BOTH, GOES_ON_ITSELF)) is None


def test_steps_that_are_left_say_whether_a_process_can_release_it() -> None:
    with one_waits(SharedSemaphore("left", 1)) as (things, _):
        release: StepData = {"step": "release", "thing": {"ref": "left"}}
        ticks: StepData = {"step": "print", "value": "tick"}
        plans = [ProcessPlan("p0", "p", do=(release, ticks)), ProcessPlan("p1", "p", do=(ticks,))]
        watch = watch_of(things, plans=plans)
        assert watch.look(Moment(BOTH, GOES_ON_ITSELF)) is None
        starts = MainsState(goes_on=True, pending=frozenset({0}))
        assert watch.look(Moment(frozenset({1}), starts)) is None
        assert things.table is not None
        things.table.position(0)[0] = 2

        picture = watch.look(Moment(BOTH, GOES_ON_ITSELF))

        assert picture is not None
        assert picture.bereft == (1,)


# Who sleeps.


def test_a_waiter_that_is_awake_may_have_got_it_and_is_looked_at_again_soon(locks: SharedThings) -> None:
    awake = {0}
    watch = watch_of(locks, lambda number: number not in awake)

    pauses = []
    for _ in range(6):
        assert watch.look(Moment(BOTH, ENDED)) is None
        pauses.append(watch.again_in_s)
    awake.clear()
    picture = watch.look(Moment(BOTH, ENDED))

    assert pauses[:2] == [SOON_S, 2 * SOON_S]
    assert pauses[-1] == LATER_S
    assert picture is not None
    assert (picture.circles, watch.again_in_s) == (((0, 1),), None)


def test_where_the_system_does_not_say_who_sleeps_a_wait_that_is_seen_often_counts(locks: SharedThings) -> None:
    watch = watch_of(locks, lambda number: None)

    found = [watch.look(Moment(BOTH, ENDED)) for _ in range(SEEN_TWICE_COUNT)]

    assert found[:-1] == [None] * (SEEN_TWICE_COUNT - 1)
    assert found[-1] is not None
    assert found[-1].circles == ((0, 1),)


def test_a_process_with_children_is_not_called_stuck_and_is_looked_at_later(locks: SharedThings) -> None:
    watch = DeadlockWatch(locks, guards_of(locks), locks._plan.processes, lambda number: number == 0, asleep)

    assert watch.look(Moment(BOTH, ENDED)) is None
    assert watch.again_in_s == LATER_S


def test_a_standstill_lists_the_processes_that_have_no_room(locks: SharedThings) -> None:
    room = Room(1, is_free=False, holders=frozenset({1}))

    picture = watch_of(locks).look(Moment(frozenset({1}), ENDED, requested=frozenset({0}), room=room))

    assert picture is not None
    assert (picture.standstill, picture.without_room, picture.room) == (True, (0,), 1)


def test_where_nobody_waits_nothing_is_found() -> None:
    with made_of(SharedLock("left")) as things:
        assert look(things, GOES_ON_ITSELF) is None
        assert look(things) is None
        assert not watch_of(things).has_found_circles


class Moving(DeadlockWatch):
    """Something happens after each time that it has looked at the scene."""

    def __init__(self, things: SharedThings, move: Callable[[], None]) -> None:
        super().__init__(things, guards_of(things), things._plan.processes, childless, asleep)
        self._move = move

    def _scene(self, moment: Moment) -> Scene:
        scene = super()._scene(moment)
        self._move()
        return scene


def test_who_has_gone_on_between_two_looks_is_not_stuck(locks: SharedThings) -> None:
    count = iter(range(1, 9))

    def wait_anew() -> None:
        note(locks, 1, 0, WAITS, next(count))

    assert Moving(locks, wait_anew).look(Moment(BOTH, ENDED)) is None
    assert Moving(locks, lambda: None).look(Moment(BOTH, ENDED)) is not None


def test_a_process_that_comes_to_wait_between_two_looks_is_looked_at_before_the_run_is_ended() -> None:
    with made_of(SharedLock("left"), SharedLock("right")) as things:
        has(things, 0, 0)
        has(things, 1, 1)
        waits(things, 0, 0, more=1)  # for itself; the other one follows
        watch = Moving(things, lambda: waits(things, 1, 1, more=1))

        assert watch.look(Moment(BOTH, ENDED)) is None
        assert watch.again_in_s == SOON_S
        picture = watch.look(Moment(BOTH, ENDED))

        assert picture is not None
        assert (picture.circles, picture.standstill) == (((0,), (1,)), True)
        again_in_s: float | None = watch.again_in_s
        assert again_in_s is None


def test_what_comes_free_between_two_looks_lets_somebody_go_on(locks: SharedThings) -> None:
    def let_go() -> None:
        if locks.objects["left"].acquire(False) is False:
            locks.objects["left"].release()

    assert Moving(locks, let_go).look(Moment(BOTH, ENDED)) is None


def test_who_goes_on_by_itself_is_not_stuck_whatever_else_it_waits_for(locks: SharedThings) -> None:
    waits(locks, 0, 1, more=INDEPENDENT)
    assert look(locks) is None
    assert look(locks, joins(0)) is None


def test_another_thread_of_it_that_waits_with_a_timeout_goes_on() -> None:
    with made_of(SharedLock("left"), SharedEvent("start")) as things:
        has(things, 1, 0)
        waits(things, 0, 0)
        waits(things, 1, 1, "wait")
        assert look(things) is not None
        waits(things, 0, 1, "wait", INDEPENDENT)

        assert look(things) is None


# What is open: free, or on its way.


@pytest.mark.parametrize(
    "thing",
    [SharedLock("x"), SharedRLock("x"), SharedSemaphore("x", 1), SharedCondition("x"), SharedValue("x", "int64", 0)],
)
def test_a_guard_is_open_while_a_permit_is_free(thing: SharedPlan) -> None:
    with made_of(thing) as things:
        waits(things, 0, 0)
        assert look(things) is None
        has(things, 1, 0)
        waits(things, 1, 0, more=1)

        picture = look(things)

        assert picture is not None
        assert picture.circles == ((1,),)
        lock_of(things, 0).release()


def test_a_process_that_is_acquiring_may_have_it_already() -> None:
    with made_of(SharedLock("x")) as things:
        waits(things, 0, 0)
        things.objects["x"].acquire(False)
        note(things, 0, 1, MARK, WANTS)
        assert look(things, GOES_ON_ITSELF) is None

        note(things, 0, 1, MARK, 0)

        assert look(things, GOES_ON_ITSELF) is not None
        things.objects["x"].release()


def test_a_lock_that_another_process_has_released_once_has_no_holder() -> None:
    with made_of(SharedLock("x")) as things:
        has(things, 1, 0)
        waits(things, 0, 0)
        waits(things, 1, 0, more=1)
        first = look(things, GOES_ON_ITSELF)
        note(things, 0, 0, EXTRA, 1)

        second = look(things, ENDED)

        assert first is not None
        assert second is not None
        assert (first.circles, second.circles, second.standstill) == (((1,),), (), True)


def test_a_circle_of_semaphores_is_told_only_when_no_process_is_left_to_give_a_permit() -> None:
    with made_of(SharedSemaphore("left", 1), SharedSemaphore("right", 1), processes=3) as things:
        for process in (0, 1):
            has(things, process, process)
            waits(things, process, 1 - process)
        assert look(things, ENDED, frozenset({0, 1, 2})) is None

        picture = look(things, GOES_ON_ITSELF)

        assert picture is not None
        assert (picture.circles, picture.standstill) == (((0, 1),), False)


def test_a_semaphore_without_a_permit_comes_from_each_process_that_knows_it() -> None:
    with made_of(SharedSemaphore("x", 0)) as things:
        waits(things, 0, 0)

        assert look(things, GOES_ON_ITSELF) is None
        picture = look(things, ENDED, frozenset({0}))

        assert picture is not None
        assert (picture.circles, picture.standstill, picture.bereft) == ((), True, (0,))


def all_wait(things: SharedThings, operation: str, row: int = 0) -> Picture | None:
    """What is found when both processes wait so, and main has ended."""
    for process in (0, 1):
        waits(things, process, row, operation)
    return look(things)


@pytest.mark.parametrize("thing", [SharedQueue("x"), SharedQueue("x", 3), SharedQueue("x", joinable=True)])
def test_an_item_in_the_pipe_may_come_though_the_process_that_put_it_is_dead(thing: SharedPlan) -> None:
    with made_of(thing) as things:
        made = things.objects["x"]
        made._writer.send_bytes(b"item")
        assert all_wait(things, "get") is None

        made._reader.recv_bytes()

        assert look(things) is not None


@pytest.mark.parametrize("thing", [SharedQueue("x"), SharedQueue("x", joinable=True)])
def test_an_item_that_main_has_put_may_come_when_main_has_ended(thing: SharedPlan) -> None:
    with made_of(SharedLock("door"), thing) as things:
        note(things, 1, MAIN, PUT, 1)
        assert all_wait(things, "get", 1) is None
        note(things, 3, MAIN, MARK, WANTS | BLOCKED | operation_bits("flush"))
        assert look(things) is not None  # the lock for writing is dead

        note(things, 3, MAIN, MARK, 0)
        assert look(things) is None
        note(things, 1, MAIN, SENT, 1)

        assert look(things) is not None


def test_room_in_a_queue_is_open() -> None:
    with made_of(SharedQueue("x", 2)) as things:
        room = things.objects["x"]._sem
        assert all_wait(things, "put") is None
        room.acquire()
        assert look(things) is None
        room.acquire()

        picture = look(things)

        assert picture is not None
        assert picture.waits == {0: ("x", "queue", "put"), 1: ("x", "queue", "put")}


WITH_CONDITIONS = [
    (SharedEvent("x"), 0, "wait"),
    (SharedBarrier("x", 3), 0, "wait"),
    (SharedCondition("x"), 1, "wait"),
    (SharedQueue("x", joinable=True), 3, "join"),
]


@pytest.mark.parametrize(("thing", "row", "operation"), WITH_CONDITIONS)
def test_a_wake_up_that_is_on_its_way_may_come(thing: SharedPlan, row: int, operation: str) -> None:
    with made_of(thing) as things:
        condition: Made = things.objects["x"]
        inner: Made = getattr(condition, "_cond", condition)
        semaphore = inner._wait_semaphore
        assert all_wait(things, operation, row) is not None
        semaphore.release()
        assert look(things) is None
        semaphore.acquire()

        assert look(things) is not None


@pytest.mark.parametrize(("thing", "row", "operation"), WITH_CONDITIONS)
def test_a_notifier_goes_on_when_a_process_has_woken(thing: SharedPlan, row: int, operation: str) -> None:
    with made_of(thing) as things:
        made: Made = things.objects["x"]
        condition: Made = getattr(made, "_cond", made)
        waits(things, 1, row, "notify")
        condition._woken_count.release()
        assert look(things, alive=frozenset({1})) is None
        condition._woken_count.acquire()

        assert look(things, alive=frozenset({1})) is not None


@pytest.mark.parametrize(
    ("thing", "row", "operation", "inside"),
    [
        (SharedQueue("x"), 1, "get", "_rlock"),
        (SharedQueue("x", joinable=True), 4, "enter", "_cond"),
        (SharedEvent("x"), 1, "enter", "_cond"),
        (SharedBarrier("x", 2), 1, "enter", "_cond"),
    ],
)
def test_a_waiter_for_a_lock_inside_a_thing_is_bereft_when_its_holder_is_dead(
    thing: SharedPlan, row: int, operation: str, inside: str
) -> None:
    with made_of(thing) as things:
        waits(things, 1, row, operation)
        assert look(things, GOES_ON_ITSELF) is None  # the lock is free
        lock = getattr(things.objects["x"], inside)
        lock.acquire()
        note(things, row, 0, MARK, 1)
        assert look(things, GOES_ON_ITSELF) is None  # its holder lives

        picture = look(things, GOES_ON_ITSELF, alive=frozenset({1}))

        assert picture is not None
        assert picture.bereft == (1,)
        assert picture.waits == {1: ("x", kind_of(thing), operation)}
        assert picture.holders == {}
        lock.release()


def guards_kind(thing: SharedPlan) -> str:
    return kind_of(thing)


def test_a_process_that_cannot_write_its_items_waits_for_the_lock_for_that() -> None:
    with made_of(SharedQueue("x")) as things:
        waits(things, 1, 0, "flush")
        waits(things, 1, 2, "flush")
        things.objects["x"]._wlock.acquire()
        watch = watch_of(things)

        picture = watch.look(Moment(BOTH, GOES_ON_ITSELF))

        assert picture is not None
        assert (picture.bereft, picture.waits) == ((1,), {1: ("x", "queue", "flush")})
        things.objects["x"]._wlock.release()


def test_a_process_whose_items_wait_to_be_written_goes_on_itself() -> None:
    with made_of(SharedQueue("x")) as things:
        things.objects["x"]._wlock.acquire()
        waits(things, 1, 2, "flush")

        assert look(things, ENDED, alive=frozenset({1})) is None
        things.objects["x"]._wlock.release()


def fill(pipe: int) -> None:
    os.set_blocking(pipe, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(pipe, b"x" * 4096)


def test_who_fills_a_pipe_goes_on_as_long_as_there_is_room() -> None:
    with made_of(SharedQueue("x")) as things:
        for process in (0, 1):
            waits(things, process, 0, "flush")
        watch = watch_of(things)
        assert watch.look(Moment(BOTH, ENDED)) is None
        assert watch.again_in_s == LATER_S

        fill(things.objects["x"]._writer.fileno())
        picture = watch.look(Moment(BOTH, joins(0)))
        assert picture is not None
        assert picture.standstill
        note(things, 0, 0, MARK, 0)
        note(things, 0, 1, MARK, 0)
        assert watch.look(Moment(BOTH, joins(0))) is None
        assert watch.again_in_s is None


def test_a_getter_of_a_part_of_an_item_is_looked_at_until_it_has_read_it() -> None:
    with made_of(SharedQueue("x")) as things:
        waits(things, 0, 0, "get")
        pipe = things.objects["x"]
        os.write(pipe._writer.fileno(), b"a part")
        watch = watch_of(things)

        assert watch.look(Moment(frozenset({0}), ENDED)) is None
        assert watch.again_in_s == LATER_S
        os.read(pipe._reader.fileno(), 6)
        picture = watch.look(Moment(frozenset({0}), ENDED))
        assert picture is not None
        assert picture.standstill
        assert watch.again_in_s is None


# The picture.


def test_the_picture_has_everything_whether_it_is_stuck_or_not() -> None:
    with made_of(SharedLock("left"), SharedCondition("news"), SharedQueue("items")) as things:
        has(things, 1, 0)
        waits(things, MAIN, 0)
        waits(things, 0, 3, "get")
        waits(things, 1, 2, "wait")
        note(things, 2, 0, IN_VAIN, 1)

        picture = watch_of(things).picture(Moment(BOTH, GOES_ON_ITSELF))

        assert picture.waits == {
            MAIN: ("left", "lock", "acquire"),
            1: ("news", "condition", "wait"),
            0: ("items", "queue", "get"),
        }
        assert picture.holders == {"left": (1,)}
        assert (picture.in_vain, picture.ended, picture.circles, picture.standstill) == (("news",), False, (), False)


@pytest.mark.parametrize("looks_first", [0, 1])
def test_who_looks_whether_it_has_to_wait_has_lost_no_wake_up(looks_first: int) -> None:
    with made_of(SharedCondition("news")) as things:
        note(things, 1, 0, IN_VAIN, 1)
        waits(things, 1, 1, "wait")
        note(things, 1, 1, LOOKS_FIRST, looks_first)

        assert watch_of(things).picture(Moment(BOTH, ENDED)).in_vain == (() if looks_first else ("news",))


@pytest.mark.parametrize(
    ("main", "waiting", "ended"), [(ENDED, False, True), (GOES_ON_ITSELF, False, False), (joins(0), False, False)]
)
def test_main_has_ended_when_it_neither_goes_on_nor_waits(main: MainsState, waiting: bool, ended: bool) -> None:
    with made_of(SharedLock("left")) as things:
        assert watch_of(things).picture(Moment(BOTH, main)).ended is ended
