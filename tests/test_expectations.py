"""What a file says under `expect`, against events and output that are made up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from runner.model.events import Event, Output
from runner.model.plan import Declared, Expect, Plan, ProcessPlan
from runner.model.shared_things import SharedArray, SharedManaged, SharedValue
from runner.notes.expectations import MAX_OUTPUT, Expectations, not_as_declared
from runner.notes.note import Note
from tests.events import event_of
from tests.output import split

if TYPE_CHECKING:
    from runner.model.json_types import Json
    from runner.model.shared_things import SharedPlan


def expectations(*expects: Expect | None, run: Declared | None = None) -> Expectations:
    """Of a run with a process for each of these, called a, b, c …"""
    named = zip("abc"[: len(expects)], expects, strict=True)
    processes = tuple(ProcessPlan(name, name, target="m:f", expect=expect) for name, expect in named)
    return Expectations(Plan("f", "fork", processes, (), (), expect=run))


def exited(process: str, t: float = 1.0, expected: bool = True) -> Event:
    return event_of(0, t, "", "process.exited", "r", {"process": process, "expected": expected, "ended_at": t})


def unmet(found: Expectations, outcome: str = "succeeded", has_deadlock: bool = False, **values: Json) -> list[Note]:
    return found.unmet(outcome, values, has_deadlock)


def test_where_the_file_says_nothing_nothing_is_unmet() -> None:
    found = expectations(None)

    assert not found.wants_output
    assert found.see(exited("a", expected=False)) == []
    assert found.see(event_of(0, 0.0, "", "process.started", "r", {"process": "a"})) == []
    assert unmet(found, "failed") == []


def test_an_end_that_is_not_as_declared_is_told_at_once() -> None:
    found = expectations(Expect(exit_code=1))

    (told,) = found.see(exited("a", expected=False))

    assert (told.about, told.process) == ("not_as_declared", "a")
    assert "a ends with exit code 1 (an error), and it did not" in told.text
    assert told == not_as_declared("a", Expect(exit_code=1))
    assert found.has_wrong_end
    assert unmet(found) == []


def printed(found: Expectations, *pieces: tuple[str, bytes]) -> list[Note]:
    """What is unmet after process 0 has written these pieces."""
    for output in split(*(Output(0, stream, data) for stream, data in (*pieces, ("stdout", b"")))):
        found.note_output(output)
    return unmet(found)


@pytest.mark.parametrize(
    ("lines", "pieces"),
    [
        ((), []),
        (("one", "two"), [("stdout", b"one\ntw"), ("stdout", b"o\n")]),
        (("one",), [("stdout", b"one")]),
        (("one", ""), [("stdout", b"one\n\n")]),
        (("one",), [("stderr", b"warning\n"), ("stdout", b"one\n")]),
        (("a\rb", "c\u2028d"), [("stdout", "a\rb\nc\u2028d\n".encode())]),
        (("\\xff",), [("stdout", b"\xff\n")]),
    ],
)
def test_lines_are_compared_as_they_were_printed(lines: tuple[str, ...], pieces: list[tuple[str, bytes]]) -> None:
    found = expectations(Expect(output=lines))

    assert found.wants_output
    assert printed(found, *pieces) == []


@pytest.mark.parametrize(
    ("lines", "data", "text"),
    [
        (("one", "two"), b"one\n2\n", "line 2 of what a prints is 'two'; it is '2'"),
        (("one", "two"), b"one\n", "line 2 of what a prints is 'two'; it printed no more"),
        (("one",), b"one\ntwo\n", "a prints one line; it printed more, beginning with 'two'"),
        (("one",), b"", "line 1 of what a prints is 'one'; it printed no more"),
        (("one",), b"\n", "line 1 of what a prints is 'one'; it is ''"),
    ],
)
def test_the_first_line_that_differs_is_told(lines: tuple[str, ...], data: bytes, text: str) -> None:
    (told,) = printed(expectations(Expect(output=lines)), ("stdout", data))

    assert (told.about, told.process) == ("not_as_declared", "a")
    assert text in told.text


def test_what_others_print_is_theirs() -> None:
    found = expectations(Expect(output=()), None)

    for output in split(Output(1, "stdout", b"one\n"), Output(None, "stdout", b"two\n")):
        found.note_output(output)

    assert unmet(found) == []


def test_of_endless_output_not_all_is_kept() -> None:
    found = expectations(Expect(output=("x",)))
    piece = b"y" * (MAX_OUTPUT // 2) + b"\n"

    for _ in range(10):
        found.note_output(*split(Output(0, "stdout", piece)))

    (told,) = unmet(found)
    assert len(told.text) < 2 * len(piece)


BEFORE = Expect(before=("b", "c"))


@pytest.mark.parametrize(
    ("ends", "late"),
    [
        ({"a": 1.0, "b": 2.0, "c": 3.0}, []),
        ({"a": 1.0, "b": 1.0, "c": 1.0}, []),
        ({"a": 2.0, "b": 1.0, "c": 3.0}, ["b, and it did not."]),
        ({"a": 3.0, "b": 1.0, "c": 2.0}, ["b and c, and it did not."]),
        ({"a": 1.0, "b": 1.0}, ["c, and c was not started."]),
        ({"a": 1.0}, ["b and c, and b and c were not started."]),
        ({"a": 2.0, "b": 1.0}, ["b, and it did not.", "c, and c was not started."]),
        ({"b": 1.0}, ["b and c, and it was not started."]),
    ],
)
def test_who_is_to_end_before_others_is_held_to_it(ends: dict[str, float], late: list[str]) -> None:
    found = expectations(BEFORE, None, None)
    for name, at in ends.items():
        found.see(exited(name, at))

    told = [each.text for each in unmet(found)]

    assert told == [f"The file says under `expect` that a ends before {each}" for each in late]


def test_an_end_that_is_declared_needs_a_start() -> None:
    (told,) = unmet(expectations(Expect(exit_code=0)))

    assert told.text.endswith("that a ends with exit code 0 (no error), and it was not started.")


def test_where_nothing_is_said_of_the_end_any_will_do() -> None:
    found = expectations(Expect(output=()))

    assert found.see(exited("a", expected=False)) == []
    assert not found.has_wrong_end


@pytest.mark.parametrize(
    ("thing", "expected", "found", "guard"),
    [
        (SharedValue("total", "int64", 0), 3, 2, "with total.get_lock():"),
        (SharedValue("total", "int64", 0, locked=False), 3, 2, "with lock:"),
        (SharedArray("total", "int64", 2, 8), [3, 3], [3, 1], "with lock:"),
        (SharedValue("total", "int64", 0), 3, 4, None),
        (SharedArray("total", "int64", 2, 8), [3, 3], [4, 3], None),
        (SharedArray("total", "int64", 2, 8), [3, 3], None, None),
        (SharedManaged("total", "list", []), [3, 3], [3, 1], None),
    ],
)
def test_where_targets_share_a_number_that_is_too_small_it_is_said_what_may_take_of_it(
    thing: SharedPlan, expected: Json, found: Json, guard: str | None
) -> None:
    processes = tuple(ProcessPlan(name, name, target="m:f", args=({"ref": "total"},)) for name in "ab")
    declared = Declared(values={"total": expected})

    (told,) = Expectations(Plan("f", "fork", processes, (), (), expect=declared, shared=(thing,))).unmet(
        "succeeded", {"total": found}, has_deadlock=False
    )

    assert ("a and b have total: an addition is lost if" in told.text) is (guard is not None)
    assert guard is None or told.text.endswith(f"(`{guard}`).")


def test_a_number_that_one_target_alone_has_is_not_said_to_have_lost_any() -> None:
    alone = ProcessPlan("a", "a", target="m:f", args=({"ref": "total"},))
    total = SharedValue("total", "int64", 0)
    found = Expectations(Plan("f", "fork", (alone,), (), (), expect=Declared(values={"total": 3}), shared=(total,)))

    assert [told.text for told in unmet(found, total=2)] == ["`expect` says that total is 3 in the end, and it is 2."]


TIMED_OUT = (
    "The run timed out, and `expect` says nothing about its outcome, so it has to succeed. "
    "To expect this outcome, write `outcome: timed_out` there."
)


def test_where_an_end_is_wrong_no_outcome_of_the_run_helps() -> None:
    found = expectations(Expect(exit_code=1), run=Declared())
    found.see(exited("a", expected=False))

    (told,) = unmet(found, "failed")

    assert told.text == "The run failed, and `expect` says nothing about its outcome, so it has to succeed."


@pytest.mark.parametrize(
    ("declared", "came", "text"),
    [
        (Declared(), {}, None),
        (Declared(outcome="failed"), {"outcome": "failed"}, None),
        (Declared(), {"outcome": "timed_out"}, TIMED_OUT),
        (Declared(outcome="failed"), {}, "The run succeeded, and `expect` says `failed`."),
        (Declared(deadlock=True), {"has_deadlock": True}, None),
        (Declared(deadlock=True), {}, "There was no deadlock, and `expect` says `deadlock: true`."),
        (
            Declared(deadlock=False),
            {"has_deadlock": True},
            "There was a deadlock, and `expect` says `deadlock: false`.",
        ),
        (Declared(values={"total": 3}), {"total": 3}, None),
        (Declared(values={"total": 3}), {"total": 2}, "`expect` says that total is 3 in the end, and it is 2."),
        (Declared(values={"total": None}), {}, "`expect` says that total is None in the end, and it is not known."),
        (Declared(notes=("lost_updates",)), {}, None),
        (
            Declared(notes=("lost_updates", "overflow", "deadlock")),
            {},
            "`expect` says that there is a note about overflow and deadlock: there is none.",
        ),
    ],
)
def test_the_run_is_held_to_what_the_file_says_of_it(
    declared: Declared, came: dict[str, Any], text: str | None
) -> None:
    found = expectations(None, run=declared)
    found.see_note(Note("lost_updates", None, ""))

    told = unmet(found, **came)

    assert [each.text for each in told] == ([] if text is None else [text])
    assert all((each.about, each.process) == ("not_as_declared", None) for each in told)


@pytest.mark.parametrize(
    ("expected", "found", "says", "came"),
    [
        ("{}", "{" + "x" * 60_000, "'{}'", "'{" + "x" * 98 + "…"),
        ("a" * 500 + "b", "a" * 500 + "c", "…" + "a" * 20 + "b'", "…" + "a" * 20 + "c'"),
        ("short", "other", "'short'", "'other'"),
    ],
)
def test_of_a_long_line_the_part_is_shown_that_differs(expected: str, found: str, says: str, came: str) -> None:
    held = expectations(Expect(output=(expected,)))
    held.note_output(*split(Output(0, "stdout", f"{found}\n".encode())))
    held.see(exited("a"))

    (told,) = unmet(held)

    assert told.text == f"`expect` says that line 1 of what a prints is {says}; it is {came}."


def test_an_end_counts_from_when_it_was_and_not_from_when_it_was_noticed() -> None:
    found = expectations(Expect(before=("b",)), None)
    found.see(event_of(0, 1.0, "", "process.exited", "r", {"process": "b", "expected": True, "ended_at": 0.5}))
    found.see(event_of(1, 1.1, "", "process.exited", "r", {"process": "a", "expected": True, "ended_at": 0.4}))

    assert unmet(found) == []


def test_an_order_of_ends_that_only_the_noticing_makes_is_not_as_declared() -> None:
    found = expectations(Expect(before=("b",)), None)
    found.see(event_of(0, 1.0, "", "process.exited", "r", {"process": "a", "expected": True, "ended_at": 0.5}))
    found.see(event_of(1, 1.0, "", "process.exited", "r", {"process": "b", "expected": True, "ended_at": 0.4}))

    assert [note.about for note in unmet(found)] == ["not_as_declared"]
