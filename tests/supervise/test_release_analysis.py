"""Whether steps can release a guard, from each place in them on: against what each way through them does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.json_types import Ref
from runner.model.plan import ProcessPlan
from runner.model.shared_things import SharedCondition, SharedLock, SharedRLock, SharedSemaphore, SharedValue
from runner.supervise.sharing.release_analysis import can_release, may_release, size_of
from runner.supervise.tracing.table import ALL_DONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.model.json_types import StepData
    from runner.model.shared_things import SharedPlan


G, H = Ref(ref="g"), Ref(ref="h")
TAKE: StepData = {"step": "acquire", "thing": G}
TRY: StepData = TAKE | {"timeout": 1}
GIVE: StepData = {"step": "release", "thing": G}
OTHER: StepData = {"step": "release", "thing": H}
WAIT: StepData = {"step": "wait", "thing": G}
PRINT: StepData = {"step": "print", "value": "x"}
RAISE: StepData = {"step": "raise", "exception": "ValueError"}
CRASH: StepData = {"step": "crash"}
HANG: StepData = {"step": "hang"}


def within(*steps: StepData, thing: Ref = G) -> StepData:
    return {"step": "with", "thing": thing, "do": list(steps)}


def repeat(times: int, *steps: StepData) -> StepData:
    return {"step": "repeat", "times": times, "do": list(steps)}


def child(*steps: StepData) -> StepData:
    return {"step": "child", "name": "c", "do": list(steps)}


@pytest.mark.parametrize(
    ("steps", "releases"),
    [
        ((), False),
        ((GIVE,), True),
        ((OTHER, PRINT), False),
        ((TAKE, GIVE), False),
        ((TAKE, GIVE, GIVE), True),
        ((GIVE, TAKE), True),
        ((TRY, GIVE), True),  # it may be given without having been taken
        ((within(PRINT),), False),
        ((within(GIVE),), True),  # what leaving the block gives is one more
        ((within(TAKE),), False),
        ((within(GIVE, thing=H),), True),
        ((repeat(3, TAKE, GIVE),), False),
        ((repeat(3, TAKE, GIVE, GIVE),), True),
        ((TAKE, TAKE, repeat(2, GIVE)), False),
        ((TAKE, TAKE, repeat(3, GIVE)), True),
        ((repeat(0, GIVE),), False),
        ((repeat(2, repeat(2, GIVE)),), True),
        ((RAISE, GIVE), False),
        ((within(RAISE), GIVE), False),
        ((repeat(2, within(RAISE)), GIVE), False),
        ((CRASH, GIVE), False),
        ((HANG, GIVE), False),
        ((child(GIVE),), True),
        ((child(TAKE, GIVE),), False),
        ((within(child(GIVE), thing=H),), True),
        ((within(WAIT),), False),  # it takes the lock again
    ],
)
def test_steps_release_a_guard_that_they_have_not_acquired(steps: tuple[StepData, ...], releases: bool) -> None:
    assert may_release(steps, "g") is releases


@pytest.mark.parametrize(
    ("steps", "position", "releases"),
    [
        ((GIVE, PRINT), 1, True),  # it may be about to
        ((GIVE, PRINT), 2, False),
        ((GIVE, PRINT), ALL_DONE, False),
        ((within(PRINT), PRINT), 2, True),  # it is inside
        ((within(PRINT), PRINT), 3, False),
        ((within(PRINT, CRASH),), 2, False),  # which releases nothing
        ((within(PRINT, RAISE),), 2, True),
        ((repeat(3, TAKE, GIVE), PRINT), 1, False),
        ((within(WAIT),), 2, True),  # the lock is free meanwhile
        ((child(GIVE), PRINT), 2, True),  # the child may live
        ((repeat(2, child(GIVE)), PRINT), 2, True),
        ((child(PRINT), PRINT), 2, False),
    ],
)
def test_what_is_left_of_steps_counts(steps: tuple[StepData, ...], position: int, releases: bool) -> None:
    assert may_release(steps, "g", position=position) is releases


def test_a_process_in_a_loop_that_holds_it_may_be_anywhere_in_the_loop() -> None:
    loop = (repeat(3, TAKE, repeat(1, GIVE)),)

    assert may_release(loop, "g", position=1, held=1)
    assert not may_release(loop, "g", position=1, held=0)
    assert not may_release((repeat(3, TAKE),), "g", position=1, held=1)


@pytest.mark.parametrize("steps", [(TAKE, GIVE), (within(PRINT),), (repeat(2, TAKE, GIVE),), (within(WAIT),)])
def test_a_process_that_is_blocked_at_a_guard_has_to_acquire_it_first(steps: tuple[StepData, ...]) -> None:
    assert not may_release(steps, "g", position=1, waits=True)
    assert may_release((*steps, GIVE), "g", position=1, waits=True)


@pytest.mark.parametrize(
    ("step", "size"), [(PRINT, 1), (within(PRINT, within(PRINT)), 4), (repeat(5, PRINT, PRINT), 1), (child(PRINT), 1)]
)
def test_a_block_takes_a_number_for_each_of_its_steps_and_a_loop_one(step: StepData, size: int) -> None:
    assert size_of(step) == size


LOCK, RLOCK, DOOR = SharedLock("g"), SharedRLock("g"), SharedSemaphore("g", 1)


@pytest.mark.parametrize(
    ("thing", "held", "can"),
    [(LOCK, 0, True), (DOOR, 0, True), (RLOCK, 0, False), (RLOCK, 1, True), (SharedCondition("g"), 0, False)],
)
def test_steps_may_release_a_lock_or_a_semaphore_of_others_but_no_other_guard(
    thing: SharedPlan, held: int, can: bool
) -> None:
    process = ProcessPlan("p", "p", do=(GIVE,))

    assert can_release(process, thing, position=0, held=held, waits=False) is can


def test_a_holder_whose_steps_do_not_release_it_never_does() -> None:
    process = ProcessPlan("p", "p", do=(TAKE, PRINT))

    assert not can_release(process, LOCK, position=2, held=1, waits=False)


def test_the_lock_of_a_value_is_released_by_each_step_that_uses_it() -> None:
    value = SharedValue("g", "int64", 0)
    process = ProcessPlan("p", "p", do=(PRINT,))

    assert can_release(process, value, position=1, held=1, waits=False)
    assert not can_release(process, value, position=1, held=0, waits=False)


@pytest.mark.parametrize(
    ("thing", "knows", "held", "can"),
    [
        (DOOR, True, 0, True),
        (DOOR, False, 1, False),
        (LOCK, True, 0, False),
        (LOCK, True, 1, True),
        (SharedSemaphore("counter.guard", 1), True, 0, False),
    ],
)
def test_a_target_may_release_what_it_holds_and_each_semaphore_that_it_has_received(
    thing: SharedPlan, knows: bool, held: int, can: bool
) -> None:
    process = ProcessPlan("p", "p", target="m:f", kwargs={"it": {"ref": thing.name}} if knows else {})

    assert can_release(process, thing, position=0, held=held, waits=False) is can


# Every way through made-up steps.

FLAT = st.sampled_from([TAKE, GIVE, PRINT, OTHER])
STEPS = st.recursive(
    FLAT,
    lambda steps: (
        st.lists(steps, max_size=3).map(lambda do: within(*do))
        | st.builds(repeat, st.integers(0, 3), steps, steps)
        | st.lists(steps, max_size=3).map(lambda do: within(*do, thing=H))
    ),
    max_leaves=8,
)


def motions(steps: list[StepData]) -> Iterator[int]:
    """What a process that is never blocked does with the guard: +1 when it acquires it, -1 when it releases it."""
    for step in steps:
        is_g = step.get("thing") == G
        match step["step"]:
            case "acquire":
                yield 1
            case "release":
                yield -1 if is_g else 0
            case "with":
                yield int(is_g)
                yield from motions(step["do"])
                yield -int(is_g)
            case "repeat":
                for _ in range(step["times"]):
                    yield from motions(step["do"])


@pytest.mark.parametrize(
    ("acquires", "releases", "does"), [(3, 3, False), (90, 90, False), (90, 91, True), (10**8, 10**9, True)]
)
def test_what_many_rounds_acquire_is_released_before_there_is_more(acquires: int, releases: int, does: bool) -> None:
    steps = [repeat(acquires, TAKE), repeat(releases, GIVE)]

    assert may_release(steps, "g") is does


@given(st.lists(STEPS, max_size=4))
def test_steps_release_more_than_they_acquire_exactly_if_some_beginning_of_them_does(steps: list[StepData]) -> None:
    balance = 0
    lowest = 0
    for motion in motions(steps):
        balance += motion
        lowest = min(lowest, balance)

    assert may_release(steps, "g") is (lowest < 0)
