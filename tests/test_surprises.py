"""What surprises in somebody's own target, from what processes tell of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from runner.model.events import Event, Output
from runner.model.plan import JobPlan, Plan, ProcessPlan
from runner.model.records import replace
from runner.notes.targets import SLOW_START_S, TargetNotes
from tests.events import event_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.model.words import TargetWord
    from runner.notes.note import Note

ENDED: dict[str, Any] = {"error": None, "signal": None, "ended_by": "return"}


def surprises(start_method: Any = "spawn", preload: tuple[str, ...] = (), **fields: Any) -> TargetNotes:
    processes = tuple(ProcessPlan(name, name, target="m:f", **fields) for name in "abc")
    return TargetNotes(Plan("f", start_method, processes, (), (JobPlan("j", "process", (0, 1, 2)),), preload=preload))


def event(name: str, process: str | None = "a", **fields: Any) -> Event:
    return event_of(0, 0.0, "", name, "r", {"process": process, **fields})


def exited(**fields: Any) -> Event:
    return event("process.exited", **ENDED | fields)


def abouts(notes: Iterable[Note]) -> list[tuple[str, str | None]]:
    return [(note.about, note.process) for note in notes]


def test_who_did_nothing_surprising_is_not_spoken_of() -> None:
    found = surprises()

    assert list(found.about(event("process.started"), 1.0)) == []
    assert list(found.about(exited(), 2.0)) == []
    assert list(found.about(event("note", None), 2.0)) == []
    assert list(found.at_the_end()) == []


@pytest.mark.parametrize("signal", ["SIGTERM", "SIGKILL"])
def test_a_finally_that_was_skipped_is_told_with_its_line(signal: str) -> None:
    found = surprises()
    found.hear(0, "finally", [12], 1.0)

    (note,) = found.about(exited(signal=signal, ended_by="signal"), 2.0)

    assert (note.about, note.process) == ("finally_skipped", "a")
    assert f"a was ended by {signal}" in note.text
    assert "`finally` in line 12" in note.text


@pytest.mark.parametrize(
    ("fields", "signal", "skipped"),
    [
        ({}, None, False),
        ({}, "SIGSEGV", False),
        ({"on_terminate": "unwind"}, "SIGTERM", False),
        ({"on_terminate": "unwind"}, "SIGKILL", True),
    ],
)
def test_a_finally_that_may_have_run_is_not_told(fields: dict[str, Any], signal: str | None, skipped: bool) -> None:
    found = surprises(**fields)
    found.hear(0, "finally", [12], 1.0)

    assert bool(list(found.about(exited(signal=signal), 2.0))) is skipped


def test_a_daemon_that_tried_to_have_a_child_is_told_why_it_cannot() -> None:
    error = {"type": "AssertionError", "message": "daemonic processes are not allowed to have children"}

    (note,) = surprises().about(exited(error=error, ended_by="exception"), 2.0)

    assert (note.about, note.process) == ("daemon_children", "a")
    assert list(surprises().about(exited(error=error | {"message": "x == 1"}, ended_by="exception"), 2.0)) == []
    assert list(surprises().about(exited(error=error | {"type": "ValueError"}, ended_by="exception"), 2.0)) == []


def test_a_global_that_several_changed_is_none_that_they_share() -> None:
    found = surprises()
    found.hear(1, "globals", ["m", ["seen", "other"]], 1.0)
    found.hear(0, "globals", ["m", ["seen"]], 1.0)

    (note,) = found.at_the_end()

    assert (note.about, note.process) == ("global_not_shared", None)
    assert "a and b changed the global `seen` of the module m" in note.text


@pytest.mark.parametrize(
    ("start_method", "preload", "why"),
    [
        ("fork", ("numpy",), "a forked process has a copy"),
        ("forkserver", ("numpy",), "a forked process has a copy"),
        ("fork", (), "have brought it into that state"),
        ("spawn", ("numpy",), "have brought it into that state"),
    ],
)
def test_numbers_drawn_in_the_same_state_are_the_same(start_method: str, preload: tuple[str, ...], why: str) -> None:
    found = surprises(start_method, preload)
    for number, name, numbers in ((0, "x", 7), (2, "x", 7), (1, "x", 8), (1, "y", 7)):
        found.hear(number, "drawn", [name, numbers], 1.0)

    (note,) = found.at_the_end()

    assert (note.about, note.process) == ("same_random_numbers", None)
    assert note.text.startswith("a and c drew from x in the same state")
    assert "Create a generator in each process, in the target and not in the module" in note.text
    assert why in note.text


@pytest.mark.parametrize(
    ("error", "is_told"),
    [
        ({"type": "EOFError", "message": "EOF when reading a line"}, True),
        ({"type": "EOFError", "message": "", "traceback": 'File "/lib/getpass.py", line 1\n'}, True),
        ({"type": "bdb.BdbQuit", "message": ""}, True),
        ({"type": "EOFError", "message": ""}, False),  # of a pipe
        ({"type": "ValueError", "message": "EOF when reading a line"}, False),
    ],
)
def test_a_process_that_reads_from_stdin_is_told_that_it_has_none(error: dict[str, Any], is_told: bool) -> None:
    notes = list(surprises().about(exited(error={"traceback": None} | error, ended_by="exception"), 2.0))

    assert abouts(notes) == ([("no_stdin", "a")] if is_told else [])


@pytest.mark.parametrize(
    ("line", "is_told"),
    [
        ("n = int(open(0).readline())", True),
        ("n = int(os.read(0, 9))", True),
        ("n = json.load(os.fdopen(0))", True),
        ("n = json.load(open('/dev/stdin'))", True),
        ("n = next(fileinput.input())", True),
        ("n = int(sys.stdin.readline())", True),
        ("n = int(open('file').readline())", False),
        ("subprocess.run(words, stdin=subprocess.DEVNULL, check=True)", False),
    ],
)
def test_a_process_that_fails_in_a_line_that_reads_from_stdin_is_told_that_it_has_none(
    line: str, is_told: bool
) -> None:
    library = '  File "/usr/lib/python3.11/json/__init__.py", line 3, in load\n    return loads(fp.read())\n'
    traceback = f'Traceback (most recent call last):\n  File "/a/b.py", line 7, in work\n    {line}\n{library}'
    error = {"type": "ValueError", "message": "x", "traceback": f"{traceback}ValueError: x\n"}

    notes = list(surprises().about(exited(error=error, ended_by="exception"), 2.0))

    assert abouts(notes) == ([("no_stdin", "a")] if is_told else [])
    assert all(
        note.text.startswith(f"a failed in a line that reads from stdin, `{line}` (ValueError)") for note in notes
    )


def test_a_read_from_stdin_is_told_at_once_and_not_again_with_its_error() -> None:
    found = surprises()

    (note,) = found.hear(0, "read_stdin", [], 1.0)

    assert (note.about, note.process) == ("no_stdin", "a")
    assert note.text.startswith("a read from stdin and got its end at once: a process has no stdin of its own")
    error = {"type": "EOFError", "message": "EOF when reading a line", "traceback": None}
    assert list(found.about(exited(error=error, ended_by="exception"), 2.0)) == []


def test_a_fork_beside_threads_is_told_once_with_their_names() -> None:
    found = surprises()

    (own,) = found.hear(0, "forked_with", [["poller"], True], 1.0)
    (of_all,) = found.hear(0, "forked_with", [["x", "y"], False], 1.0)

    assert found.hear(0, "forked_with", [["poller"], True], 1.0) == []
    assert found.of_fork(None, ["x"]) == []
    assert abouts([own, of_all]) == [("forked_with_threads", "a"), ("forked_with_threads", None)]
    assert own.text.startswith("a forked a process while it had the thread poller: ")
    assert of_all.text.startswith("The processes of this run are forked from one that has the threads x and y, which")


@pytest.mark.parametrize(
    ("functions", "files", "words"),
    [
        (["save"], [], ": save, registered with `atexit`, was not called. "),
        (["save", "close"], [], ": save and close, registered with `atexit`, were not called. "),
        (["save"], ["x", "y"], ", was not called, and the text in the buffer of x and y was not written. "),
    ],
)
def test_what_a_forked_process_skips_at_its_end_is_told(functions: list[str], files: list[str], words: str) -> None:
    found = surprises("fork")
    found.hear(0, "left_for_exit", [[*functions]], 1.0)
    found.hear(0, "unwritten", [[*files]], 1.5)

    (note,) = found.about(exited(), 2.0)

    assert (note.about, note.process) == ("exit_skipped", "a")
    assert words in note.text


@pytest.mark.parametrize(
    ("finalizers", "folders", "words"),
    [
        (["that of x"], [], ": that of x has not run. "),
        (["that of x", "that of y"], ["/t"], "that of x and that of y have not run, and /t, of `tempfile.Temp"),
        ([], ["/t"], ": /t, of `tempfile.TemporaryDirectory`, stays on disk. "),
        ([], ["/t", "/u"], ": /t and /u, of `tempfile.TemporaryDirectory`, stay on disk. "),
    ],
)
def test_finalizers_that_a_forked_process_skips_are_told(finalizers: list[str], folders: list[str], words: str) -> None:
    found = surprises("fork")
    found.hear(0, "unfinalized", [[*finalizers], [*folders]], 1.5)

    (note,) = found.about(exited(), 2.0)

    assert (note.about, note.process) == ("exit_skipped", "a")
    assert words in note.text


@pytest.mark.parametrize(
    ("start_method", "end", "have_run"),
    [("spawn", {}, False), ("fork", {"ended_by": "unreported"}, False), ("fork", {"ended_by": "return"}, True)],
)
def test_what_is_not_skipped_or_goes_without_saying_is_not_told(
    start_method: str, end: dict[str, Any], have_run: bool
) -> None:
    found = surprises(start_method)
    found.hear(0, "exit_functions_run", [], 1.0)
    found.hear(0, "left_for_exit", [["save"]], 1.0)
    if have_run:
        found.hear(0, "exit_functions_run", [], 1.0)

    assert list(found.about(exited(**end), 2.0)) == []


def test_what_keeps_a_process_alive_is_told_when_it_is_stopped() -> None:
    found = surprises()
    found.hear(0, "remaining", ["has returned", None, ["poller"], [], 0], 1.0)

    assert abouts(found.about(event("process.terminating"), 2.0)) == [("lives_on", "a")]


def slow(started: float, began: float, ended: float, start_method: str = "spawn") -> list[Note]:
    """The notes on a process that was started, began its work and was done with it at these times; and on another."""
    found = surprises(start_method)
    for number, name in enumerate("ab"):
        list(found.about(event("process.started", name), started))
        found.hear(number, "worked", [began, ended], ended)
        list(found.about(event("process.exited", name, **ENDED), ended + 9))
    return list(found.at_the_end())


def test_a_start_that_took_longer_than_the_work_is_told() -> None:
    note, other = slow(1.0, 1.2, 1.21)

    assert (note.about, note.process, other.process) == ("slow_start", "a", "b")
    assert "a took 200 ms to start and 10 ms to do its work: under spawn" in note.text


def test_under_forkserver_no_process_begins_as_a_new_interpreter() -> None:
    note, _ = slow(1.0, 1.2, 1.21, "forkserver")

    assert "new interpreter" not in note.text
    assert "imports what the file does not `preload`" in note.text


@pytest.mark.parametrize("times", [(1.0, 1.2, 1.3), (1.0, 1.0 + SLOW_START_S / 2, 1.0 + SLOW_START_S / 2)])
def test_a_start_that_was_worth_it_is_not_told(times: tuple[float, float, float]) -> None:
    assert slow(*times) == []


def test_who_was_never_seen_to_start_did_not_start_slowly() -> None:
    found = surprises()
    found.hear(0, "worked", [5.0, 5.0], 5.0)

    assert list(found.about(exited(), 5.0)) == []
    assert list(found.at_the_end()) == []


@pytest.mark.parametrize(
    ("what", "said"),
    [("finally", ["x"]), ("globals", ["m"]), ("drawn", [7]), ("worked", [1, 2])],
)
def test_what_is_not_understood_is_dropped(what: TargetWord, said: list[Any]) -> None:
    found = surprises()

    found.hear(0, what, said, 1.0)
    found.hear(1, what, said, 1.0)

    assert list(found.about(exited(signal="SIGTERM"), 2.0)) == []
    assert list(found.at_the_end()) == []


def test_of_mains_hand_nothing_is_kept() -> None:
    found = surprises()

    found.hear(3, "drawn", ["x", 7], 1.0)
    found.hear(0, "drawn", ["x", 7], 1.0)

    assert list(found.at_the_end()) == []


SAYS = Output(0, "stdout", b"x", 0.0)


@pytest.mark.parametrize(
    ("written_at", "words"),
    [
        (
            (1.0, 0.5),
            (
                "b printed before a, which was started before it and does the same: running processes reach "
                "their steps in any order"
            ),
        ),
        (
            (None, None),
            "What b printed was read before what a printed, which was started before it and does the same (",
        ),
    ],
)
def test_a_moment_of_reading_is_called_so(written_at: tuple[float | None, float | None], words: str) -> None:
    found = surprises()
    for number, name in enumerate("ab"):
        list(found.about(event("process.started", name), 0.1 * number))
        said = replace(SAYS, process=number, data=b"x\n", at=1.0 - number / 2, written_at=(written_at[number],))
        found.note_output(said)

    (note,) = found.at_the_end()

    assert note.text.startswith(words)


def test_who_waits_for_others_has_an_order_of_its_own() -> None:
    found = surprises(args=({"ref": "door"},))
    for number, name in enumerate("abc"):
        list(found.about(event("process.started", name), 0.1 * number))
    for number, at in enumerate([3.0, 2.0, 1.0]):
        found.note_output(replace(SAYS, process=number, at=at))

    assert list(found.at_the_end()) == []


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({0: 1.0, 1: 0.999, 2: 1.1}, [("print_order", "b")]),
        ({0: 1.0, 1: 1.001, 2: 1.002}, []),
        ({0: 1.0, 1: None, 2: 1.1}, []),
    ],
)
def test_where_it_is_known_when_lines_were_written_that_is_their_order(
    written: dict[int, float | None], told: list[tuple[str, str | None]]
) -> None:
    found = surprises()
    for number, name in enumerate("abc"):
        list(found.about(event("process.started", name), 0.1 * number))
    for number, at in written.items():
        found.note_output(replace(SAYS, process=number, data=b"x\n", at=1.2 - number / 1000, written_at=(at,)))

    assert abouts(found.at_the_end()) == told


@pytest.mark.parametrize(
    ("heard", "told"),
    [
        ({0: 1.0, 1: 1.1, 2: 1.2}, []),
        ({0: 1.0, 1: 0.9, 2: 1.2}, [("print_order", "b")]),
        ({0: 1.0, 1: 1.2, 2: 1.1}, [("print_order", "c")]),
        ({0: 1.0, 1: 0.996, 2: 1.2}, []),  # nobody knows which came first
        ({0: 1.0, 2: 0.5}, [("print_order", "c")]),
        ({1: 1.0}, []),
    ],
)
def test_who_was_started_later_and_heard_first_is_told(
    heard: dict[int, float], told: list[tuple[str, str | None]]
) -> None:
    found = surprises()
    for number, name in enumerate("abc"):
        list(found.about(event("process.started", name), 0.1 * number))
    for number, at in heard.items():
        found.note_output(replace(SAYS, process=number, at=at))
        found.note_output(replace(SAYS, process=number, at=9.0))  # what comes later is no first word

    assert abouts(found.at_the_end()) == told


@pytest.mark.parametrize(
    "output",
    [
        replace(SAYS, process=None, at=0.1),
        replace(SAYS, process=2, at=None),
        replace(SAYS, process=2, at=0.1, data=b""),
        replace(SAYS, process=2, at=0.1, stream="stderr"),
    ],
)
def test_what_is_no_word_of_a_process_makes_no_order(output: Output) -> None:
    found = surprises()
    found.note_output(replace(SAYS, process=0, at=5.0))
    found.note_output(output)

    assert list(found.at_the_end()) == []
