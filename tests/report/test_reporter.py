"""Where events, output and results go, by what is asked for; told by pipes in place of stdout and stderr."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

import runner.report.terminal.reporter as reporting
from runner.model.events import Event, Output, ProgressMade
from runner.report.terminal.reporter import Reporter, Settings
from tests.events import event_of
from tests.output import split

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runner.model.events import Item

PROCESS: dict[str, Any] = {
    "job": "j",
    "process": "p",
    "pid": 7,
    "state": "stopped",
    "alive": False,
    "exit_code": 0,
    "repr": "<Process>",
}
END: dict[str, Any] = {
    "outcome": "succeeded",
    "expected": True,
    "ended_by": "return",
    "stop_reason": None,
    "signal": None,
    "duration": 0.5,
    "cpu_seconds": 0.1,
    "max_rss": 1 << 20,
    "returned": None,
    "error": None,
    "limit": None,
    "ended_at": 0.0,
    "ended_at_from": "child",
}


def event(name: str, **fields: Any) -> Event:
    return event_of(0, 0.0, "2026-01-01T00:00:00Z", name, "r", fields)


OUT, ERR = split(Output(0, "stdout", b"out\n"), Output(0, "stderr", b"err\n"))
RUN: tuple[Item, ...] = (
    event("run.started", file="f", start_method="fork", processes=1),
    event("process.created", **PROCESS, target="m:f", daemon=False),
    event("process.started", **PROCESS),
    OUT,
    ERR,
    event("process.exited", **PROCESS, **END),
    event("job.result", job="j", type="t", result={"total": 5}),
    event("run.finished", outcome="succeeded", exit_status=0, duration=0.5, values={}, deadlock=None),
)


class Terminal:
    """Stands for our stdout and stderr."""

    def __init__(self, folder: Path) -> None:
        self._files = {stream: folder / stream for stream in ("stdout", "stderr")}
        self.stdout, self.stderr = (os.open(path, os.O_WRONLY | os.O_CREAT) for path in self._files.values())

    def shows(self, stream: str) -> str:
        return self._files[stream].read_bytes().decode()


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    made = Terminal(tmp_path)
    monkeypatch.setattr(reporting, "STDOUT", made.stdout)
    monkeypatch.setattr(reporting, "STDERR", made.stderr)
    yield made
    os.close(made.stdout)
    os.close(made.stderr)


def report(*items: Item, **settings: Any) -> None:
    """Report a run that comes to this, resting after each item."""
    reporter = Reporter(Settings(names=("p",), totals={}, **settings), lambda: None)
    for item in items:
        reporter.handle(item, 0.0)
        reporter.rest(0.0)
    reporter.close()
    reporter.conclude()


def test_output_and_results_go_to_stdout_and_what_happens_to_stderr(terminal: Terminal) -> None:
    report(*RUN)

    assert terminal.shows("stdout") == "p │ out\nj: total  5\n"
    lines = terminal.shows("stderr").splitlines()
    assert lines[:2] == ["   0.000s  p  started      pid 7", "p │ err"]
    assert [line.split()[:3] for line in lines[2:4]] == [["0.000s", "p", "succeeded"], ["0.000s", "run", "succeeded"]]
    assert " ".join(lines[-1].split()) == "p 7 succeeded 500 ms 100 ms 1.0 MiB 0 no error yes"


REWRITTEN: list[Item] = [
    event("process.created", **PROCESS, target="m:f", daemon=False),
    *split(Output(0, "stdout", b"\r10%\r20%\n")),
]


@pytest.mark.parametrize(
    ("settings", "stdout", "redraws"),
    [
        ({}, "p │ \r10%\r20%\n", False),
        ({"stdout_is_terminal": True, "steers": True}, "p │ 20%\n", True),
        ({"stdout_is_terminal": True}, "p │ 20%\n", False),
        ({"stderr_is_terminal": True, "steers": True}, "p │ \\x0d10%\\x0d20%\n", True),
        ({"stdout_is_terminal": True, "steers": True, "output": "raw"}, "\r10%\r20%\n", False),
    ],
)
def test_a_rewritten_line_is_one_line_where_it_ends_on_a_terminal(
    settings: dict[str, Any], stdout: str, redraws: bool, terminal: Terminal
) -> None:
    reporter = Reporter(Settings(names=("p",), totals={}, quiet=True, **settings), lambda: None)

    for item in REWRITTEN:
        reporter.handle(item, 0.0)

    assert (terminal.shows("stdout"), reporter.redraws, reporter.wants_progress) == (stdout, redraws, False)


FAILED = {
    "outcome": "failed",
    "expected": False,
    "error": {"type": "ValueError", "message": "no", "traceback": 'File "/a/b.py", line 3, in f'},
}
LONG = event("run.finished", outcome="failed", exit_status=1, duration=10.0, values={}, deadlock=None)


def test_a_long_run_ends_with_what_failed_and_how_to_see_it(terminal: Terminal) -> None:
    report(*RUN[:5], event("process.exited", **PROCESS | {"exit_code": 1}, **END | FAILED), LONG, is_kept=True)

    assert terminal.shows("stderr").splitlines()[-4:] == [
        "",
        "1 of 1 process did not end as expected:",
        "  1  ValueError: no, at b.py:3 in f: p",
        "run-jobs why r   shows what each raised, and the notes",
    ]


def test_without_an_exception_there_are_only_the_notes_to_see_again(terminal: Terminal) -> None:
    killed = event("process.exited", **PROCESS | {"exit_code": -9}, **END | FAILED | {"error": None})
    report(*RUN[:5], killed, LONG, is_kept=True)

    assert terminal.shows("stderr").splitlines()[-1] == "run-jobs why r   shows the notes again"


def test_a_run_that_is_not_kept_cannot_be_seen_again(terminal: Terminal) -> None:
    report(*RUN[:5], event("process.exited", **PROCESS | {"exit_code": 1}, **END | FAILED), LONG)

    assert terminal.shows("stderr").splitlines()[-1] == "  1  ValueError: no, at b.py:3 in f: p"


def test_a_long_run_in_which_nothing_failed_ends_with_the_table(terminal: Terminal) -> None:
    report(*RUN[:-1], event("run.finished", **LONG.fields | {"outcome": "succeeded"}), is_kept=True)

    assert terminal.shows("stderr").splitlines()[-1].endswith("yes")


def finished(**values: Any) -> Event:
    return event("run.finished", outcome="succeeded", exit_status=0, duration=0.5, values=values, deadlock=None)


def test_last_values_go_to_stdout_a_long_one_cut(terminal: Terminal) -> None:
    report(*RUN[:-1], finished(total=3, items=list(range(1000))), quiet=True)

    result, total, items = terminal.shows("stdout").splitlines()[1:]
    assert (result, total) == ("j: total  5", "shared: total  3")
    assert items.startswith("shared: items  [0, 1, 2, ")
    assert items.endswith(" …")
    assert len(items) == len("shared: items  ") + reporting.MAX_VALUE + len(" …")


def test_as_json_last_values_are_in_the_result_whole(terminal: Terminal) -> None:
    report(*RUN[:-1], finished(items=list(range(1000))), json=True, stdout_is_data=True, quiet=True)

    assert json.loads(terminal.shows("stdout"))["values"] == {"items": list(range(1000))}


def test_quietly_only_output_and_results_are_shown(terminal: Terminal) -> None:
    report(*RUN, quiet=True)

    assert terminal.shows("stdout") == "p │ out\nj: total  5\n"
    assert terminal.shows("stderr") == "p │ err\n"


@pytest.mark.parametrize(
    ("output", "stdout", "stderr"), [("raw", "out\nj: total  5\n", "err\n"), ("none", "j: total  5\n", "")]
)
def test_output_may_be_raw_or_left_out(output: str, stdout: str, stderr: str, terminal: Terminal) -> None:
    report(*RUN, output=output, quiet=True)

    assert (terminal.shows("stdout"), terminal.shows("stderr")) == (stdout, stderr)


def test_as_json_stdout_is_the_result_alone(terminal: Terminal) -> None:
    report(*RUN, json=True, stdout_is_data=True, quiet=True)

    result = json.loads(terminal.shows("stdout"))
    assert result["results"] == {"j": {"total": 5}}
    assert terminal.shows("stderr") == "p │ out\np │ err\n"


def test_events_are_lines_of_a_file_and_progress_is_none(terminal: Terminal, tmp_path: Path) -> None:
    file = os.open(tmp_path / "events", os.O_WRONLY | os.O_CREAT)

    report(*RUN, ProgressMade("j", (1,)), events=file, quiet=True)

    names = [json.loads(line)["event"] for line in (tmp_path / "events").read_text().splitlines()]
    assert names == [item.event for item in RUN if isinstance(item, Event)]


def test_events_that_cannot_be_written_are_warned_of_and_the_run_goes_on(terminal: Terminal) -> None:
    report(*RUN, events=os.open("/dev/full", os.O_WRONLY), quiet=True)

    assert terminal.shows("stdout") == "p │ out\nj: total  5\n"
    assert terminal.shows("stderr").splitlines() == [
        "run-jobs: events cannot be written: no space left on device; the run goes on",
        "p │ err",
        "run-jobs: 6 events are missing from the events file",
    ]


def test_that_nobody_reads_stdout_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.close(read)
    monkeypatch.setattr(reporting, "STDOUT", write)
    told: list[bool] = []
    reporter = Reporter(Settings(names=("p",), totals={}, quiet=True), lambda: told.append(True))

    for _ in range(3):
        reporter.handle(OUT, 0.0)
    reporter.close()
    reporter.conclude()

    assert told == [True]
    os.close(write)


def test_that_nobody_reads_stderr_is_nothing_to_stop_for(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.close(read)
    monkeypatch.setattr(reporting, "STDERR", write)

    report(*RUN)

    assert terminal.shows("stdout") == "p │ out\nj: total  5\n"
    os.close(write)


def test_a_reader_that_is_slow_gets_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    monkeypatch.setattr(reporting, "STDOUT", write)
    got = b""

    def wait(_reading: list[int], writing: list[int], _: list[int]) -> None:
        nonlocal got
        assert writing == [write]
        got += os.read(read, 1 << 16)

    monkeypatch.setattr("runner.report.terminal.writing.select.select", wait)
    data = b"x" * 999 + b"\n"
    report(Output(0, "stdout", data * 300), output="raw", quiet=True)

    os.close(write)
    while more := os.read(read, 1 << 16):
        got += more
    os.close(read)
    assert got == data * 300


def test_on_a_terminal_the_display_goes_out_of_the_way(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with open(tmp_path / "display", "w+", encoding="utf-8") as display:
        monkeypatch.setattr("sys.stderr", display)
        reporter = Reporter(Settings(names=("p",), totals={"j": (10, 1)}, live=True), lambda: None)
        for item in RUN[:3]:
            reporter.handle(item, 0.0)
        reporter.handle(ProgressMade("j", (5,)), 1.0)
        reporter.rest(1.0)

        reporter.handle(OUT, 1.1)

        display.seek(0)
        assert "50%" in display.read()
        assert reporter.wants_progress
        assert terminal.shows("stdout") == "p │ out\n"
        reporter.rest(1.2)
        for item in RUN[5:]:
            reporter.handle(item, 1.3)
        reporter.close()
    reporter.conclude()


@pytest.mark.parametrize("escapes", [True, False])
def test_escapes_in_output_are_shown_on_a_terminal_only(escapes: bool, terminal: Terminal) -> None:
    report(*split(Output(0, "stdout", b"\x1b[2J\n")), quiet=True, stdout_is_terminal=escapes)

    assert terminal.shows("stdout") == ("p │ \\x1b[2J\n" if escapes else "p │ \x1b[2J\n")


def test_a_stdout_that_is_full_is_told_once_and_remembered(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    monkeypatch.setattr(reporting, "STDOUT", full)
    stops: list[bool] = []
    reporter = Reporter(Settings(names=("p",), totals={}, quiet=True), lambda: stops.append(True))

    for item in (*RUN[:3], *split(Output(0, "stdout", b"1\n"), Output(0, "stdout", b"2\n"))):
        reporter.handle(item, 0.0)
    reporter.close()
    reporter.conclude()

    assert terminal.shows("stderr") == "run-jobs: stdout cannot be written: no space left on device; the run goes on\n"
    assert (reporter.lost_output, stops) == (True, [])
    os.close(full)


def test_a_stderr_that_is_full_is_nothing_to_tell(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    monkeypatch.setattr(reporting, "STDERR", full)

    report(*RUN)

    assert terminal.shows("stdout") == "p │ out\nj: total  5\n"
    os.close(full)


def test_that_nobody_reads_events_on_stdout_is_told(terminal: Terminal) -> None:
    read, write = os.pipe()
    os.close(read)
    told: list[bool] = []
    settings = Settings(names=("p",), totals={}, quiet=True, events=write, events_on_stdout=True)
    reporter = Reporter(settings, lambda: told.append(True))

    for item in RUN[:3]:
        reporter.handle(item, 0.0)
        reporter.rest(0.0)
    reporter.close()

    assert told == [True]
    assert terminal.shows("stderr") == ""
