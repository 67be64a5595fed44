"""The console, the table at the end, results, explanations and the display, from made-up events."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from runner.events import Event, ProgressMade
from runner.plan import (
    Expect,
    JobPlan,
    Join,
    Kill,
    Plan,
    ProcessPlan,
    SharedArray,
    SharedLock,
    SharedSemaphore,
    Show,
    Sleep,
    Start,
    Terminate,
)
from runner.report.console import Console
from runner.report.explain import explain
from runner.report.json_lines import JsonLines, open_events
from runner.report.live import Live
from runner.report.log import event_log
from runner.report.summary import result_lines, summary
from runner.results import ProcessResult, RunResult

if TYPE_CHECKING:
    from pathlib import Path

    from runner.plan import Json

PROCESS: dict[str, Json] = {
    "job": "j",
    "process": "p",
    "pid": 7,
    "state": "started",
    "alive": True,
    "exit_code": None,
    "repr": "<Process>",
}
END: dict[str, Json] = {
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


def event(name: str, t: float = 0.0, **fields: Json) -> Event:
    return Event(0, t, "2026-01-01T00:00:00Z", name, "r", fields)


def shown(*events: Event, verbose: bool = False, color: bool = False, width: int = 100) -> str:
    file = io.StringIO()
    console = Console(file.write, names=("p",), verbose=verbose, color=color, width=width)
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
        event("main.ended"),
        event("job.result", job="j", type="t", result={}),
    ]

    assert shown(*events) == ""
    assert len(shown(*events, verbose=True).splitlines()) == len(events)


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


def test_the_table_fits_80_columns_and_has_no_colour_when_piped() -> None:
    processes = {
        "p": ProcessResult("p", "j", 7, "terminated", True, -15, duration=1.0, cpu_seconds=0.1, max_rss=1 << 20),
        "q": ProcessResult("q", "j"),
        "r": ProcessResult("r", "j", error={"type": "OSError"}, expected=False),
    }

    narrow = summary(RunResult("succeeded", 0, 1.0, processes), width=80, color=False)
    text = summary(RunResult("succeeded", 0, 1.0, processes), width=100, color=False)

    assert max(map(len, narrow.splitlines())) <= 80
    assert "\x1b" not in text
    assert "-15 killed by SIGTERM" in text
    assert "not started" in text
    assert "start failed" in text


def test_of_many_processes_the_unexpected_are_listed_and_all_are_counted() -> None:
    failed = [ProcessResult(f"p{n}", "j", n, "failed", False, 1) for n in range(45)]
    others = [ProcessResult(f"p{n}", "j", n, "succeeded", True, 0) for n in range(45, 99)]
    processes = {process.name: process for process in failed + others}

    text = summary(RunResult("failed", 1, 1.0, processes), width=80, color=False)

    assert "p39" in text
    assert "p40 " not in text
    assert "99 processes: 54 succeeded, 45 failed" in text
    assert "5 more did not end as expected" in text


def test_a_result_is_lines_with_whole_numbers_whole() -> None:
    result: dict[str, Json] = {
        "total": 100_000_000,
        "elapsed": 0.5,
        "rate": 1234567.8,
        "share": 0.25,
        "error": "none\n",
        "workers": [{"process": "c-0", "waited_seconds": 0.1}],
    }

    assert result_lines("c", result) == [
        "c: total    100000000",
        "c: elapsed  500 ms",
        "c: rate     1234568",
        "c: share    0.25",
        "c: error    none\\n",
        "c: c-0  waited_seconds 100 ms",
    ]


def test_a_plan_is_explained_step_by_step() -> None:
    plan = Plan(
        file="f.yaml",
        start_method="fork",
        processes=(
            ProcessPlan("d", "d", target="runner.workers:sleep", daemon=True, terminate_after=3, on_terminate="unwind"),
            ProcessPlan("c", "c", cls="m:C", expect=Expect(exit_code=-15, outcome="terminated")),
            ProcessPlan("n", "n", target="m:f"),
        ),
        steps=(
            Start(0),
            Sleep(1.0),
            Start(1),
            Show(1, "X"),
            Join(0, 2.0),
            Join(1),
            Terminate(0),
            Kill(1),
            Show(0, "Y"),
        ),
        jobs=(JobPlan("d", "process", (0,)),),
        preload=("m",),
        shared=(SharedArray("a", "int64", 1, 8), SharedSemaphore("s", 2), SharedLock("l")),
        time_limit=30,
    )

    text = explain(plan)

    for words in (
        "1. start d (a daemon), which runs sleep",
        "3. at 1 s: start c, an object of the class m:C",
        "at most 2 s; then go on, and let d run",
        "join c: wait until it has ended",
        "send SIGTERM",
        "send SIGKILL",
        "daemons that still run are terminated: d.",
        "Never started: n.",
        "After 30 s the whole run is stopped",
        "d is terminated 3 s after its start",
        "d runs its `finally` blocks",
        "c is expected to end with exit code -15 (killed by SIGTERM) and the outcome `terminated`.",
        "a semaphore with 2 permits",
    ):
        assert words in text


def test_many_steps_alike_are_folded() -> None:
    processes = tuple(ProcessPlan(f"p{n}", "p", target="m:f", on_terminate="unwind") for n in range(50))
    plan = Plan("f", "fork", processes, tuple(Start(n) for n in range(50)), ())

    text = explain(plan)

    assert "(47 more like these)" in text
    assert "(and 44 more such rules)" in text


def test_the_display_needs_no_thread_and_vanishes() -> None:
    threads_before = threading.active_count()
    file = io.StringIO()
    live = Live(file, {"j": (100, 2)})
    live.handle(event("process.started", **PROCESS), 0.0)
    live.tick(0.1)
    assert file.getvalue() == ""

    live.handle(ProgressMade("j", (50, 50)), 1.0)
    live.tick(1.0)
    live.tick(1.01)
    threads = threading.active_count()
    with live.above():
        file.write("a line\n")
    live.tick(1.2)
    live.handle(event("process.exited", **PROCESS), 1.3)
    live.tick(1.4)
    live.close()

    assert threads == threads_before
    assert "running" in file.getvalue()
    assert "50%" in file.getvalue()
    assert file.getvalue().endswith("\x1b[2K")


def test_an_event_is_a_whole_line_of_json_that_only_the_user_can_read(tmp_path: Path) -> None:
    path = tmp_path / "events"
    lines = JsonLines(open_events(str(path)), lambda text: None)

    lines.tell(event("note", about="한글", process=None, text="\n"))
    lines.close()

    (line,) = path.read_text().splitlines()
    assert json.loads(line)["about"] == "한글"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_full_disk_is_said_once_and_counted() -> None:
    said: list[str] = []
    lines = JsonLines(os.open("/dev/full", os.O_WRONLY), said.append)

    for _ in range(3):
        lines.tell(event("main.ended"))
    lines.close()

    assert said == [
        "events cannot be written: no space left on device; the run goes on",
        "3 events are missing from the events file",
    ]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "other")

    with pytest.raises(OSError, match="symbolic links"):
        open_events(str(tmp_path / "link"))
    assert not (tmp_path / "other").exists()


def test_a_result_reads_well_and_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    result = RunResult("failed", 1, 0.5, {"p": ProcessResult("p", "j"), "q": ProcessResult("q", "j", 1, "failed")})

    assert repr(result) == "<RunResult failed in 0.500 s; p: not started, q: failed>"
    assert json.loads(json.dumps(result.to_json()))["processes"]["q"]["outcome"] == "failed"


def test_what_is_explained_is_singular_where_it_is_one() -> None:
    plan = Plan(
        file="f",
        start_method="spawn",
        processes=(ProcessPlan("p", "p", target="say", daemon=True),),
        steps=(Start(0), Join(0)),
        jobs=(),
        shared=(SharedArray("a", "int64", 2, 8), SharedSemaphore("s", 1)),
    )

    text = explain(plan)

    for words in ("1 process, started by spawn", "a, 2 numbers (int64)", "s, a semaphore with 1 permit."):
        assert words in text


def test_many_expected_ends_need_no_row() -> None:
    processes = {f"p{n}": ProcessResult(f"p{n}", "j", n, "succeeded", True, 0) for n in range(50)}

    text = summary(RunResult("succeeded", 0, 1.0, processes), width=80, color=False)

    assert text.split("\n") == ["", "50 processes: 50 succeeded", ""]


def test_the_display_shows_work_without_a_process_and_processes_beyond_its_room() -> None:
    file = io.StringIO()
    live = Live(file, {"j": (10, 1), "idle": (10, 1)})
    for number in range(20):
        live.handle(event("process.started", **PROCESS | {"process": f"p{number}"}), 0.0)
    live.handle(event("note", about="x", process=None, text=""), 0.0)
    live.handle(ProgressMade("j", (0,)), 0.5)
    live.tick(0.5)
    crowded = file.getvalue()

    for number in range(20):
        live.handle(event("process.exited", **PROCESS | {"process": f"p{number}"}), 0.9)
    file.truncate(0)
    live.tick(1.0)
    live.close()

    assert "more" in crowded
    assert "0%" in file.getvalue()
    assert "running" not in file.getvalue()
    assert "idle" not in crowded


def test_half_a_line_of_events_is_taken_back_when_the_file_can_take_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "events"
    said: list[str] = []
    lines = JsonLines(open_events(str(path)), said.append)
    lines.tell(event("main.ended"))
    write = os.write

    def fills_up(descriptor: int, pieces: list[bytes]) -> int:
        if len(pieces[0]) < 20:
            raise OSError(28, "No space left on device")
        return write(descriptor, pieces[0][:-10])

    with monkeypatch.context() as patch:
        patch.setattr(os, "writev", fills_up)
        lines.tell(event("note", about="x", process=None, text="lost"))
        lines.rest()
    lines.tell(event("main.ended"))
    lines.close()

    assert [json.loads(line)["event"] for line in path.read_text().splitlines()] == ["main.ended", "main.ended"]
    assert said == [
        "events cannot be written: no space left on device; the run goes on",
        "1 event is missing from the events file",
    ]


def test_events_that_nobody_reads_any_more_are_counted(capfd: pytest.CaptureFixture[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    said: list[str] = []
    lines = JsonLines(write, said.append)

    for _ in range(3):
        lines.tell(event("main.ended"))
        lines.rest()
    lines.close()

    assert said[-1] == "3 events are missing from the events file"
    on_stdout = JsonLines(open_events("-"), said.append)
    on_stdout.tell(event("main.ended"))
    on_stdout.close()
    assert json.loads(capfd.readouterr().out)["event"] == "main.ended"


def test_the_display_stays_away_when_what_is_written_above_it_fails() -> None:
    file = io.StringIO()
    live = Live(file, {})
    live.handle(event("process.started", **PROCESS), 0.0)
    live.tick(1.0)
    written = file.getvalue()

    with pytest.raises(OSError, match="full"), live.above():
        raise OSError("full")

    assert file.getvalue().startswith(written)
    assert file.getvalue() != written


def test_structlog_is_imported_without_rich(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in ("structlog", "rich")]:
        monkeypatch.delitem(sys.modules, name)
    said: list[str] = []

    class Sink:
        """Takes what is said."""

        def msg(self, text: str) -> None:
            said.append(text)

    event_log(lambda told: told.event, Sink()).msg("main.ended", fact=event("main.ended"))

    assert said == ["main.ended"]
    assert "structlog" in sys.modules
    assert "rich" not in sys.modules
