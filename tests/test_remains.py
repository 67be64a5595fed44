"""What keeps a process alive when its target is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from runner.notes.kept_alive import SOON_S, KeptAliveNotes

if TYPE_CHECKING:
    from runner.model.words import TargetWord
    from runner.notes.note import Note


def reported(*said: tuple[TargetWord, list[Any]]) -> list[Note]:
    """The notes when this has been reported of a process that still runs after a while."""
    made = KeptAliveNotes()
    for what, rest in said:
        assert made.hear("a", what, rest, 1.0) == []
    return made.hear("a", "lives_on", [], 1.5)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (("remaining", ["has returned", None, ["poller"], [], 0]), "The target of a has returned, and the"),
        (
            ("remaining", ["has returned", None, ["poller"], [], 0]),
            "lives on because of its thread poller. A process ends",
        ),
        (("remaining", ["has returned", None, ["x", "y"], [], 0]), "because of its threads x and y. "),
        (("remaining", ["has raised ValueError", None, [], ["kid"], 0]), "has raised ValueError, and the process"),
        (("remaining", ["has returned", None, [], ["kid", "other"], 0]), "of its child processes kid and other. "),
        (("unsent", ["box", 1]), "is over, and the process lives on because of an item put into box and not yet in"),
        (("unsent", ["box", 2000]), "because of 2,000 items put into box and not yet in its pipe. "),
    ],
)
def test_what_keeps_a_process_alive_is_named(said: tuple[TargetWord, list[Any]], words: str) -> None:
    (note,) = reported(said)

    assert (note.about, note.process) == ("lives_on", "a")
    assert words in note.text


def test_all_that_keeps_a_process_alive_is_named_once() -> None:
    (note,) = reported(("remaining", ["has returned", None, ["t"], ["kid"], 0]), ("unsent", ["box", 1]))

    assert "its thread t; its child process kid; an item put into box and not yet in its pipe. " in note.text


def test_what_has_ended_between_two_looks_is_not_named() -> None:
    (note,) = reported(
        ("unsent", ["box", 1]),
        ("remaining", ["has returned", None, ["t"], ["kid"], 0]),
        ("remaining", ["has returned", None, [], ["kid"], 0]),
    )

    assert "because of its child process kid. " in note.text


@pytest.mark.parametrize(
    ("function", "threads", "items", "words"),
    [
        ("app.save", [], 0, "The target of a has returned, and the exit function app.save is running. A process ends"),
        ("app.save", ["t"], 0, "app.save is running, and the process lives on because of its thread t. A process ends"),
        ("app.Guard.__del__", [], 0, "has returned, and the method app.Guard.__del__ is running. "),
        (None, [], 1, "because of an item put into a queue of its own and not yet in its pipe. "),
    ],
)
def test_a_function_that_runs_at_the_end_is_named(
    function: str | None, threads: list[str], items: int, words: str
) -> None:
    (note,) = reported(("remaining", ["has returned", function, threads, [], items]))

    assert words in note.text


def test_where_nothing_remains_there_is_no_note() -> None:
    assert reported(("remaining", ["has returned", None, [], [], 0])) == []


@pytest.mark.parametrize("said", [[], [("remaining", ["has returned"])], [("unsent", [7, 7])], [("lives_on", [1])]])
def test_of_a_process_that_reported_nothing_there_is_no_note(said: list[tuple[TargetWord, list[Any]]]) -> None:
    assert reported(*said) == []


@pytest.mark.parametrize(("later_s", "notes"), [(SOON_S / 2, 0), (2 * SOON_S, 1)])
def test_a_process_that_is_stopped_is_reported_unless_its_target_has_just_ended(later_s: float, notes: int) -> None:
    made = KeptAliveNotes()
    made.hear("a", "remaining", ["has returned", None, ["poller"], [], 0], 1.0)

    assert len(made.see_stop("a", 1.0 + later_s)) == notes
    assert len(made.hear("a", "lives_on", [], 1.5)) == 1 - notes
    assert made.see_stop("b", 1.0) == []
