"""Which permits are free, held and missing, by real locks and by what processes have noted: noted here by the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.model.plan import Act, Plan, ProcessPlan
from runner.model.shared_things import (
    SharedBarrier,
    SharedCondition,
    SharedEvent,
    SharedLock,
    SharedQueue,
    SharedRLock,
    SharedSemaphore,
    SharedValue,
)
from runner.supervise.sharing.guards import Guards, missing_permits
from runner.supervise.tracing.table import BLOCKED, EXTRA, MARK, WAITS, WANTS, operation_bits
from runner.system.thread_states import SEEN_TWICE_COUNT
from tests.supervise.things import asleep, guards_of, made_of

if TYPE_CHECKING:
    from runner.model.json_types import StepData
    from runner.model.shared_things import SharedPlan
    from runner.supervise.sharing.things import SharedThings


def note(things: SharedThings, row: int, process: int, mark: int, place: int = MARK) -> None:
    assert things.table is not None
    things.table.cell(row, process)[place] = mark


@pytest.mark.parametrize(
    ("permits", "free", "marks", "missing"),
    [
        (1, 1, [1], (0, True)),  # it had given it back, and not noted that yet
        (1, 0, [1], (1, True)),
        (1, 0, [1, 1], (0, True)),  # another one has it
        (1, 0, [1, WANTS], (1, False)),
        (3, 0, [2, 1], (2, True)),
        (3, 0, [2, WANTS | 1], (2, False)),
    ],
)
def test_the_permits_are_missing_that_no_living_process_has(
    permits: int, free: int, marks: list[int], missing: tuple[int, bool]
) -> None:
    assert missing_permits(permits, free, marks, dead=0) == missing


GUARDED: list[SharedPlan] = [
    SharedLock("x"),
    SharedRLock("x"),
    SharedSemaphore("x", 1),
    SharedCondition("x"),
    SharedValue("x", "int64", 0),
]


@pytest.mark.parametrize("thing", GUARDED)
def test_a_permit_is_missing_when_the_process_that_noted_it_is_dead(thing: SharedPlan) -> None:
    with made_of(SharedSemaphore("other", 1), thing) as things:
        guards = guards_of(things)
        guards._lock(thing).acquire()
        note(things, 1, 0, 1)

        assert (guards.guards_noted_by(0), guards.guards_noted_by(1)) == ([1], [])
        assert guards.missing(1, dead=0) == (1, True)
        assert guards.missing(1, dead=1) == (0, True)
        note(things, 1, 1, WANTS)
        assert guards.missing(1, dead=0) == (1, False)
        assert guards.missing(1, dead=0, ended={0, 1}) == (1, True)  # a process that has ended acquires nothing
        guards.clear_mark(1, 0)
        assert guards.guards_noted_by(0) == []
        guards._lock(thing).release()


@pytest.mark.parametrize("thing", [SharedRLock("x"), SharedCondition("x"), SharedValue("x", "int64", 0)])
def test_what_is_taken_several_times_is_one_permit(thing: SharedPlan) -> None:
    with made_of(thing) as things:
        guards = guards_of(things)
        guards._lock(thing).acquire()
        note(things, 0, 1, 3)

        assert guards.missing(0, dead=0) == (0, True)
        assert guards.missing(0, dead=1) == (1, True)
        guards._lock(thing).release()


def test_where_it_is_unknown_whether_a_waiter_sleeps_its_wait_is_seen_several_times() -> None:
    with made_of(SharedLock("x")) as things:
        guards = guards_of(things, lambda _: None)
        things.objects["x"].acquire()
        note(things, 0, 0, 1)
        note(things, 0, 1, WANTS | BLOCKED | operation_bits("acquire"))

        looks = [guards.missing(0, dead=0) for _ in range(SEEN_TWICE_COUNT)]
        note(things, 0, 1, 1, WAITS)  # it has had it, and waits once more

        assert looks == [(1, False)] * (SEEN_TWICE_COUNT - 1) + [(1, True)]
        assert guards.missing(0, dead=0) == (1, False)


def test_of_a_semaphore_several_permits_may_be_missing() -> None:
    with made_of(SharedSemaphore("x", 5)) as things:
        for _ in range(4):
            things.objects["x"].acquire()
        note(things, 0, 0, 3)
        note(things, 0, 1, 1)

        assert guards_of(things).missing(0, dead=0) == (3, True)


def test_a_permit_that_another_process_has_added_counts_too() -> None:
    with made_of(SharedSemaphore("x", 1)) as things:
        things.objects["x"].acquire()
        note(things, 0, 0, 1)
        note(things, 0, 1, 1, EXTRA)

        assert guards_of(things).missing(0, dead=0) == (2, True)
        things.objects["x"].release()
        assert guards_of(things).missing(0, dead=0) == (1, True)


def test_a_lock_that_is_free_is_not_missing_whatever_its_last_holder_noted() -> None:
    with made_of(SharedLock("x")) as things:
        note(things, 0, 0, 1)
        note(things, 0, 1, 1, EXTRA)

        assert guards_of(things).missing(0, dead=0) == (0, True)


@pytest.mark.parametrize(("sleeps", "certain"), [(True, True), (False, False), (None, False)])
def test_a_waiter_has_not_got_what_it_waits_for_as_long_as_it_sleeps(sleeps: bool | None, certain: bool) -> None:
    with made_of(SharedLock("x")) as things:
        things.objects["x"].acquire()
        note(things, 0, 0, 1)
        note(things, 0, 1, WANTS | BLOCKED | operation_bits("acquire"))

        assert guards_of(things, lambda _: sleeps).missing(0, dead=0) == (1, certain)
        things.objects["x"].release()


@pytest.mark.parametrize(
    ("thing", "row", "role"),
    [
        (SharedQueue("x"), 1, "reading"),
        (SharedQueue("x"), 2, "writing"),
        (SharedQueue("x", joinable=True), 4, "inner"),
        (SharedEvent("x"), 1, "inner"),
        (SharedBarrier("x", 2), 1, "inner"),
    ],
)
def test_the_locks_inside_other_things_are_guards_too(thing: SharedPlan, row: int, role: str) -> None:
    with made_of(thing) as things:
        guards = guards_of(things)
        made = things.objects["x"]
        lock = {"reading": "_rlock", "writing": "_wlock"}.get(role)
        inside = made._cond._lock if lock is None else getattr(made, lock)
        assert (guards.rows[row].role, guards.rows[row].is_guard, guards.free(row)) == (role, True, 1)

        inside.acquire()
        note(things, row, 0, 1)

        assert (guards.free(row), guards.guards_noted_by(0), guards.missing(row, dead=0)) == (0, [row], (1, True))
        inside.release()


def test_those_that_wait_to_be_notified_hold_no_guard() -> None:
    with made_of(SharedCondition("news"), SharedQueue("items")) as things:
        for row in (1, 2):
            note(things, row, 0, WANTS)

        assert guards_of(things).guards_noted_by(0) == []
        assert not guards_of(things).rows[1].is_guard
        assert not guards_of(things).rows[2].is_guard


def test_only_the_marks_of_those_that_are_asked_about_are_given() -> None:
    with made_of(SharedLock("x")) as things:
        note(things, 0, 0, 1)
        note(things, 0, 1, 1)

        assert guards_of(things).marks(0, [1, 2]).keys() == {1}


def test_without_a_table_nothing_is_noted() -> None:
    with made_of(SharedLock("x", traced=False)) as things:
        guards = guards_of(things)

        assert (guards.guards_noted_by(0), guards.marks(0, [0]), guards._extra(0)) == ([], {}, 0)
        with pytest.raises(AssertionError, match="nothing is traced"):
            guards.clear_mark(0, 0)


ACQUIRE, RELEASE = ({"step": step, "thing": {"ref": "x"}} for step in ("acquire", "release"))


@pytest.mark.parametrize(
    ("thing", "do", "mains", "is_signal"),
    [
        (SharedSemaphore("x", 0), (), (), True),
        (SharedSemaphore("x", 1), (), (), False),
        (SharedSemaphore("x", 1), (ACQUIRE, RELEASE), (), False),
        (SharedSemaphore("x", 1), (RELEASE,), (), True),
        (SharedSemaphore("x", 1), (), (RELEASE,), True),
        (SharedLock("x"), (RELEASE,), (), True),
        (SharedLock("x"), (ACQUIRE,), (), False),
        (SharedRLock("x"), (RELEASE,), (), False),
    ],
)
def test_a_guard_that_other_processes_release_is_a_signal(
    thing: SharedPlan, do: tuple[StepData, ...], mains: tuple[StepData, ...], is_signal: bool
) -> None:
    plan = Plan("f", "fork", (ProcessPlan("p", "p", do=do),), tuple(map(Act, mains)), (), shared=(thing,))
    with made_of(thing) as things:
        guards = Guards(things, plan, asleep)

        assert guards.is_signal(0) is is_signal
        note(things, 0, 0, 1, EXTRA)
        assert guards.is_signal(0) is not isinstance(thing, SharedRLock)
