"""Why a run with shared things came out so: from what the supervisor found, made up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from runner.model.event_types import ProcessExited
from runner.model.messages import (
    ItemDropped,
    ItemsUnsent,
    ManagerDied,
    ReleasedExtra,
    Stuck,
    Wait,
    WaitsAtTimeLimit,
)
from runner.model.plan import Plan, ProcessPlan
from runner.model.records import replace
from runner.model.shared_things import (
    SharedBarrier,
    SharedCondition,
    SharedEvent,
    SharedLock,
    SharedManaged,
    SharedQueue,
    SharedSemaphore,
)
from runner.notes.manager import of_dead_manager
from runner.notes.waiting import WaitingNotes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runner.model.messages import Explained
    from runner.model.shared_things import SharedPlan
    from runner.model.words import EndedBy
    from runner.notes.note import Note


def found(
    waits: Iterable[Sequence[Any]] = (),
    holders: Mapping[str, Sequence[int]] | None = None,
    circles: Iterable[Sequence[int]] = (),
    **changes: Any,
) -> Stuck:
    """What the watch found: these waits, each in the order of a `Wait`, and these holders and circles."""
    nothing: dict[str, Any] = {"standstill": False, "in_vain": (), "bereft": (), "died": (), "givers": {}}
    return Stuck(
        at=1.0,
        waits=tuple(Wait(*wait) for wait in waits),
        holders={thing: tuple(numbers) for thing, numbers in (holders or {}).items()},
        circles=tuple(map(tuple, circles)),
        **nothing | changes,
    )


def why(*processes: ProcessPlan, shared: Iterable[SharedPlan] = ()) -> WaitingNotes:
    made = processes or tuple(ProcessPlan(name, name, target="m:f") for name in "abc")
    return WaitingNotes(Plan("f", "fork", made, (), (), shared=tuple(shared)))


def at_limit(stuck: Stuck) -> WaitsAtTimeLimit:
    return WaitsAtTimeLimit(stuck.at, stuck.waits, stuck.holders)


def abouts(notes: Iterable[Note]) -> list[tuple[str, str | None]]:
    return [(note.about, note.process) for note in notes]


LOCKS = [SharedLock("left"), SharedLock("right"), SharedLock("both")]
RIGHT_AND_LEFT = [[0, "right", "lock", "acquire"], [1, "left", "lock", "acquire"]]
CIRCLE = found(waits=RIGHT_AND_LEFT, holders={"left": [0], "right": [1]}, circles=[[0, 1]])


def test_a_circle_is_told_with_what_each_has_and_waits_for() -> None:
    tells = why(shared=LOCKS)

    (note,) = tells.of_stuck(CIRCLE)

    assert (note.about, note.process) == ("deadlock", "a")
    assert (
        "a holds left and waits for right, which b holds; b holds right and waits for left, which a holds." in note.text
    )
    assert "the run was stopped" not in note.text
    assert tells.deadlock == ("a", "b")


def test_who_waits_for_what_somebody_died_with_ends_the_run() -> None:
    picture = found(
        waits=[[0, "right", "lock", "acquire"], [1, "left", "lock", "acquire"]],
        bereft=[1],
        died=["left"],
    )

    (note,) = why(shared=LOCKS).of_stuck(picture)

    assert (note.about, note.process) == ("who_waits", "b")
    assert note.text == "b would wait for left for ever: no process can release it any more. So the run was stopped."


@pytest.mark.parametrize(
    ("operation", "holders", "text"),
    [
        ("acquire", [], "b would wait for left for ever: no process can release it any more."),
        ("acquire", [0], "b would wait for left for ever: a holds it, and never releases it."),
        ("acquire", [0, 2], "b would wait for left for ever: a and c hold it, and never release it."),
        ("get", [], "b would wait for an item of left for ever: no process can get an item any more."),
        (
            "flush",
            [],
            "b would never end: the items that it has put into left cannot be written to the queue's pipe any more.",
        ),
        ("enter", [], "b would wait inside left for ever: no process can use left any more."),
    ],
)
def test_why_a_wait_lasts_for_ever_is_said_of_each_operation(operation: str, holders: list[int], text: str) -> None:
    waits = [[0, "right", "lock", "acquire"], [1, "left", "lock", operation]]
    picture = found(waits=waits, holders={"left": holders}, bereft=[1])

    (note,) = why(shared=LOCKS).of_stuck(picture)

    assert (note.about, note.text) == ("standstill", f"{text} So the run was stopped.")


def test_in_a_standstill_a_wait_that_lasts_for_ever_is_reported_once() -> None:
    waits = [[0, "right", "lock", "acquire"], [1, "left", "lock", "acquire"]]
    picture = found(waits=waits, givers={"right": [1]}, bereft=[1], standstill=True)

    first, second = why(shared=LOCKS).of_stuck(picture)

    assert first.text.startswith("b would wait for left for ever")
    assert second.text.startswith("a waits for right, which only b can release.")


def test_who_has_what_is_waited_for_in_a_standstill_is_named() -> None:
    waits = [[0, "left", "lock", "acquire"], [1, "bell", "condition", "wait"]]
    picture = found(waits=waits, holders={"left": [1]}, standstill=True)

    first, _ = why(shared=[SharedLock("left"), SharedCondition("bell")]).of_stuck(picture)

    assert first.text == "a waits for left, which b holds, and no process is left that releases it."


def test_who_waits_for_the_dead_to_wake_is_told_so() -> None:
    picture = found(waits=[[0, "left", "event", "notify"]], standstill=True)

    (note,) = why(shared=[SharedEvent("left")]).of_stuck(picture)

    assert (note.about, note.process) == ("standstill", "a")
    assert "a waits inside left: a process was ended while it waited there" in note.text


def test_a_circle_that_nobody_is_left_to_open_ends_the_run() -> None:
    (note,) = why(shared=LOCKS).of_stuck(replace(CIRCLE, standstill=True))

    assert note.text.endswith("so the run was stopped.")


def test_the_first_of_several_circles_is_the_runs_deadlock() -> None:
    tells = why(shared=LOCKS)
    waits = [*RIGHT_AND_LEFT, [2, "both", "lock", "acquire"]]

    notes = list(tells.of_stuck(found(waits, CIRCLE.holders, circles=[[0, 1], [2]])))

    assert abouts(notes) == [("deadlock", "a"), ("deadlock", "c")]
    assert tells.deadlock == ("a", "b")
    assert abouts(tells.of_stuck(found(standstill=True, waits=waits))) == []


@pytest.mark.parametrize(
    ("thing", "kind", "instead"),
    [
        (SharedLock("left"), "lock", "an rlock can"),
        (SharedSemaphore("left", 1), "semaphore", "has to release it first"),
    ],
)
def test_who_waits_for_itself_is_told_what_to_do_instead(thing: SharedPlan, kind: str, instead: str) -> None:
    picture = found(waits=[[1, "left", kind, "acquire"]], holders={"left": [1]}, circles=[[1]])

    (note,) = why(shared=[thing]).of_stuck(picture)

    assert "b waits for left, and holds it itself" in note.text
    assert instead in note.text


def test_main_that_joins_is_part_of_a_circle() -> None:
    picture = found(
        waits=[[0, "left", "lock", "acquire"]],
        holders={"left": [3]},
        circles=[[0, 3]],
    )

    (note,) = why(shared=LOCKS).of_stuck(picture)

    assert "a waits for left, which MainProcess holds; MainProcess holds left and waits for the end of a." in note.text


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
        (["items", "queue", "flush"], [], "join_before_get", "a waits to end: the items that it has put into items"),
        (["work", "joinable_queue", "join"], [], "standstill", "until every item of work is done"),
        (["news", "condition", "wait"], ["news"], "lost_wakeup", "which was notified when no process waited"),
        (["news", "condition", "wait"], ["other"], "standstill", "to be notified of news, and no process is left"),
        (["start", "event", "wait"], [], "standstill", "for start to be set"),
        (["gate", "barrier", "wait"], [], "standstill", "at the barrier gate, which opens when 4 are there"),
        (["start", "event", "enter"], [], "standstill", "inside start, whose own lock another process holds"),
        (["door", "semaphore", "acquire"], [], "standstill", "for door, and no process is left that releases it"),
    ],
)
def test_when_nobody_goes_on_it_is_said_what_each_waits_for(
    wait: list[str], in_vain: list[str], about: str, text: str
) -> None:
    picture = found(waits=[[0, *wait]], standstill=True, in_vain=in_vain)

    (note,) = why(shared=THINGS).of_stuck(picture)

    assert (note.about, note.process) == (about, "a")
    assert text in note.text
    assert note.text.endswith("So nothing can happen any more, and the run was stopped.")


def test_an_item_that_was_cut_off_with_its_putter_is_not_said_to_be_missing() -> None:
    waits = [[0, "items", "queue", "get"]]

    [note] = why(shared=THINGS).of_stuck(found(waits=waits, standstill=True, died=["items"]))

    assert note.text.startswith(
        "a waits for an item of items, and a process that has ended still holds a lock of items"
    )


def test_those_that_wait_for_the_same_are_told_of_together() -> None:
    waits = [[0, "items", "queue", "get"], [1, "items", "queue", "get"], [2, "start", "event", "wait"]]

    first, second = why(shared=THINGS).of_stuck(found(waits=waits, standstill=True))

    assert (first.about, first.process, second.process) == ("missing_poison_pill", "a", "c")
    assert first.text.startswith("a and b wait for an item of items")
    assert "the run was stopped" not in first.text
    assert second.text.startswith("c waits for start to be set")


def test_where_nobody_waits_for_a_thing_there_is_nothing_to_say() -> None:
    assert list(why(shared=THINGS).of_stuck(found(standstill=True))) == []


def test_at_the_time_limit_it_is_said_who_waits_for_what_and_who_has_it() -> None:
    waits = [[0, "left", "lock", "acquire"], [1, "right", "lock", "acquire"], [3, "items", "queue", "get"]]

    (note,) = why(shared=LOCKS).of_waits_at_time_limit(at_limit(found(waits, {"left": [1], "right": [0, 2]})))

    assert (note.about, note.process) == ("who_waits", None)
    assert note.text == (
        "At the time limit: a waits for left (acquire), which b holds; "
        "b waits for right (acquire), which a and c hold; MainProcess waits for items (get)."
    )


def test_at_the_time_limit_nothing_is_said_when_nobody_waits() -> None:
    assert list(why(shared=LOCKS).of_waits_at_time_limit(at_limit(found()))) == []


def test_each_release_of_a_semaphore_that_is_one_too_many_is_a_note() -> None:
    tells = why(shared=[SharedSemaphore("door", 2)])

    (note,) = tells.of_extra_release(ReleasedExtra(1.0, 1, "door", 3))

    assert (note.about, note.process) == ("extra_release", "b")
    assert "now it has 3 permits, and was created with 2" in note.text
    (second,) = tells.of_extra_release(ReleasedExtra(1.0, 1, "door", 4))
    assert (second.about, second.subject) == (note.about, note.subject)


@pytest.mark.parametrize(
    ("thing", "free"),
    [(SharedSemaphore("door", 2), 2), (SharedSemaphore("door", 0), 1), (SharedLock("door"), 1)],
)
def test_a_semaphore_as_a_sign_is_no_surprise(thing: SharedPlan, free: int) -> None:
    assert list(why(shared=[thing]).of_extra_release(ReleasedExtra(1.0, 0, "door", free))) == []


def test_of_many_waits_the_first_are_told_and_the_last_one_counts_the_others() -> None:
    things: list[SharedPlan] = [SharedEvent(f"e{number}") for number in range(9)]
    waits = [[0, f"e{number}", "event", "wait"] for number in range(9)]

    notes = list(why(shared=things).of_stuck(found(waits=waits, standstill=True)))

    assert len(notes) == 5
    assert notes[-1].text.endswith(
        "There are 4 more waits like these. So nothing can happen any more, and the run was stopped."
    )


def test_of_a_long_circle_the_first_links_and_the_last_are_told() -> None:
    waits = [[number, "left", "lock", "acquire"] for number in (0, 1, 2)] * 10
    holders = {"left": [0, 1, 2]}

    (note,) = why(shared=LOCKS).of_stuck(found(waits=waits, holders=holders, circles=[[0, 1, 2] * 10]))

    assert "… (22 more like these)" in note.text
    assert len(note.text) < 600


WAITS_FOR_ITEM = found(waits=[[1, "box", "queue", "get"]], standstill=True)
WAITS_UNTIL_DONE = found(waits=[[1, "box", "joinable_queue", "join"]], standstill=True)


def test_an_item_that_was_dropped_is_told_with_its_putter_and_why() -> None:
    (note,) = why(shared=[SharedQueue("box")]).of_dropped(ItemDropped(1.0, 0, "box", "TypeError: cannot pickle it"))

    assert (note.about, note.process, note.subject) == ("item_lost", "a", "box")
    assert note.text.startswith("An item that a put into box was lost: TypeError: cannot pickle it. ")


def end(signal: str | None, ended_by: EndedBy) -> ProcessExited:
    nothing: dict[str, Any] = dict.fromkeys(ProcessExited.__match_args__)
    return ProcessExited(**nothing | {"signal": signal, "ended_by": ended_by})


@pytest.mark.parametrize(
    ("items", "end", "was_dropped", "words"),
    [
        (1, end("SIGKILL", "signal"), False, "An item that a had put into box was lost with the"),
        (1, end("SIGKILL", "signal"), False, ": SIGKILL ended it before its feeder thread"),
        (3, end(None, "unreported"), False, "3 items that a had put into box were lost with the"),
        (3, end(None, "unreported"), False, ": it left by os._exit"),
        (1, end(None, "return"), False, ": it had called `cancel_join_thread`"),
        (1, end(None, "return"), True, ": its feeder thread had ended with the exception"),
    ],
)
def test_items_that_a_process_had_not_sent_are_told_with_how_it_ended(
    items: int, end: ProcessExited, was_dropped: bool, words: str
) -> None:
    tells = why(shared=[SharedQueue("box")])
    if was_dropped:
        list(tells.of_dropped(ItemDropped(1.0, 0, "box", "TypeError")))

    (note,) = tells.of_unsent(ItemsUnsent(1.0, 0, "box", items, writing=False), end)

    assert (note.about, note.process) == ("item_lost", "a")
    assert words in note.text


@pytest.mark.parametrize(
    ("items", "words"),
    [
        (1, "An item that a was writing into box when the process ended may have been lost with it."),
        (2, "An item that a had put into box was lost with the process, and perhaps one more, which it was writing: "),
        (3, "2 items that a had put into box were lost with the process, and perhaps one more, which it was writing: "),
    ],
)
def test_an_item_that_was_being_written_may_be_lost(items: int, words: str) -> None:
    killed = end("SIGKILL", "signal")

    (note,) = why(shared=[SharedQueue("box")]).of_unsent(ItemsUnsent(1.0, 0, "box", items, writing=True), killed)

    assert note.text.startswith(words)


@pytest.mark.parametrize("picture", [WAITS_FOR_ITEM, WAITS_UNTIL_DONE])
def test_what_waits_for_a_lost_item_is_not_told_that_none_was_put(picture: Stuck) -> None:
    tells = why(shared=[SharedQueue("box")])
    list(tells.of_unsent(ItemsUnsent(1.0, 0, "box", 1, writing=False), end(None, "return")))

    (note,) = tells.of_stuck(picture)

    assert (note.about, note.process) == ("item_lost", "b")
    assert "one that a had put " in note.text
    assert "puts one in" not in note.text


@pytest.mark.parametrize(
    ("exit_code", "words"),
    [
        (-9, "lived, was killed by SIGKILL: "),
        (1, "lived, ended with exit code 1: "),
        (None, "lived, has ended: "),
    ],
)
def test_the_managers_death_is_told_with_what_lived_there(exit_code: int | None, words: str) -> None:
    shared: list[SharedPlan] = [
        SharedQueue("box"),
        SharedManaged("book", "list", []),
        SharedManaged("ages", "dict", {"dict": []}),
    ]

    note = of_dead_manager(shared, exit_code)

    assert (note.about, note.process) == ("manager_died", None)
    assert note.text.startswith(f"The manager's process, in which book and ages {words}")


@pytest.mark.parametrize(
    ("message", "about"),
    [
        (WAITS_FOR_ITEM, "missing_poison_pill"),
        (at_limit(WAITS_FOR_ITEM), "who_waits"),
        (ItemDropped(1.0, 0, "box", "no"), "item_lost"),
        (ItemsUnsent(1.0, 0, "box", 1, writing=False), "item_lost"),
        (ManagerDied(1.0, -9), "manager_died"),
        (ReleasedExtra(1.0, 0, "seats", 3), "extra_release"),
    ],
)
def test_what_the_supervisor_says_is_explained(message: Explained, about: str) -> None:
    shared: list[SharedPlan] = [SharedQueue("box"), SharedSemaphore("seats", 2), SharedManaged("book", "list", [])]

    notes = why(shared=shared).about(message, {0: end("SIGKILL", "signal")})

    assert [note.about for note in notes] == [about]
