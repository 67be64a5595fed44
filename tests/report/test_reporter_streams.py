"""What a reporter makes of its streams: which are coloured, when events are on their way, what is lost for good."""

from __future__ import annotations

import io
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

import runner.report.terminal.reporter as reporting
from runner.model.events import Output, ProgressMade
from runner.report.terminal.reporter import Reporter, Settings
from tests.events import event_of
from tests.output import split

if TYPE_CHECKING:
    from pathlib import Path

    from runner.model.events import Item

CREATED = event_of(0, 0.0, "", "process.created", "r", {"process": "p", "job": "j"})
STARTED = event_of(0, 0.0, "", "process.started", "r", {"process": "p", "pid": 7})
OUT, ERR = split(Output(0, "stdout", b"out\n"), Output(0, "stderr", b"err\n"))


def report(*items: Item, **settings: Any) -> Reporter:
    """Report these without a rest."""
    reporter = Reporter(Settings(names=("p",), totals={}, **settings), lambda: None)
    for item in items:
        reporter.handle(item, 0.0)
    reporter.close()
    return reporter


def test_stdout_and_stderr_are_those_of_the_program(capfd: pytest.CaptureFixture[str]) -> None:
    reporter = report(OUT, ERR, quiet=True)

    assert capfd.readouterr() == ("p │ out\n", "p │ err\n")
    assert not reporter.lost_output
    assert not reporter.wants_progress


@pytest.mark.parametrize(
    ("settings", "stream", "coloured"),
    [
        ({"color": True, "stdout_is_terminal": True}, "out", True),
        ({"color": True, "stderr_is_terminal": True}, "out", False),
        ({"color": False, "stdout_is_terminal": True}, "out", False),
        ({"color": True, "stderr_is_terminal": True, "stdout_is_data": True}, "err", True),
        ({"color": True, "stdout_is_terminal": True, "stdout_is_data": True}, "err", False),
    ],
)
def test_names_are_coloured_where_they_go_to_a_terminal(
    settings: dict[str, bool], stream: str, coloured: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    report(OUT, quiet=True, **settings)

    prefix = "\x1b[36mp │\x1b[0m" if coloured else "p │"
    assert getattr(capfd.readouterr(), stream) == f"{prefix} out\n"


@pytest.mark.parametrize(
    ("settings", "coloured"),
    [
        ({"color": True, "stderr_is_terminal": True}, True),
        ({"color": True, "stdout_is_terminal": True}, False),
        ({"color": False, "stderr_is_terminal": True}, False),
    ],
)
def test_what_happens_is_coloured_if_stderr_is_a_terminal(
    settings: dict[str, bool], coloured: bool, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter = report(CREATED, STARTED, **settings)
    event_lines = capfd.readouterr().err
    reporter.conclude()
    table = capfd.readouterr().err

    assert ("\x1b[" in event_lines, "\x1b[" in table) == (coloured, coloured)


def test_events_that_wait_are_written_at_a_rest(tmp_path: Path) -> None:
    file = os.open(tmp_path / "events", os.O_WRONLY | os.O_CREAT)
    reporter = Reporter(Settings(names=("p",), totals={}, quiet=True, events=file), lambda: None)
    counts = []

    reporter.handle(CREATED, 0.0)
    counts.append(len((tmp_path / "events").read_text().splitlines()))
    reporter.handle(STARTED, 0.0)
    counts.append(len((tmp_path / "events").read_text().splitlines()))
    reporter.rest(0.0)
    counts.append(len((tmp_path / "events").read_text().splitlines()))
    reporter.close()

    assert counts == [1, 1, 2]


def test_the_result_as_json_keeps_its_letters_and_what_was_written(capfd: pytest.CaptureFixture[str]) -> None:
    created = event_of(0, 0.0, "", "process.created", "r", {"process": "é", "job": "j"})

    report(created, OUT, json=True, stdout_is_data=True, quiet=True).conclude()

    text = capfd.readouterr().out
    assert '"é"' in text
    assert json.loads(text)["processes"]["é"]["output"] == "out\n"


def test_nothing_is_written_to_stdout_after_what_could_not_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    other = os.open(tmp_path / "stdout", os.O_WRONLY | os.O_CREAT)
    monkeypatch.setattr(reporting, "STDOUT", descriptor)
    reporter = Reporter(Settings(names=("p",), totals={}, quiet=True), lambda: None)

    reporter.handle(OUT, 0.0)
    os.dup2(other, descriptor, inheritable=False)
    reporter.handle(OUT, 0.0)
    reporter.close()

    os.close(other)
    os.close(descriptor)
    assert (tmp_path / "stdout").read_bytes() == b""
    assert capfd.readouterr().err.count("stdout cannot be written") == 1


def test_the_display_is_away_when_the_reporter_is_closed(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    display = io.StringIO()
    monkeypatch.setattr("sys.stderr", display)
    settings = Settings(names=("p",), totals={"j": (10, 1)}, quiet=True, live=True)
    reporter = Reporter(settings, lambda: None)
    reporter.handle(CREATED, 0.0)
    reporter.handle(STARTED, 0.0)
    reporter.handle(ProgressMade("j", (5,)), 0.5)
    reporter.rest(1.0)
    assert not display.getvalue().endswith("\x1b[2K")

    reporter.close()

    assert display.getvalue().endswith("\x1b[?25h\r\x1b[1A\x1b[2K\x1b[1A\x1b[2K")
