"""Whether numbers are the sums of what was added to them: from what processes told, made up."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from runner.model.messages import Added
from runner.model.plan import Plan, ProcessPlan
from runner.model.shared_things import SharedArray, SharedManaged, SharedQueue, SharedValue
from runner.notes.lost_updates import of_sums

if TYPE_CHECKING:
    from runner.model.json_types import Json, StepData
    from runner.model.shared_things import SharedPlan
    from runner.notes.note import Note


def change(
    step: str, thing: str = "total", kind: str = "value", at: Json = None, value: Json = 1, times: int = 1
) -> StepData:
    return {"step": step, "to": {"ref": thing}, "kind": kind, "value": value, "at": at, "times": times}


ADD, WRITE, OTHER = change("add"), change("write"), change("add", "other")


def adding(*steps: StepData, number: int = 2) -> tuple[ProcessPlan, ...]:
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
    doers = processes or adding(ADD)
    plan = Plan("f", "fork", doers, (), (), shared=(thing, SharedValue("other", "int64", 0)))
    added = Added(amount, tuple(range(min(len(doers), 2))), guards)
    return list(of_sums(plan, {place: added}, {thing.name: value}))


def test_additions_that_are_not_in_the_sum_are_lost() -> None:
    (note,) = notes_of(2000, 1510)

    assert (note.about, note.process) == ("lost_updates", None)
    assert "total is 1,510, and should be 2,010: 500 of what p0 and p1 added is lost" in note.text
    assert "no lock that all of them hold guards total" in note.text


def test_a_guard_that_lets_in_several_is_named() -> None:
    (note,) = notes_of(2000, 1510, guards=("door",))

    assert "all of them held door, which admits more than one process at a time" in note.text


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
    assert "is lost, too" in lost.text


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
    adders = adding(change("add", kind="array", at=1))

    assert [note.about for note in notes_of(5, value, *adders, thing=thing, place="total[1]")] == abouts


NESTED: StepData = {"step": "repeat", "times": 2, "do": [{"step": "with", "thing": {"ref": "l"}, "do": [WRITE]}]}


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


@pytest.mark.parametrize("place", ["total[1]", "total[x]", "total[-1]", "total[3]"])
def test_an_item_that_is_none_of_the_array_is_left_alone(place: str) -> None:
    adders = adding(change("add", kind="array", at=3))

    assert notes_of(5, [0, 4, 0], *adders, thing=SharedArray("total", "int64", 3, 8, (0, 1, 0)), place=place) == []


@pytest.mark.parametrize(("at", "lost"), [(0, True), (1, False), (-1, False), ({"ref": "index"}, False)])
@pytest.mark.parametrize("step", ["add", "write"])
def test_of_an_array_only_a_change_in_another_place_does_not_matter(step: str, at: Json, lost: bool) -> None:
    other = ProcessPlan("x", "x", do=(change(step, kind="array", at=at),))
    adders = adding(change("add", kind="array", at=1))

    found = notes_of(5, [0, 4, 0], *adders, other, thing=SharedArray("total", "int64", 3, 8), place="total[1]")

    assert bool(found) is lost


@pytest.mark.parametrize("place", ["total", "unknown"])
def test_what_was_added_to_what_is_no_number_is_left_alone(place: str) -> None:
    assert notes_of(5, 3, thing=SharedQueue("total"), place=place) == []


# What is no loss.


@pytest.mark.parametrize(
    ("amount", "value", "thing"),
    [
        (1, 16777216.0, SharedValue("total", "float32", 16777216)),
        (300, 12, TOTAL),
        (10_000.000000018848, 9_998.5568, SharedValue("total", "float32", 0)),
    ],
)
def test_of_what_one_alone_has_added_nothing_is_lost(amount: float, value: float, thing: SharedPlan) -> None:
    assert notes_of(amount, value, *adding(ADD, number=1), thing=thing) == []


def test_a_number_of_one_alone_may_wrap_around() -> None:
    (note,) = notes_of(300, 50, *adding(ADD, number=1), thing=SharedValue("total", "uint8", 10))

    assert note.about == "overflow"


@pytest.mark.parametrize(
    ("dtype", "initial", "step", "amount", "value", "abouts"),
    [
        ("float32", 16777216, change("add"), 2, 16777216.0, []),
        ("float32", 0, change("add", value=0.1, times=100_000), 20_000.00000003, 19_958.2, []),
        ("float32", 0, change("add", value=0.1, times=100_000), 20_000.00000003, 11_400.0, ["lost_updates"]),
        ("float32", 0, change("add", value={"ref": "x"}), 20_000.5, 9_000.0, []),
        ("float64", 0, change("add", value=0.1, times=100_000), 20_000.00000003, 19_999.9, ["lost_updates"]),
    ],
)
def test_rounding_is_no_loss(
    dtype: str, initial: float, step: StepData, amount: float, value: float, abouts: list[str]
) -> None:
    found = notes_of(amount, value, *adding(step), thing=SharedValue("total", dtype, initial))

    assert [note.about for note in found] == abouts


def test_what_is_repeated_is_rounded_each_time() -> None:
    loop: StepData = {"step": "repeat", "times": 100_000, "do": [change("add", value=0.1)]}
    total = SharedValue("total", "float32", 0)

    assert notes_of(20_000.00000003, 19_958.2, *adding(loop), thing=total) == []


@pytest.mark.parametrize("dtype", ["int64", "uint8"])
def test_of_what_whole_numbers_cut_off_nothing_is_said(dtype: str) -> None:
    adders = adding(change("add", kind="array", at=0, value=0.5, times=1000))

    assert notes_of(1000.0, [0], *adders, thing=SharedArray("total", dtype, 1, 8), place="total[0]") == []


# Of both signs.

OFTEN = change("add", times=100_000)
BACK = change("add", value=-1, times=100_000)
BOTH = (ProcessPlan("deposit", "d", do=(OFTEN,)), ProcessPlan("withdraw", "w", do=(BACK,)))


@pytest.mark.parametrize("value", [-66_909, 15_651])
def test_of_what_is_added_and_taken_away_any_difference_is_lost(value: int) -> None:
    (note,) = notes_of(0, value, *BOTH, thing=SharedValue("total", "int64", 0))

    assert note.about == "lost_updates"
    assert "should be 0: some of what deposit and withdraw added and subtracted is lost." in note.text


def test_what_is_added_and_taken_away_may_come_out_right() -> None:
    assert notes_of(0, 10, *BOTH) == []


@pytest.mark.parametrize(("value", "abouts"), [(12, []), (13, ["lost_updates"]), (11, ["lost_updates"])])
def test_of_what_is_known_only_when_it_is_added_any_difference_is_lost(value: int, abouts: list[str]) -> None:
    adders = adding(change("add", value={"ref": "x"}), ADD)

    assert [note.about for note in notes_of(2, value, *adders)] == abouts


# In a manager.


@pytest.mark.parametrize(
    ("thing", "at", "place", "value", "abouts"),
    [
        (SharedManaged("total", "dict", {"dict": [["n", 0]]}), "n", "total['n']", {"n": 375}, ["lost_updates"]),
        (SharedManaged("total", "dict", {"dict": [["n", 1]]}), "n", "total['n']", {"n": 601}, []),
        (SharedManaged("total", "dict", {"dict": [["n", 0.5]]}), "n", "total['n']", {"n": 600.5}, []),
        (SharedManaged("total", "dict", {"dict": [["n", 0.5]]}), "n", "total['n']", {"n": 300.5}, ["lost_updates"]),
        (SharedManaged("total", "dict", {"dict": []}), "n", "total['n']", {"n": 375}, []),
        (SharedManaged("total", "dict", {"dict": [["n", "x"]]}), "n", "total['n']", {"n": "xy"}, []),
        (SharedManaged("total", "list", [5, 0]), 1, "total[1]", [5, 375], ["lost_updates"]),
        (SharedManaged("total", "list", [5]), 1, "total[1]", [5, 375], []),
        (SharedManaged("total", "list", [5, 0]), 1, "total[1]", "<cannot be read>", []),
        (SharedManaged("total", "namespace", {"dict": [["n", 0]]}), "n", "total.n", {"n": 375}, ["lost_updates"]),
    ],
)
def test_what_was_added_in_a_manager_is_counted_too(
    thing: SharedManaged, at: Json, place: str, value: Json, abouts: list[str]
) -> None:
    adders = adding(change("add", kind=thing.of, at=at, times=300))

    found = notes_of(600, value, *adders, thing=thing, place=place)

    assert [note.about for note in found] == abouts


def test_of_a_sum_that_nobody_knows_nothing_is_said() -> None:
    thing = SharedManaged("total", "dict", {"dict": [["n", 0]]})
    adders = adding(change("add", kind="dict", at="n", value={"ref": "x"}))

    assert notes_of(math.nan, {"n": 375}, *adders, thing=thing, place="total['n']") == []
