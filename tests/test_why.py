"""Why a run with shared things came out so: from what the supervisor found, made up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from runner.plan import Plan, ProcessPlan
from runner.things import (
    SharedArray,
    SharedBarrier,
    SharedCondition,
    SharedEvent,
    SharedLock,
    SharedQueue,
    SharedSemaphore,
    SharedValue,
)
from runner.why import Why

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.notes import Note
    from runner.plan import Json
    from runner.things import SharedPlan

FOUND: dict[str, Any] = {"waits": [], "holders": {}, "circles": [], "standstill": False, "in_vain": [], "bereft": []}


def why(*processes: ProcessPlan, shared: Iterable[SharedPlan] = ()) -> Why:
    made = processes or tuple(ProcessPlan(name, name, target="m:f") for name in "abc")
    return Why(Plan("f", "fork", made, (), (), shared=tuple(shared)))


def abouts(notes: Iterable[Note]) -> list[tuple[str, str | None]]:
    return [(note.about, note.process) for note in notes]


LOCKS = [SharedLock("left"), SharedLock("right"), SharedLock("both")]
CIRCLE = FOUND | {
    "waits": [[0, "right", "lock", "acquire"], [1, "left", "lock", "acquire"]],
    "holders": {"left": [0], "right": [1]},
    "circles": [[0, 1]],
}


def test_a_circle_is_told_with_what_each_has_and_waits_for() -> None:
    tells = why(shared=LOCKS)

    (note,) = tells.of_stuck(CIRCLE)

    assert (note.about, note.process) == ("deadlock", "a")
    assert "a has left and waits for right, which b has; b has right and waits for left, which a has." in note.text
    assert "the run is ended" not in note.text
    assert tells.deadlock == ["a", "b"]


def test_who_waits_for_what_somebody_died_with_ends_the_run() -> None:
    found = FOUND | {"waits": [[0, "right", "lock", "acquire"], [1, "left", "lock", "acquire"]], "bereft": [1]}

    (note,) = why(shared=LOCKS).of_stuck(found)

    assert (note.about, note.process) == ("who_waits", "b")
    assert note.text == "b waits for left, and would do so for ever: the run is ended."


def test_who_waits_for_the_dead_to_wake_is_told_so() -> None:
    found = FOUND | {"waits": [[0, "left", "event", "notify"]], "standstill": True}

    (note,) = why(shared=[SharedEvent("left")]).of_stuck(found)

    assert (note.about, note.process) == ("standstill", "a")
    assert "a waits inside left: somebody was ended while it waited there" in note.text


def test_a_circle_that_nobody_is_left_to_open_ends_the_run() -> None:
    (note,) = why(shared=LOCKS).of_stuck(CIRCLE | {"standstill": True})

    assert note.text.endswith("so the run is ended.")


def test_the_first_of_several_circles_is_the_runs_deadlock() -> None:
    tells = why(shared=LOCKS)
    waits = [*CIRCLE["waits"], [2, "both", "lock", "acquire"]]

    notes = list(tells.of_stuck(CIRCLE | {"waits": waits, "circles": [[0, 1], [2]]}))

    assert abouts(notes) == [("deadlock", "a"), ("deadlock", "c")]
    assert tells.deadlock == ["a", "b"]
    assert abouts(tells.of_stuck(FOUND | {"standstill": True, "waits": waits})) == []


@pytest.mark.parametrize(
    ("thing", "kind", "instead"),
    [
        (SharedLock("left"), "lock", "an rlock can"),
        (SharedSemaphore("left", 1), "semaphore", "has to be released first"),
    ],
)
def test_who_waits_for_itself_is_told_what_to_do_instead(thing: SharedPlan, kind: str, instead: str) -> None:
    found = FOUND | {"waits": [[1, "left", kind, "acquire"]], "holders": {"left": [1]}, "circles": [[1]]}

    (note,) = why(shared=[thing]).of_stuck(found)

    assert "b waits for left, and has it itself" in note.text
    assert instead in note.text


def test_main_that_joins_is_part_of_a_circle() -> None:
    found = FOUND | {
        "waits": [[0, "left", "lock", "acquire"]],
        "holders": {"left": [3]},
        "circles": [[0, 3]],
    }

    (note,) = why(shared=LOCKS).of_stuck(found)

    assert "a waits for left, which MainProcess has; MainProcess has left and waits for the end of a." in note.text


THINGS: list[SharedPlan] = [
    SharedQueue("items"),
    SharedQueue("work", joinable=True),
    SharedCondition("news"),
    SharedEvent("start"),
    SharedBarrier("gate", 4),
    SharedSemaphore("door", 0),
]


@pytest.mark.parametrize(
    ("wait", "in_vain", "about", "text"),
    [
        (["items", "queue", "get"], [], "missing_poison_pill", "a waits for an item of items"),
        (["items", "queue", "put"], [], "standstill", "a waits for room in items"),
        (["items", "queue", "flush"], [], "join_before_get", "a waits to end: what it has put into items"),
        (["work", "joinable_queue", "join"], [], "standstill", "until every item of work is done"),
        (["news", "condition", "wait"], ["news"], "lost_wakeup", "which was notified when nobody waited"),
        (["news", "condition", "wait"], ["other"], "standstill", "to be notified of news, and nobody is left"),
        (["start", "event", "wait"], [], "standstill", "for start to be set"),
        (["gate", "barrier", "wait"], [], "standstill", "at the barrier gate, which opens when 4 are there"),
        (["door", "semaphore", "acquire"], [], "standstill", "for door, and nobody is left who releases it"),
    ],
)
def test_when_nobody_goes_on_it_is_said_what_each_waits_for(
    wait: list[str], in_vain: list[str], about: str, text: str
) -> None:
    found = FOUND | {"waits": [[0, *wait]], "standstill": True, "in_vain": in_vain}

    (note,) = why(shared=THINGS).of_stuck(found)

    assert (note.about, note.process) == (about, "a")
    assert text in note.text
    assert note.text.endswith("So nothing can happen any more, and the run is ended.")


def test_those_that_wait_for_the_same_are_told_of_together() -> None:
    waits = [[0, "items", "queue", "get"], [1, "items", "queue", "get"], [2, "start", "event", "wait"]]

    first, second = why(shared=THINGS).of_stuck(FOUND | {"waits": waits, "standstill": True})

    assert (first.about, first.process, second.process) == ("missing_poison_pill", "a", "c")
    assert first.text.startswith("a and b wait for an item of items")
    assert "the run is ended" not in first.text
    assert second.text.startswith("c waits for start to be set")


def test_where_nobody_waits_for_a_thing_there_is_nothing_to_say() -> None:
    assert list(why(shared=THINGS).of_stuck(FOUND | {"standstill": True})) == []


def test_at_the_time_limit_it_is_said_who_waits_for_what_and_who_has_it() -> None:
    waits = [[0, "left", "lock", "acquire"], [1, "right", "lock", "acquire"], [3, "items", "queue", "get"]]

    (note,) = why(shared=LOCKS).of_picture(FOUND | {"waits": waits, "holders": {"left": [1], "right": [0, 2]}})

    assert (note.about, note.process) == ("who_waits", None)
    assert note.text == (
        "At the time limit: a waits for left (acquire), which b has; "
        "b waits for right (acquire), which a and c have; MainProcess waits for items (get)."
    )


def test_at_the_time_limit_nothing_is_said_when_nobody_waits() -> None:
    assert list(why(shared=LOCKS).of_picture(FOUND)) == []


def test_a_semaphore_released_too_often_is_told_once() -> None:
    tells = why(shared=[SharedSemaphore("door", 2)])

    (note,) = tells.of_extra_release(1, "door", 3)

    assert (note.about, note.process) == ("extra_release", "b")
    assert "now there are 3 permits, and door was made with 2" in note.text
    assert list(tells.of_extra_release(1, "door", 4)) == []


@pytest.mark.parametrize(
    ("thing", "free"),
    [(SharedSemaphore("door", 2), 2), (SharedSemaphore("door", 0), 1), (SharedLock("door"), 1)],
)
def test_a_semaphore_as_a_sign_is_no_surprise(thing: SharedPlan, free: int) -> None:
    assert list(why(shared=[thing]).of_extra_release(0, "door", free)) == []


# Sums.


def change(step: str, thing: str = "total", kind: str = "value", at: Json = None) -> Json:
    return {"step": step, "to": {"ref": thing}, "kind": kind, "value": 1, "at": at}


ADD, WRITE, OTHER = change("add"), change("write"), change("add", "other")


def adding(*steps: Json, number: int = 2) -> tuple[ProcessPlan, ...]:
    return tuple(ProcessPlan(f"p{place}", "p", do=steps) for place in range(number))


TOTAL = SharedValue("total", "int64", 10)


def notes_of(
    amount: float,
    value: Json,
    *processes: ProcessPlan,
    thing: SharedPlan = TOTAL,
    place: str = "total",
    guards: tuple[str, ...] = (),
) -> list[Note]:
    """The notes about a sum that came to this value, all processes of which have told what they added."""
    made = why(*(processes or adding(ADD)), shared=[thing, SharedValue("other", "int64", 0)])
    told = [number for number in range(len(processes) or 2) if number < 2]
    return list(made.of_the_end({place: [amount, told, list(guards)]}, {thing.name: value}))


def test_additions_that_are_not_in_the_sum_are_lost() -> None:
    (note,) = notes_of(2000, 1510)

    assert (note.about, note.process) == ("lost_updates", None)
    assert "total is 1,510, and should be 2,010: of what p0 and p1 added, 500 is lost" in note.text
    assert "nothing that all of them hold guards total" in note.text


def test_a_guard_that_lets_in_several_is_named() -> None:
    (note,) = notes_of(2000, 1510, guards=("door",))

    assert "though all of them held door: it lets in more than one at a time" in note.text


def test_a_sum_that_is_right_is_nothing_to_say() -> None:
    assert notes_of(2000, 2010) == []


@pytest.mark.parametrize(("amount", "value", "times"), [(300, 54, "once"), (600, 98, "twice"), (800, 42, "3 times")])
def test_a_number_that_wrapped_around_is_told(amount: int, value: int, times: str) -> None:
    (note,) = notes_of(amount, value, thing=SharedValue("total", "uint8", 10))

    assert (note.about, note.process) == ("overflow", None)
    assert f"wrapped around {times.replace('twice', '2 times')}, to {value}" in note.text
    assert "holds 0 to 255" in note.text


def test_a_number_that_wrapped_around_below_is_told() -> None:
    (note,) = notes_of(-200, 66, thing=SharedValue("total", "int8", 10))

    assert note.about == "overflow"


def test_a_number_may_have_wrapped_around_and_have_lost_additions_besides() -> None:
    overflow, lost = notes_of(300, 50, thing=SharedValue("total", "uint8", 10))

    assert (overflow.about, lost.about) == ("overflow", "lost_updates")
    assert "some is lost, too" in lost.text


@pytest.mark.parametrize(("amount", "value", "dtype"), [(2.5, 11.0, "float64"), (2, 11.0, "float32"), (-2, 9, "int64")])
def test_what_is_lost_of_floats_and_of_what_was_taken_away_is_told(amount: float, value: Json, dtype: str) -> None:
    (note,) = notes_of(amount, value, thing=SharedValue("total", dtype, 10))

    assert note.about == "lost_updates"


@pytest.mark.parametrize(
    ("amount", "value", "thing"),
    [
        (2.5, 12.5, SharedValue("total", "float64", 10.0)),
        (2.5, 12.500000000001, SharedValue("total", "float64", 10.0)),  # rounded
        (2, None, TOTAL),
        (2, True, SharedValue("total", "int64", 10)),
        (2, 1, SharedValue("total", "bool", 0)),
        (2, 13, TOTAL),  # more than was told: somebody else has added
    ],
)
def test_where_nothing_is_missing_nothing_is_said(amount: float, value: Json, thing: SharedPlan) -> None:
    assert notes_of(amount, value, thing=thing) == []


@pytest.mark.parametrize(
    ("thing", "value", "abouts"),
    [
        (SharedArray("total", "int64", 3, 8), [0, 4, 0], ["lost_updates"]),
        (SharedArray("total", "int64", 3, 8, (0, 1, 0)), [0, 6, 0], []),
        (SharedArray("total", "int64", 3, 8), [], []),
        (SharedArray("total", "int64", 3, 8), None, []),
    ],
)
def test_the_number_of_an_array_is_one_of_its_items(thing: SharedPlan, value: Json, abouts: list[str]) -> None:
    assert [note.about for note in notes_of(5, value, thing=thing, place="total[1]")] == abouts


NESTED: Json = {"step": "repeat", "times": 2, "do": [{"step": "with", "thing": {"ref": "l"}, "do": [WRITE]}]}


@pytest.mark.parametrize(
    "others",
    [
        (ProcessPlan("x", "x", target="m:f", args=({"ref": "total"},)),),
        (ProcessPlan("x", "x", target="m:f", kwargs={"where": {"ref": "total"}}),),
        (ProcessPlan("x", "x", do=(WRITE,)),),
        (ProcessPlan("x", "x", do=(NESTED,)),),
        (ProcessPlan("x", "x", do=({"step": "child", "name": "c", "do": [ADD]},)),),
        (ProcessPlan("x", "x", do=(ADD,)),),  # it has not told what it added
    ],
)
def test_nothing_is_said_of_a_number_that_others_may_have_changed(others: tuple[ProcessPlan, ...]) -> None:
    assert notes_of(2000, 1510, *adding(ADD), *others) == []


def test_those_that_do_something_else_do_not_matter() -> None:
    others = (
        ProcessPlan("x", "x", target="m:f", args=({"ref": "other"},)),
        ProcessPlan("y", "y", do=(OTHER, {"step": "print", "value": {"ref": "total"}})),
    )

    assert [note.about for note in notes_of(2000, 1510, *adding(ADD), *others)] == ["lost_updates"]


@pytest.mark.parametrize("place", ["total", "total[x]", "total[-1]", "total[3]"])
def test_an_item_that_is_none_of_the_array_is_left_alone(place: str) -> None:
    assert notes_of(5, [0, 4, 0], thing=SharedArray("total", "int64", 3, 8, (0, 1, 0)), place=place) == []


@pytest.mark.parametrize(("at", "lost"), [(0, True), (1, False), ({"ref": "index"}, False)])
@pytest.mark.parametrize("step", ["add", "write"])
def test_of_an_array_only_a_change_in_another_place_does_not_matter(step: str, at: Json, lost: bool) -> None:
    other = ProcessPlan("x", "x", do=(change(step, kind="array", at=at),))
    adders = adding(change("add", kind="array", at=1))

    found = notes_of(5, [0, 4, 0], *adders, other, thing=SharedArray("total", "int64", 3, 8), place="total[1]")

    assert bool(found) is lost


def test_what_was_added_to_what_is_no_number_is_left_alone() -> None:
    made = why(*adding(ADD), shared=[SharedQueue("total")])

    assert list(made.of_the_end({"total": [5, [0], []], "unknown": [5, [0], []]}, {"total": 3})) == []
