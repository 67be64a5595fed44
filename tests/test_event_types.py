"""Events as JSON: which keys each has, in which order, and back; and that no name of one can be misspelt."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runner.model.event_json import from_json
from runner.model.event_types import EVENTS, NAMES, ProcessExited, ProcessState, RunFinished
from runner.model.events import Event
from tests.events import event_of

PROCESS = ("job", "process", "pid", "state", "alive", "exit_code", "repr")
USE = ("job", "process", "pid", "thing", "kind")
KEYS = {
    "run.started": ("file", "start_method", "processes"),
    "process.created": (*PROCESS, "target", "daemon"),
    "process.started": PROCESS,
    "process.start_failed": (*PROCESS, "error"),
    "process.join_timed_out": (*PROCESS, "timeout"),
    "process.joined": (*PROCESS, "waited"),
    "process.terminating": (*PROCESS, "signal", "reason"),
    "process.killed": (*PROCESS, "reason"),
    "process.exited": (
        *PROCESS,
        "outcome",
        "expected",
        "ended_by",
        "stop_reason",
        "duration",
        "cpu_seconds",
        "max_rss",
        "returned",
        "error",
        "limit",
        "result",
        "signal",
        "ended_at",
        "ended_at_from",
    ),
    "process.wrote": ("job", "process", "pid", "stream", "text", "written_at"),
    "process.shown": (*PROCESS, "label"),
    "main.slept": ("seconds",),
    "main.ended": ("exit_code", "error"),
    "main.stopped": ("joining", "waited"),
    "shared.waiting": (*USE, "operation", "timeout"),
    "shared.acquired": (*USE, "operation", "waited", "skipped"),
    "shared.timed_out": (*USE, "operation", "waited"),
    "shared.released": (*USE, "held"),
    "job.result": ("job", "type", "result"),
    "note": ("about", "process", "text", "job", "count", "processes", "repeats"),
    "run.finished": ("outcome", "exit_status", "duration", "values", "deadlock", "counts"),
}


def event(name: str, **fields: Any) -> Event:
    return event_of(7, 0.5, "2026-01-01T00:00:00Z", name, "r", fields)


def test_there_are_these_events() -> None:
    assert list(EVENTS) == list(KEYS)
    assert list(NAMES) == list(EVENTS.values())


@pytest.mark.parametrize("name", KEYS)
def test_an_event_has_its_keys_in_their_order(name: str) -> None:
    told = event(name).to_json()

    assert tuple(told) == ("v", "seq", "time", "t", "event", "run", *KEYS[name])
    assert told["event"] == name


@pytest.mark.parametrize("name", KEYS)
def test_an_event_comes_back_from_json_as_it_was(name: str) -> None:
    told = event(name, **{key: f"some {key}" for key in KEYS[name]})

    assert Event.from_json(told.to_json()) == told


def test_lists_in_json_are_tuples_in_records() -> None:
    told = event("run.finished", deadlock=["a", "b"])

    assert isinstance(told.fact, RunFinished)
    assert told.fact.deadlock == ("a", "b")
    assert told.fields["deadlock"] == ["a", "b"]


def test_what_an_earlier_version_did_not_say_is_none() -> None:
    fact = from_json("process.exited", {"job": "j", "process": "p", "outcome": "failed"})

    assert isinstance(fact, ProcessExited)
    assert (fact.of.process, fact.outcome, fact.ended_at) == ("p", "failed", None)
    assert isinstance(fact.of, ProcessState)


def test_an_unknown_event_and_an_unknown_field_raise() -> None:
    with pytest.raises(KeyError):
        from_json("process.exitd", {})
    with pytest.raises(TypeError):
        from_json("main.slept", {"secnds": 1})


MISSPELT = """
from __future__ import annotations
from runner.model import event_types, process_reports
from runner.model.event_types import NAMES, Fact, MainEnded, Noted, ProcessExited, RunFinished
from runner.model.verdict import Findings
from runner.notes.note import (Note)
from runner.model.process_reports import TargetReported
from runner.supervise.child import messages
from runner.supervise.core.facts import StopRun
from runner.supervise.core.life import End, Terminate

def see(fact: Fact, end: ProcessExited, finished: RunFinished) -> None:
    match fact:
        case event_types.ProcesExited():  # 1
            pass
    NAMES[event_types.RunFinishd]  # 2
    if end.outcome == "sucseeded":  # 3
        pass
    if end.ended_by == "returned":  # 4
        pass
    if finished.outcome == "time_out":  # 5
        pass
    Note("deadlok", None, "text")  # 6
    StopRun("stop_requestd")  # 7
    Terminate("mian")  # 8
    process_reports.Exted  # 9
    End(0, "retrun")  # 10
    Findings(stop="dead_lock")  # 11
    end.exit_cod  # 12
    messages._tell("finaly", 3)  # 13
    TargetReported(0.0, 0, "unsend", ())  # 14
"""


def test_mypy_refuses_each_misspelt_word(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="mypy is not installed")
    file = tmp_path / "misspelt.py"
    file.write_text(MISSPELT)
    wrong = {number for number, line in enumerate(MISSPELT.split("\n"), 1) if line.rstrip()[-1:].isdigit()}

    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", str(file)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
        check=False,
    )

    found = {
        int(line.split(":")[1]) for line in checked.stdout.splitlines() if "misspelt.py" in line and "error" in line
    }
    assert len(wrong) == 14
    assert found == wrong
