"""Which processes wait for ever, in scenes that are made up, against everything that could happen in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.model.records import replace
from runner.supervise.core.deadlocks import MainsState, Room, Scene, Wait, bereft, circles, is_standstill, stuck
from tests.effort import share_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

MAIN = 9
DEAD = -1
INDEPENDENT, ENDED = MainsState(goes_on=True), MainsState(goes_on=False)
NEWCOMER = 5
"""A process that is in no scene that is made up."""


def joins(process: int) -> MainsState:
    return MainsState(goes_on=False, joined=process)


def scene(
    waits: Mapping[int, tuple[int, str]],
    holders: Mapping[int, tuple[int, ...]] | None = None,
    alive: Collection[int] = (0, 1),
    opened: Collection[tuple[int, str]] = (),
    mains: MainsState = INDEPENDENT,
    givers: Mapping[int, tuple[int, ...]] | None = None,
) -> Scene:
    """A scene; each that waits is given with a row and an operation. Holders can release what they have."""
    guards = {row for row, operation in waits.values() if operation == "acquire"}
    living = {*alive, MAIN}
    able = {row: tuple(holder for holder in (holders or {}).get(row, ()) if holder in living) for row in guards}
    return Scene(
        main=MAIN,
        alive=frozenset(alive),
        waits={number: Wait(row, operation) for number, (row, operation) in waits.items()},
        holders=holders or {},
        open=frozenset(opened),
        givers={**able, **(givers or {})},
        mains=mains,
    )


OPPOSITE = scene({0: (1, "acquire"), 1: (0, "acquire")}, {0: (0,), 1: (1,)})


def test_two_that_have_what_the_other_wants_are_stuck_in_a_circle() -> None:
    assert stuck(OPPOSITE) == {0, 1}
    assert circles(OPPOSITE, stuck(OPPOSITE)) == [(0, 1)]


def test_who_waits_for_somebody_who_runs_is_hopeful_and_so_is_who_waits_for_that_one() -> None:
    made = scene({1: (0, "acquire"), 2: (1, "acquire")}, {0: (0,), 1: (1,)}, alive=(0, 1, 2))

    assert stuck(made) == set()
    assert made.hopeful() == {0, 1, 2, MAIN}


def test_who_waits_for_itself_is_a_circle_of_one() -> None:
    made = scene({0: (0, "acquire")}, {0: (0,)})

    assert circles(made, stuck(made)) == [(0,)]


def test_what_is_free_or_on_its_way_lets_somebody_go_on() -> None:
    assert stuck(replace(OPPOSITE, open=frozenset({(0, "acquire")}))) == set()


def test_a_guard_that_no_process_can_release_never_comes_whichever_others_run() -> None:
    made = scene({0: (0, "acquire")})

    assert stuck(made) == {0}
    assert bereft(made) == {0: Wait(0, "acquire")}


def test_a_guard_may_come_from_each_process_that_can_release_it_and_from_no_other() -> None:
    made = scene({0: (0, "acquire"), 1: (1, "get")}, alive=(0, 1, 2), givers={0: (1,)})

    assert stuck(made) == set()
    assert stuck(replace(made, alive=frozenset({0, 1}), mains=ENDED)) == {0, 1}
    assert bereft(replace(made, alive=frozenset({0, 1}), mains=ENDED)) == {}


def test_what_a_process_releases_later_does_not_help_itself() -> None:
    made = scene({0: (0, "acquire")}, givers={0: (0,)})

    assert bereft(made) == {0: Wait(0, "acquire")}


def test_a_process_that_main_has_yet_to_start_can_release_what_others_wait_for() -> None:
    starts = MainsState(goes_on=True, pending=frozenset({NEWCOMER}))
    made = scene({0: (0, "acquire")}, mains=starts, givers={0: (NEWCOMER,)})

    assert stuck(made) == set()
    stays = replace(made, waits={**made.waits, MAIN: Wait(0, "acquire")})
    assert stuck(stays) == {0, MAIN}


AT_A_BARRIER = scene({0: (1, "wait"), 1: (1, "wait")}, mains=joins(0))
FULL = Room(2, is_free=False, holders=frozenset({0, 1}))


def test_processes_without_room_help_nobody_if_only_those_that_wait_could_make_room() -> None:
    made = replace(AT_A_BARRIER, requested=frozenset({2, 3}), room=FULL)

    assert made.hopeful() == set()
    assert is_standstill(made)


@pytest.mark.parametrize(
    "changes",
    [
        {"room": Room(3, is_free=True, holders=frozenset({0, 1}))},
        {"alive": frozenset({0})},  # the other one has ended, and only its outputs are open still
        {"waits": {0: Wait(1, "wait")}},
        {"ending": frozenset({1})},
        {"mains": MainsState(goes_on=True, ends=frozenset({1}))},
    ],
)
def test_processes_without_room_may_help_if_room_may_come(changes: dict[str, Any]) -> None:
    made = replace(AT_A_BARRIER, requested=frozenset({2, 3}), room=FULL)

    assert {2, 3} <= replace(made, **changes).hopeful()


def test_what_main_has_yet_to_start_needs_room_too() -> None:
    starts = MainsState(goes_on=True, pending=frozenset({NEWCOMER}))
    made = scene({0: (0, "acquire")}, mains=starts, givers={0: (NEWCOMER,)}, alive=(0,))

    assert stuck(made) == set()
    assert stuck(replace(made, room=Room(1, is_free=False, holders=frozenset({0})))) == {0}


def test_a_main_that_joins_a_process_without_room_waits_as_long_as_that_does() -> None:
    made = replace(AT_A_BARRIER, requested=frozenset({2}), room=FULL, mains=joins(2))

    assert MAIN not in made.hopeful()
    assert MAIN in replace(made, room=Room(3, is_free=True)).hopeful()


@pytest.mark.parametrize(
    "changes",
    [
        {"ending": frozenset({0})},
        {"mains": MainsState(goes_on=True, ends=frozenset({0}))},
        {"helped": frozenset({0})},
        {"open": frozenset({(0, "acquire")})},
    ],
    ids=["a timer ends it", "main ends it", "it has help", "a permit is free"],
)
def test_a_waiter_that_does_not_wait_for_ever_ends_no_run(changes: dict[str, Any]) -> None:
    made = scene({0: (0, "acquire")})

    assert bereft(made)
    assert bereft(replace(made, **changes)) == {}


def test_main_ends_no_process_while_it_waits_itself() -> None:
    ends = MainsState(goes_on=True, ends=frozenset({0}))
    made = scene({0: (0, "acquire"), MAIN: (1, "acquire")}, mains=ends)

    assert bereft(made) == {0: Wait(0, "acquire"), MAIN: Wait(1, "acquire")}


def test_a_waiter_whose_holder_is_stuck_is_told_of_with_the_circle() -> None:
    itself = scene({0: (0, "acquire"), 1: (0, "acquire")}, {0: (0,)}, alive=(0, 1, 2), givers={0: ()})

    assert bereft(itself) == {}
    assert circles(itself, stuck(itself)) == [(0,)]


def test_main_goes_on_from_the_join_of_a_process_that_a_timer_ends() -> None:
    made = replace(scene({0: (0, "get")}, alive=(0,), mains=joins(0)), ending=frozenset({0}))

    assert stuck(made) == set()


def test_a_waiter_for_a_process_that_has_died_with_it_is_stuck_without_a_circle() -> None:
    made = scene({0: (0, "acquire")}, {0: (1,)}, alive=(0,), mains=ENDED)

    assert stuck(made) == {0}
    assert circles(made, stuck(made)) == []


@pytest.mark.parametrize("operation", ["get", "put", "wait", "join", "flush"])
def test_a_sign_may_come_from_anybody_as_long_as_somebody_goes_on(operation: str) -> None:
    made = scene({0: (0, operation)}, {0: (0,)}, alive=(0,))

    assert stuck(made) == set()
    assert stuck(replace(made, mains=ENDED)) == {0}
    assert made.waited_for(0) == ()


def test_one_of_several_permits_is_enough() -> None:
    made = scene({0: (0, "acquire"), 1: (0, "acquire")}, {0: (1, 2)}, alive=(0, 1, 2))

    assert stuck(made) == set()


def test_main_that_joins_one_who_waits_for_what_main_has_is_in_the_circle() -> None:
    made = scene({0: (0, "acquire")}, {0: (MAIN,)}, alive=(0,), mains=joins(0))

    assert stuck(made) == {0, MAIN}
    assert circles(made, stuck(made)) == [(0, MAIN)]


def test_main_that_joins_is_as_hopeful_as_whom_it_joins() -> None:
    assert stuck(replace(OPPOSITE, mains=joins(0))) == {0, 1, MAIN}
    assert circles(replace(OPPOSITE, mains=joins(0)), {0, 1, MAIN}) == [(0, 1)]
    assert stuck(scene({}, mains=joins(0))) == set()
    assert stuck(scene({}, alive=(), mains=joins(0))) == set()


def test_main_may_wait_as_anybody() -> None:
    made = scene({MAIN: (0, "acquire"), 0: (1, "acquire")}, {0: (0,), 1: (MAIN,)}, alive=(0,))

    assert stuck(made) == {0, MAIN}
    assert circles(made, stuck(made)) == [(0, MAIN)]


def test_each_of_two_circles_is_told_once() -> None:
    waits = {0: (1, "acquire"), 1: (0, "acquire"), 2: (3, "acquire"), 3: (2, "acquire"), 4: (0, "acquire")}
    made = scene(waits, {0: (0,), 1: (1,), 2: (2,), 3: (3,)}, alive=range(5))

    assert stuck(made) == set(range(5))
    assert circles(made, stuck(made)) == [(0, 1), (2, 3)]


def test_nobody_outside_is_in_a_circle() -> None:
    assert circles(OPPOSITE, {0}) == []


def test_a_circle_of_many_is_told_in_its_order() -> None:
    waits = {number: ((number + 1) % 5, "acquire") for number in range(5)}
    made = scene(waits, {number: (number,) for number in range(5)}, alive=range(5))

    assert circles(made, stuck(made)) == [(0, 1, 2, 3, 4)]


def test_all_stand_still_when_nobody_goes_on_and_nobody_will_be_ended() -> None:
    waiting = scene({0: (0, "get")}, alive=(0,), mains=ENDED)

    assert is_standstill(waiting)
    assert not is_standstill(replace(waiting, ending=frozenset({0})))
    assert is_standstill(replace(waiting, ending=frozenset({1})))
    assert not is_standstill(replace(waiting, mains=INDEPENDENT))


def test_main_alone_stands_still_only_while_it_waits() -> None:
    assert is_standstill(scene({MAIN: (0, "get")}, alive=()))
    assert not is_standstill(scene({}, alive=(), mains=ENDED))


# Made-up scenes.


NUMBERS = (*range(5), MAIN)
ROWS = range(4)
SOME = st.integers(0, 2 ** len(NUMBERS) - 1)


def chosen(bits: int) -> tuple[int, ...]:
    """Those of the numbers whose bits are set."""
    return tuple(number for place, number in enumerate(NUMBERS) if bits >> place & 1)


def made_up(
    living: int, waiting: int, waited: list[tuple[int, str]], holding: list[int], opened: int, main: int
) -> Scene:
    """A scene of numbers: who lives, who of these waits, for what, who has which row; rows that nobody has may be open.

    `main` is above those that it may join when it goes on by itself, and higher still when it has ended.
    """
    alive = set(chosen(living)) - {MAIN}
    mains = joins(main) if main < MAIN else INDEPENDENT if main == MAIN else ENDED
    may_wait = alive | ({MAIN} if mains is INDEPENDENT else set())
    waits = {
        number: wait for number, wait in zip(NUMBERS, waited, strict=True) if number in may_wait & {*chosen(waiting)}
    }
    holders = {
        row: tuple(one for one in chosen(bits) if one in alive | {MAIN})
        for row, bits in zip(ROWS, holding, strict=True)
    }
    return scene(
        waits,
        holders,
        alive,
        [(row, operation) for row, operation in waited if opened >> row & 1 and not holders[row]],
        mains,
    )


def scenes(operations: tuple[str, ...], holding: st.SearchStrategy[int]) -> st.SearchStrategy[Scene]:
    waited = st.tuples(st.sampled_from(ROWS), st.sampled_from(operations))
    return st.builds(
        made_up,
        living=SOME,
        waiting=SOME,
        waited=st.lists(waited, min_size=len(NUMBERS), max_size=len(NUMBERS)),
        holding=st.lists(holding, min_size=len(ROWS), max_size=len(ROWS)),
        opened=st.sampled_from((0, 0, 1, 2, 5)),
        main=st.sampled_from((*range(5), MAIN, MAIN, MAIN, MAIN + 1)),
    )


LOCKS = scenes(("acquire",), st.sampled_from((0, *(1 << place for place in range(len(NUMBERS))))))
"""Of locks only: one has it, or nobody."""
ANYTHING = scenes(("acquire", "acquire", "get", "put", "wait", "join"), SOME)


def can_ever_go_on(made: Scene) -> set[int]:
    """The processes that go on in any of all the orders in which those that run let go, end, and take what is free.

    What a dead process has had never comes back.
    """
    running = {number for number in made.alive if number not in made.waits}
    running |= {MAIN} if made.mains.goes_on and MAIN not in made.waits else set()
    held = frozenset((row, holder) for row, holders in made.holders.items() for holder in holders)
    held |= {(row, DEAD) for row in ROWS if not made.holders[row] and (row, "acquire") not in made.open}
    coming = [(frozenset(running), held)]
    seen = set(coming)
    ever: set[int] = set()
    while coming:
        runs, has = coming.pop()
        ever |= runs
        after = [(runs, has - {(row, holder)}) for row, holder in has if holder in runs]
        taken = {row for row, _ in has}
        for number, wait in made.waits.items():
            if number not in runs and wait.row not in taken:
                after.append((runs | {number}, has | {(wait.row, number)}))
        joined = made.mains.joined
        if joined is not None and (joined in runs or joined not in made.alive):
            after.append((runs | {MAIN}, has))
        new = [state for state in after if state not in seen]
        seen |= set(new)
        coming += new
    return ever


@settings(max_examples=share_of(1_000))
@given(LOCKS)
def test_with_locks_those_are_stuck_that_no_order_of_things_can_let_go_on(made: Scene) -> None:
    waiting = set(made.waits) | ({MAIN} if made.mains.joined is not None else set())

    assert stuck(made) == waiting - can_ever_go_on(made)


@settings(max_examples=share_of(500))
@given(ANYTHING)
def test_in_a_circle_each_waits_for_what_the_next_one_has(made: Scene) -> None:
    among = stuck(made)

    for circle in circles(made, among):
        assert set(circle) <= among
        assert circle[0] == min(circle)
        assert len(circle) == len(set(circle))
        for number, following in zip(circle, (*circle[1:], circle[0]), strict=True):
            if number == MAIN and made.mains.joined is not None:
                assert following == made.mains.joined
            else:
                assert following in made.holders[made.waits[number].row]


@settings(max_examples=share_of(300))
@given(LOCKS)
def test_with_locks_who_is_stuck_is_so_because_of_a_circle_or_of_who_has_ended(made: Scene) -> None:
    among = stuck(made)
    gone = [number for number in among if not set(made.waited_for(number)) or set(made.waited_for(number)) - among]

    assert not among or gone or circles(made, among)


@settings(max_examples=share_of(300))
@given(ANYTHING)
def test_who_runs_is_never_stuck(made: Scene) -> None:
    running = made.alive - set(made.waits) | ({MAIN} if made.mains.goes_on and MAIN not in made.waits else set())

    assert not stuck(made) & running
    assert not is_standstill(made) or not running


@settings(max_examples=share_of(500))
@given(ANYTHING, st.integers(0, 3))
def test_another_one_who_runs_and_has_something_makes_nobody_stuck(made: Scene, row: int) -> None:
    more = replace(
        made,
        alive=made.alive | {NEWCOMER},
        holders={**made.holders, row: (*made.holders[row], NEWCOMER)},
        givers={**made.givers, row: (*made.givers.get(row, ()), NEWCOMER)} if row in made.givers else made.givers,
    )

    assert stuck(more) <= stuck(made)


@settings(max_examples=share_of(500))
@given(ANYTHING)
def test_a_process_that_waits_for_what_no_process_can_release_is_stuck(made: Scene) -> None:
    assert bereft(made).keys() <= stuck(made)
