"""Who waits for whom, found in real things and in what processes have noted of them: noted here by the tests."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from runner.supervise.holders import Lost
from runner.supervise.table import (
    BLOCKED,
    EXTRA,
    GIVEN,
    GOES_ON,
    IN_VAIN,
    LOOKS_FIRST,
    MARK,
    TAKEN,
    TIMED,
    WAITS,
    WANTS,
    operation_bits,
)
from runner.supervise.waiting import MainsState
from runner.supervise.watch import Watch
from runner.things import (
    SharedBarrier,
    SharedCondition,
    SharedEvent,
    SharedLock,
    SharedQueue,
    SharedRLock,
    SharedSemaphore,
    SharedValue,
)
from tests.supervise.things import childless, made_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runner.supervise.shared import SharedThings
    from runner.supervise.watch import Picture
    from runner.things import SharedPlan

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


def has(things: SharedThings, process: int, row: int) -> None:
    """Have it acquired, and noted."""
    assert things.lock_of(things.rows[row]).acquire(False)
    note(things, row, process, MARK, 1)


def look(things: SharedThings, main: MainsState = ENDED, alive: frozenset[int] = BOTH) -> Picture | None:
    return Watch(things, childless, Lost()).look(alive, main, frozenset())


@pytest.fixture
def locks() -> Iterator[SharedThings]:
    """Two locks: each process has one and wants the other one."""
    with made_of(SharedLock("left"), SharedLock("right")) as things:
        for process in (0, 1):
            has(things, process, process)
            waits(things, process, 1 - process)
        yield things


def test_a_circle_is_told_once_with_all_that_it_is_made_of(locks: SharedThings) -> None:
    watch = Watch(locks, childless, Lost())

    picture = watch.look(BOTH, GOES_ON_ITSELF, frozenset())

    assert picture is not None
    assert picture.to_json() == {
        "waits": [[1, "left", "lock", "acquire"], [0, "right", "lock", "acquire"]],
        "holders": {"left": [0], "right": [1]},
        "circles": [[0, 1]],
        "standstill": False,
        "joined": None,
        "in_vain": [],
        "main_ended": False,
        "bereft": [],
    }
    assert watch.has_found_circles
    assert watch.look(BOTH, GOES_ON_ITSELF, frozenset()) is None


def test_when_main_comes_to_wait_too_all_stand_still_and_the_circle_is_not_told_again(locks: SharedThings) -> None:
    watch = Watch(locks, childless, Lost())
    watch.look(BOTH, GOES_ON_ITSELF, frozenset())

    picture = watch.look(BOTH, joins(0), frozenset())

    assert picture is not None
    assert (picture.circles, picture.standstill, picture.joined) == ((), True, 0)


def test_who_will_be_ended_by_a_timer_keeps_all_from_standing_still(locks: SharedThings) -> None:
    picture = Watch(locks, childless, Lost()).look(BOTH, ENDED, frozenset({1}))

    assert picture is not None
    assert (picture.circles, picture.standstill) == (((0, 1),), False)


def test_who_is_dead_is_in_no_circle(locks: SharedThings) -> None:
    assert look(locks, GOES_ON_ITSELF, alive=frozenset({0})) is None


@contextlib.contextmanager
def who_died(thing: SharedPlan, ended_well: bool = False) -> Iterator[tuple[SharedThings, Watch]]:
    """Somebody who is gone has had a permit; process 1 waits for one."""
    with made_of(thing) as things:
        assert things.lock_of(thing).acquire(False)
        waits(things, 1, 0)
        lost = Lost()
        lost.permits["left"] = 1
        lost.gone |= set() if ended_well else {"left"}
        yield things, Watch(things, childless, lost)


@pytest.mark.parametrize(
    "thing", [SharedLock("left"), SharedRLock("left"), SharedSemaphore("left", 1), SharedCondition("left")]
)
def test_who_waits_for_what_somebody_died_with_is_bereft_whoever_may_run(thing: SharedPlan) -> None:
    with who_died(thing) as (things, watch):
        picture = watch.look(BOTH, GOES_ON_ITSELF, frozenset())
        assert picture is not None
        assert (picture.bereft, picture.circles, picture.standstill) == ((1,), (), False)
        assert picture.waits[1][0] == "left"

        waits(things, 1, 0, more=GOES_ON)  # another thread of it may do so
        assert watch.look(BOTH, GOES_ON_ITSELF, frozenset()) is not None


def test_who_waits_with_a_timeout_is_not_bereft() -> None:
    with who_died(SharedLock("left")) as (things, watch):
        waits(things, 1, 0, more=GOES_ON | TIMED)

        assert watch.look(BOTH, GOES_ON_ITSELF, frozenset()) is None


def test_of_a_semaphore_others_may_give_what_they_have() -> None:
    with who_died(SharedSemaphore("left", 2)) as (things, watch):
        assert watch.look(BOTH, GOES_ON_ITSELF, frozenset()) is None  # one is free
        has(things, 0, 0)
        assert watch.look(BOTH, GOES_ON_ITSELF, frozenset()) is None


def test_who_has_got_it_between_two_looks_is_not_bereft() -> None:
    with who_died(SharedLock("left")) as (things, _):
        lost = Lost()
        lost.permits["left"] = 1
        lost.gone.add("left")
        watch = Moving(things, lambda: note(things, 0, 1, MARK, 0), lost)

        assert watch.look(BOTH, GOES_ON_ITSELF, frozenset()) is None


@pytest.mark.parametrize("thing", [SharedLock("left"), SharedSemaphore("left", 1)])
def test_what_somebody_left_who_ended_well_another_one_may_release(thing: SharedPlan) -> None:
    with who_died(thing, ended_well=True) as (_, watch):
        assert watch.look(BOTH, GOES_ON_ITSELF, frozenset()) is None

        picture = watch.look(frozenset({1}), ENDED, frozenset())  # but nobody is left

        assert picture is not None
        assert (picture.bereft, picture.standstill) == ((), True)


def test_where_nobody_waits_nothing_is_found() -> None:
    with made_of(SharedLock("left")) as things:
        assert look(things, GOES_ON_ITSELF) is None
        assert look(things) is None
        assert not Watch(things, childless, Lost()).has_found_circles


class Moving(Watch):
    """Something happens after each time that it has looked at the scene."""

    def __init__(self, things: SharedThings, move: Callable[[], None], lost: Lost | None = None) -> None:
        super().__init__(things, childless, lost or Lost())
        self._move = move

    def _scene(self, alive: frozenset[int], main: MainsState):  # type: ignore[no-untyped-def]  # as its base
        scene = super()._scene(alive, main)
        self._move()
        return scene


def test_who_has_gone_on_between_two_looks_is_not_stuck(locks: SharedThings) -> None:
    count = iter(range(1, 9))

    def wait_anew() -> None:
        note(locks, 1, 0, WAITS, next(count))

    assert Moving(locks, wait_anew).look(BOTH, ENDED, frozenset()) is None
    assert Moving(locks, lambda: None).look(BOTH, ENDED, frozenset()) is not None


def test_who_comes_to_wait_between_two_looks_is_looked_at_before_the_run_is_ended() -> None:
    with made_of(SharedLock("left"), SharedLock("right")) as things:
        has(things, 0, 0)
        has(things, 1, 1)
        waits(things, 0, 0, more=1)  # for itself; the other one follows
        watch = Moving(things, lambda: waits(things, 1, 1, more=1))

        first = watch.look(BOTH, ENDED, frozenset())

        assert first is not None
        assert (first.circles, first.standstill, watch.is_unsure) == (((0,),), False, True)
        second = watch.look(BOTH, ENDED, frozenset())
        assert second is not None
        assert (second.circles, second.standstill, watch.is_unsure) == (((1,),), True, False)


def test_what_comes_free_between_two_looks_lets_somebody_go_on(locks: SharedThings) -> None:
    def let_go() -> None:
        if locks.objects["left"].acquire(False) is False:
            locks.objects["left"].release()

    assert Moving(locks, let_go).look(BOTH, ENDED, frozenset()) is None


def test_who_goes_on_by_itself_is_not_stuck_whatever_else_it_waits_for(locks: SharedThings) -> None:
    waits(locks, 0, 1, more=GOES_ON)
    assert look(locks) is None
    assert look(locks, joins(0)) is None


def test_another_thread_of_it_that_waits_with_a_timeout_goes_on() -> None:
    with made_of(SharedLock("left"), SharedEvent("start")) as things:
        has(things, 1, 0)
        waits(things, 0, 0)
        waits(things, 1, 1, "wait")
        assert look(things) is not None
        waits(things, 0, 1, "wait", GOES_ON)

        assert look(things) is None


# What is open: free, or on its way.


@pytest.mark.parametrize(
    "thing",
    [SharedLock("x"), SharedRLock("x"), SharedSemaphore("x", 1), SharedCondition("x"), SharedValue("x", "int64", 0)],
)
def test_what_is_free_or_had_by_somebody_who_has_not_noted_it_is_open(thing: SharedPlan) -> None:
    with made_of(thing) as things:
        waits(things, 0, 0)
        assert look(things) is None
        has(things, 1, 0)
        waits(things, 1, 0)
        assert look(things) is None
        note(things, 0, 1, MARK, WANTS | BLOCKED | 1)

        picture = look(things)

        assert picture is not None
        assert picture.circles == ((1,),)
        things.lock_of(thing).release()


def test_of_what_may_be_taken_again_each_holder_has_one() -> None:
    with made_of(SharedRLock("x"), SharedLock("y")) as things:
        has(things, 1, 0)
        note(things, 0, 1, MARK, 3)
        has(things, 0, 1)
        waits(things, 0, 0)
        waits(things, 1, 1)

        assert look(things) is not None
        things.objects["x"].release()


def test_of_a_semaphore_each_permit_counts() -> None:
    with made_of(SharedSemaphore("x", 3), SharedLock("y")) as things:
        has(things, 0, 1)
        waits(things, 0, 0)
        waits(things, 1, 1)
        for _ in range(3):
            things.objects["x"].acquire()
        note(things, 0, 1, MARK, 2)
        assert look(things) is None

        note(things, 0, 1, MARK, 3)

        assert look(things) is not None


def test_what_others_release_is_a_sign_of_anybody() -> None:
    with made_of(SharedLock("x")) as things:
        has(things, 1, 0)
        waits(things, 0, 0)
        note(things, 0, 1, MARK, WANTS | BLOCKED | 1)
        assert look(things, GOES_ON_ITSELF) is not None

        note(things, 0, 0, EXTRA, 1)  # two permits, one of which somebody has who has not noted it
        assert look(things, GOES_ON_ITSELF) is None


def test_a_circle_of_semaphores_is_told_only_when_nobody_is_left_to_give_a_permit() -> None:
    with made_of(SharedSemaphore("left", 1), SharedSemaphore("right", 1)) as things:
        for process in (0, 1):
            has(things, process, process)
            waits(things, process, 1 - process)
        assert look(things, GOES_ON_ITSELF) is None

        picture = look(things, ENDED)

        assert picture is not None
        assert (picture.circles, picture.standstill) == (((0, 1),), True)


def test_a_semaphore_without_a_permit_is_a_sign_too() -> None:
    with made_of(SharedSemaphore("x", 0)) as things:
        waits(things, 0, 0)

        assert look(things, GOES_ON_ITSELF) is None
        picture = look(things, ENDED, frozenset({0}))

        assert picture is not None
        assert (picture.circles, picture.standstill) == ((), True)


def all_wait(things: SharedThings, operation: str, row: int = 0) -> Picture | None:
    """What is found when both processes wait so, and main has ended."""
    for process in (0, 1):
        waits(things, process, row, operation)
    return look(things)


@pytest.mark.parametrize("thing", [SharedQueue("x"), SharedQueue("x", 3), SharedQueue("x", joinable=True)])
def test_an_item_that_is_on_its_way_may_come(thing: SharedPlan) -> None:
    with made_of(thing) as things:
        assert all_wait(things, "get") is not None
        note(things, 0, 0, GIVEN, 3)
        note(things, 0, 1, TAKEN, 2)
        assert look(things) is None
        note(things, 0, 1, TAKEN, 3)

        assert look(things) is not None


def test_an_item_in_the_pipe_may_come_though_who_put_it_is_dead() -> None:
    with made_of(SharedQueue("x")) as things:
        note(things, 0, 0, GIVEN, 1)
        waits(things, 1, 0, "get")
        made = things.objects["x"]
        made._writer.send_bytes(b"item")
        assert look(things, alive=frozenset({1})) is None

        made._reader.recv_bytes()

        assert look(things, alive=frozenset({1})) is not None  # it was in the buffer of the dead, and is lost


def test_counts_may_go_round() -> None:
    with made_of(SharedQueue("x")) as things:
        note(things, 0, 0, GIVEN, 2**32 - 1)
        note(things, 0, 1, GIVEN, 2)
        note(things, 0, 1, TAKEN, 1)

        assert all_wait(things, "get") is not None


def test_room_in_a_queue_is_open_and_so_is_what_is_being_put() -> None:
    with made_of(SharedQueue("x", 2)) as things:
        room = things.objects["x"]._sem
        assert all_wait(things, "put") is None
        room.acquire()
        room.acquire()
        note(things, 0, 0, GIVEN, 1)
        assert look(things) is None
        note(things, 0, 0, GIVEN, 2)

        picture = look(things)

        assert picture is not None
        assert picture.to_json()["waits"] == [[0, "x", "queue", "put"], [1, "x", "queue", "put"]]


@pytest.mark.parametrize(
    ("thing", "row"),
    [(SharedEvent("x"), 0), (SharedBarrier("x", 3), 0), (SharedCondition("x"), 1)],
)
def test_a_wake_up_that_is_on_its_way_may_come(thing: SharedPlan, row: int) -> None:
    with made_of(thing) as things:
        condition = things.objects["x"]
        semaphore = getattr(condition, "_cond", condition)._wait_semaphore
        assert all_wait(things, "wait", row) is not None
        note(things, row, 0, GIVEN, 1)
        assert look(things) is None
        note(things, row, 0, TAKEN, 1)
        semaphore.release()
        assert look(things) is None
        semaphore.acquire()

        assert look(things) is not None


@pytest.mark.parametrize(
    ("thing", "row"),
    [
        (SharedEvent("x"), 0),
        (SharedBarrier("x", 3), 0),
        (SharedCondition("x"), 1),
        (SharedQueue("x", joinable=True), 1),
    ],
)
def test_who_notifies_goes_on_when_somebody_has_woken_or_has_come_out(thing: SharedPlan, row: int) -> None:
    with made_of(thing) as things:
        condition = getattr(things.objects["x"], "_cond", things.objects["x"])
        note(things, row, 0, GIVEN, 1)  # for somebody who is gone
        waits(things, 1, row, "notify")
        assert look(things) is None  # nobody is in there
        assert condition._lock.acquire()
        condition._woken_count.release()
        assert look(things) is None
        condition._woken_count.acquire()

        assert look(things, alive=frozenset({1})) is not None
        condition._lock.release()


def test_who_gets_behind_somebody_who_died_with_the_lock_for_that_is_bereft() -> None:
    with made_of(SharedQueue("x")) as things:
        lost = Lost()
        lost.gone.add("x")
        watch = Watch(things, childless, lost)
        note(things, 0, 0, GIVEN, 1)  # there is an item
        waits(things, 1, 0, "get")
        assert watch.look(BOTH, GOES_ON_ITSELF, frozenset()) is None  # the lock is free
        assert things.objects["x"]._rlock.acquire(False)

        picture = watch.look(BOTH, GOES_ON_ITSELF, frozenset())

        assert picture is not None
        assert (picture.bereft, picture.waits) == ((1,), {1: ("x", "queue", "get")})
        things.objects["x"]._rlock.release()


def test_who_joins_a_queue_waits_for_a_wake_up() -> None:
    with made_of(SharedQueue("x", joinable=True)) as things:
        assert all_wait(things, "join", 1) is not None
        note(things, 1, 0, GIVEN, 1)
        assert look(things) is None


def fill(pipe: int) -> None:
    os.set_blocking(pipe, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(pipe, b"x" * 4096)


def test_who_fills_a_pipe_goes_on_as_long_as_there_is_room() -> None:
    with made_of(SharedQueue("x")) as things:
        for process in (0, 1):
            waits(things, process, 0, "flush")
        watch = Watch(things, childless, Lost())
        assert watch.look(BOTH, ENDED, frozenset()) is None
        assert watch.is_unsure

        fill(things.objects["x"]._writer.fileno())
        picture = watch.look(BOTH, joins(0), frozenset())
        assert picture is not None
        assert picture.standstill
        note(things, 0, 0, MARK, 0)
        note(things, 0, 1, MARK, 0)
        assert watch.look(BOTH, joins(0), frozenset()) is None
        assert not watch.is_unsure


# The picture.


def test_the_picture_has_everything_whether_it_is_stuck_or_not() -> None:
    with made_of(SharedLock("left"), SharedCondition("news"), SharedQueue("items")) as things:
        has(things, 1, 0)
        waits(things, MAIN, 0)
        waits(things, 0, 3, "get", more=1)  # it has the lock for reading
        waits(things, 1, 2, "wait")
        note(things, 2, 0, IN_VAIN, 1)

        picture = Watch(things, childless, Lost()).picture(BOTH, GOES_ON_ITSELF)

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

        assert Watch(things, childless, Lost()).picture(BOTH, ENDED).in_vain == (() if looks_first else ("news",))


@pytest.mark.parametrize(
    ("main", "waiting", "ended"), [(ENDED, False, True), (GOES_ON_ITSELF, False, False), (joins(0), False, False)]
)
def test_main_has_ended_when_it_neither_goes_on_nor_waits(main: MainsState, waiting: bool, ended: bool) -> None:
    with made_of(SharedLock("left")) as things:
        assert Watch(things, childless, Lost()).picture(BOTH, main).ended is ended
