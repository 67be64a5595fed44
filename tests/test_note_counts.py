"""Each kind of note is reported once for each job, and at the end of the run with its count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.model.event_json import to_json
from runner.notes.note import Note
from runner.notes.note_counts import MAX_NOTE, MAX_SUBJECTS, CountedNote, NoteCounts, merged
from tests.events import event_of

if TYPE_CHECKING:
    from runner.model.events import Event
    from runner.model.words import NoteWord

JOBS = {"a-0": "a", "a-1": "a", "b": "b"}


def counts_of(*notes: Note) -> tuple[NoteCounts, list[CountedNote]]:
    """The counts of these notes, and those that were the first of their kind, reported in the event 7."""
    counts = NoteCounts(JOBS)
    first = [kind for kind in map(counts.add, notes) if kind is not None]
    for kind in first:
        kind.reported_in = 7
    return counts, first


def note(process: str | None, text: str = "text", about: NoteWord = "lost", subject: str = "") -> Note:
    return Note(about, process, text, subject)


def test_the_first_note_of_a_kind_is_reported_in_each_job() -> None:
    _, first = counts_of(note("a-0"), note("a-1"), note("b"), note("a-0", about="timeout"), note(None), note(None))

    assert [(kind.note.about, kind.note.process) for kind in first] == [
        ("lost", "a-0"),
        ("lost", "b"),
        ("timeout", "a-0"),
        ("lost", None),
    ]


def test_the_end_repeats_what_came_more_than_once_with_its_count() -> None:
    counts, _ = counts_of(note("a-0", "It is lost."), note("b"), note("a-1"), note("a-0"))

    [kind] = counts.at_the_end()

    assert to_json(kind.fact()) == {
        "about": "lost",
        "process": "a-0",
        "text": "It is lost. Noted 3 times in all: a-0 and a-1.",
        "job": "a",
        "count": 3,
        "processes": ["a-0", "a-1"],
        "repeats": 7,
    }


def test_what_only_the_end_shows_is_reported_once() -> None:
    counts = NoteCounts(JOBS)
    counts.add(note("a-0"))
    counts.add(note("a-1"))
    counts.add(note("b"))

    of_a, of_b = (kind.fact() for kind in counts.at_the_end())

    assert (of_a.count, of_a.repeats, of_a.text) == (2, None, "text Noted 2 times in all: a-0 and a-1.")
    assert (of_b.count, of_b.repeats, of_b.text) == (1, None, "text")


def test_a_note_of_a_job_that_is_about_no_process_belongs_to_it() -> None:
    counts = NoteCounts(JOBS)

    kind = counts.add(note(None), "b")

    assert kind is not None
    assert (kind.fact().job, kind.fact().processes) == ("b", ())


def test_notes_with_different_subjects_are_reported_up_to_a_bound() -> None:
    counts, first = counts_of(*(note(None, f"thing {number}", subject=str(number)) for number in range(20)))

    assert [kind.note.text for kind in first] == [f"thing {number}" for number in range(MAX_SUBJECTS)]
    [rest] = counts.at_the_end()
    assert rest.fact().text == f"thing 0 Noted {20 - MAX_SUBJECTS + 1} times in all."


@pytest.mark.parametrize("times", [1, 2])
def test_no_note_is_longer_than_a_screen(times: int) -> None:
    counts = NoteCounts({f"{number:0300}": "j" for number in range(20)})
    for _ in range(times):
        for number in range(20):
            counts.add(note(f"{number:0300}", f"begin {'x ' * 9_000}end"))

    [kind] = counts.at_the_end()

    text = kind.fact().text
    assert len(text) <= MAX_NOTE
    assert text.startswith("begin x x")
    assert "x end Noted" in text


def test_a_long_note_keeps_its_beginning_and_its_end() -> None:
    _, [kind] = counts_of(note("b", f"begin {'x ' * 9_000}end"))

    text = kind.fact().text
    assert len(text) <= MAX_NOTE
    assert text.startswith("begin x x")
    assert text.endswith("x x end")


def event(seq: int, name: str = "note", **fields: object) -> Event:
    return event_of(seq, float(seq), "", name, "r", fields)


def test_events_have_each_note_once_when_the_repeats_are_merged() -> None:
    first, other = event(1, text="first", count=1, repeats=None), event(2, text="other", count=2, repeats=None)
    events = [
        event(0, "run.started"),
        first,
        other,
        event(3, text="first, twice", count=2, repeats=1),
        event(4, "run.finished"),
    ]

    found = merged(events)

    assert [one.seq for one in found] == [0, 1, 2, 4]
    assert (found[1].t, found[1].fields["text"]) == (1.0, "first, twice")


def test_notes_of_an_earlier_version_and_repeats_of_what_was_cut_stay() -> None:
    events = [event(0, text="old"), event(5, text="twice", count=2, repeats=3)]

    assert merged(events) == events
