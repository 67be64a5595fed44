"""What is said of processes that wait for room."""

from __future__ import annotations

import pytest

from runner.model.messages import Stuck, Wait
from runner.model.plan import Plan, ProcessPlan
from runner.model.shared_things import SharedBarrier, SharedEvent, SharedPlan
from runner.notes.waiting import WaitingNotes
from runner.notes.waiting_for_room import of_lacking_room

PROCESSES = tuple(ProcessPlan(f"p{number}", "p", target="m:f") for number in range(4))


def stuck(thing: SharedPlan, kind: str, *, without_room: tuple[int, ...]) -> list[str]:
    plan = Plan("f", "fork", PROCESSES, (), (), shared=(thing,))
    waits = (Wait(0, thing.name, kind, "wait"), Wait(1, thing.name, kind, "wait"))
    found = Stuck(1.0, waits, {}, {}, (), True, (), (), (), without_room, 2)
    return [f"{note.about} {note.process}: {note.text}" for note in WaitingNotes(plan).of_stuck(found)]


def test_the_first_process_without_room_is_told_with_the_limit() -> None:
    (note,) = of_lacking_room("p2", 2)

    assert (note.about, note.process) == ("no_room", "p2")
    assert note.text.startswith("There is room for 2 processes at once: the limit of open files (`ulimit -n`)")


def test_a_barrier_that_more_are_to_meet_at_than_have_room_says_so() -> None:
    standstill, room = stuck(SharedBarrier("gate", 4), "barrier", without_room=(2, 3))

    assert "p0 and p1 wait at the barrier gate: 4 are to meet there, and only 2 have room (`ulimit -n`)." in standstill
    assert room.startswith("no_room p2: 2 processes cannot be started: there is room for 2 processes at once")


@pytest.mark.parametrize(("without_room", "said"), [((3,), "1 process cannot"), ((2, 3), "2 processes cannot")])
def test_those_that_will_never_have_room_are_counted(without_room: tuple[int, ...], said: str) -> None:
    standstill, room = stuck(SharedEvent("go"), "event", without_room=without_room)

    assert standstill.startswith("standstill p0: p0 and p1 wait for go to be set")
    assert said in room
