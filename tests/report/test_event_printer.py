"""Events as lines for a person: what is shown, how, and to whom."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import pytest

from runner.report.terminal.event_printer import Console
from tests.events import event_of

if TYPE_CHECKING:
    from runner.model.events import Event

PROCESS: dict[str, Any] = {
    "job": "j",
    "process": "p",
    "pid": 7,
    "state": "started",
    "alive": True,
    "exit_code": None,
    "repr": "<Process>",
}
END: dict[str, Any] = {
    "exit_code": 1,
    "outcome": "failed",
    "expected": False,
    "ended_by": "exception",
    "stop_reason": None,
    "signal": None,
    "duration": 0.5,
    "cpu_seconds": 0.1,
    "max_rss": 1 << 20,
    "returned": None,
    "error": {"type": "ValueError", "message": "no\x1b[2J", "traceback": "…"},
}


def event(name: str, t: float = 0.0, **fields: Any) -> Event:
    return event_of(0, t, "2026-01-01T00:00:00Z", name, "r", fields)


def shown(*events: Event, verbose: bool = False, color: bool = False, width: int = 100, wraps: bool = False) -> str:
    file = io.StringIO()

    def write(text: str) -> None:
        file.write(text)

    console = Console(write, names=("p",), verbose=verbose, color=color, width=width, wraps=wraps)
    for each in events:
        console.tell(each)
    return file.getvalue()


def test_an_event_is_a_line_in_columns() -> None:
    text = shown(event("process.started", 1.5, **PROCESS), event("process.exited", 2.0, **PROCESS | END))

    assert text.splitlines() == [
        "   1.500s  p  started      pid 7",
        "   2.000s  p  failed       exit code 1, an error, after 500 ms; ValueError: no\\x1b[2J; not expected",
    ]


def test_only_who_asks_sees_every_event() -> None:
    events = [
        event("run.started", file="f", processes=2, start_method="fork"),
        event("process.created", **PROCESS, target="m:f", daemon=True),
        event("process.joined", **PROCESS, waited=0.1),
        event("process.wrote", process="p", stream="stdout", text="hello"),
        event("main.slept", seconds=0.5),
        event("main.ended", exit_code=0, error=None),
        event("job.result", job="j", type="t", result={}),
    ]

    assert shown(*events) == ""
    assert len(shown(*events, verbose=True).splitlines()) == len(events)


USER: dict[str, Any] = {"job": "j", "process": "p", "pid": 7, "thing": "door", "kind": "lock"}


@pytest.mark.parametrize(
    ("name", "fields", "line"),
    [
        ("main.slept", {"seconds": 0.5}, "main  slept        500 ms"),
        ("main.ended", {"exit_code": 0, "error": None}, "main  ended"),
        ("main.ended", {"exit_code": 3, "error": None}, "main  ended        exit code 3"),
        (
            "main.ended",
            {"exit_code": 1, "error": {"type": "Empty", "message": "", "traceback": None}},
            "main  ended        exit code 1; Empty",
        ),
        ("main.stopped", {"joining": "p", "waited": 1.0}, "main  stopped      in its join of p"),
        ("main.stopped", {"joining": None, "waited": None}, "main  stopped"),
        ("shared.waiting", USER | {"operation": "acquire", "timeout": None}, "p  waiting      door (acquire)"),
        ("shared.waiting", USER | {"operation": "get", "timeout": 2}, "p  waiting      door (get), at most 2 s"),
        (
            "shared.acquired",
            USER | {"operation": "acquire", "waited": 0.0, "skipped": 0},
            "p  acquired     door (acquire)",
        ),
        (
            "shared.acquired",
            USER | {"operation": "put", "waited": 0.25, "skipped": 1500},
            "p  acquired     door (put), after 250 ms; 1,500 before it not reported",
        ),
        ("shared.timed_out", USER | {"operation": "wait", "waited": 1.0}, "p  gave up      door (wait), after 1 s"),
        ("shared.released", USER | {"held": 0.1}, "p  released     door, after 100 ms"),
        ("job.result", {"job": "j", "type": "t", "result": {}}, "j  result"),
    ],
)
def test_what_happens_to_main_and_to_shared_things_is_a_line(name: str, fields: dict[str, Any], line: str) -> None:
    assert shown(event(name, **fields), verbose=True) == f"   0.000s  {line}\n"


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        *((f"shared.{what}", USER) for what in ("waiting", "acquired", "timed_out", "released")),
        ("main.slept", {"seconds": 1.0}),
    ],
)
def test_of_shared_things_only_who_asks_is_told(name: str, fields: dict[str, Any]) -> None:
    assert shown(event(name, **fields)) == ""


def test_what_is_painted_is_the_same_without_its_colors() -> None:
    events = (
        event("process.started", **PROCESS),
        event("process.exited", **PROCESS | END),
        event("main.ended", exit_code=0, error=None),
        event("job.result", job="j", type="t", result={}),
    )

    painted = shown(*events, verbose=True, color=True)

    assert re.sub("\x1b\\[[0-9]*m", "", painted) == shown(*events, verbose=True)
    assert "\x1b[31m" not in shown(events[2], verbose=True, color=True)


def test_main_that_fails_is_told_to_everybody() -> None:
    assert "exit code 2" in shown(event("main.ended", exit_code=2, error=None))


@pytest.mark.parametrize("reason", ["deadlock", "standstill", "holder_died"])
def test_a_stop_for_what_waits_for_ever_says_so(reason: str) -> None:
    text = shown(event("process.terminating", **PROCESS, signal="SIGTERM", reason=reason))

    assert text.startswith("   0.000s  p  terminating  SIGTERM sent: ")
    assert reason not in text


def test_stops_say_why() -> None:
    text = shown(
        event("process.join_timed_out", **PROCESS, timeout=1.0),
        event("process.terminating", **PROCESS, signal="SIGTERM", reason="main_ended"),
        event("process.killed", **PROCESS, reason="grace_period"),
        event("process.start_failed", **PROCESS, error={"type": "OSError", "message": "no room"}),
        event("process.shown", **PROCESS, label="BEFORE"),
        event("run.finished", outcome="failed", exit_status=1, duration=1.0),
    )

    for words in ("after its timeout of 1 s", "main has ended", "the grace period is over", "no room", "BEFORE"):
        assert words in text


def test_a_note_is_a_paragraph() -> None:
    text = shown(event("note", about="x", process=None, text="word " * 40), color=True)

    lines = text.splitlines()
    assert len(lines) == 3
    assert "\x1b[36mnote\x1b[0m: word" in lines[0]


@pytest.mark.parametrize(("width", "fits"), [(80, 80), (300, 100), (5, 40)])
def test_a_note_fits_the_terminal(width: int, fits: int) -> None:
    text = shown(event("note", about="x", process=None, text="word " * 40), width=width)

    assert fits - 5 < max(map(len, text.splitlines())) <= fits


def test_on_a_terminal_a_long_line_goes_on_below_itself_and_no_word_is_broken() -> None:
    exited = event(
        "process.exited", **PROCESS | END | {"error": {"type": "ValueError", "message": "what is wrong " * 4}}
    )

    lines = shown(exited, width=80, wraps=True).splitlines()

    assert len(lines) > 1
    assert max(map(len, lines)) <= 80
    assert all(line.startswith(" " * len("   0.000s  p  failed       ")) for line in lines[1:])
    assert " ".join(" ".join(lines).split()) == " ".join(shown(exited, width=80).split())


@pytest.mark.parametrize(("width", "begins"), [(60, " " * 27), (45, " " * 13)])
def test_on_a_narrow_terminal_a_long_line_goes_on_below_the_name_at_last(width: int, begins: str) -> None:
    exited = event("process.exited", **PROCESS | END)

    first, *more = shown(exited, width=width, wraps=True).splitlines()

    assert max(map(len, [first, *more])) <= width
    assert more
    assert all(line.startswith(begins) and line[len(begins)] != " " for line in more)
    assert " ".join(" ".join([first, *more]).split()) == " ".join(shown(exited, width=width).split())


def test_the_life_of_main_has_its_own_name() -> None:
    assert shown(event("main.ended", 1.0, exit_code=0, error=None), verbose=True).split() == ["1.000s", "main", "ended"]


def test_one_process_is_one() -> None:
    started = event("run.started", file="f", processes=1, start_method="fork")

    assert "f, 1 process, fork, run r" in shown(started, verbose=True)


def test_a_long_run_begins_with_what_is_run_and_by_which_number_it_is_found() -> None:
    file = io.StringIO()
    names = tuple(f"p-{number}" for number in range(1_000))

    def write(text: str) -> None:
        file.write(text)

    console = Console(write, names=names, verbose=False, color=False, width=80, wraps=False)

    console.tell(event("run.started", file="f", processes=1_000, start_method="fork"))

    assert file.getvalue().split() == ["0.000s", "run", "started", "f,", "1,000", "processes,", "fork,", "run", "r"]


def test_an_end_is_told_with_its_own_moment() -> None:
    text = shown(event("process.exited", 2.0, **PROCESS | END | {"ended_at": 1.75}))

    assert text.startswith("   1.750s  p  failed")
