"""When things happened, in runs of many processes: timers and stops amid starts."""

from __future__ import annotations

import json
import os
import signal
import time
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from runner.model.events import Event
from runner.model.results import Recorder
from runner.session import Session
from tests.running import Running, plan_of, run_text

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from runner import RunResult

TIMEOUT_S = 0.05
LASTING = """
import atexit, multiprocessing, os, threading, time
from tests.seeing import PROC

def leave_a_thread():
    threading.Thread(target=time.sleep, args=(0.4,)).start()

def sleep_at_exit():
    atexit.register(time.sleep, 0.4)

class Slow:
    def __del__(self):
        time.sleep(2)

def leave_an_object():
    global kept
    kept = Slow()

def wait_until(fact, *arguments):
    while not fact(*arguments):
        time.sleep(0.01)

def has_ended(file):
    if not os.path.islink(file):
        return False
    process = f"{PROC}/{os.readlink(file)}"
    with open(f"{process}/stat") as stat:
        is_zombie = stat.read().rpartition(")")[2].split()[0] == "Z"
    return is_zombie and len(os.listdir(f"{process}/task")) == 1  # it is not reaped before its last thread has ended

def end_after(start, own_pid):
    wait_until(os.path.exists, start)
    os.symlink(str(os.getpid()), own_pid)

def end_after_the_end_of(other_pid, own_pid):
    wait_until(has_ended, other_pid)
    os.symlink(str(os.getpid()), own_pid)

class StartsAfterTheEndOf(multiprocessing.Process):
    def __init__(self, other_pid, start):
        super().__init__()
        self.other_pid, self.begun = other_pid, start

    def start(self):
        open(self.begun, "x").close()
        wait_until(has_ended, self.other_pid)
        super().start()

    def run(self):
        pass
"""


def moments(result: RunResult, event: str) -> dict[str, float]:
    """When each process's event of this kind happened, in seconds since the run began."""
    return {str(each.fields["process"]): each.t for each in result.events if each.event == event}


@pytest.mark.parametrize(("start_method", "starts"), [("fork", 120), ("spawn", 40)])
def test_at_most_one_start_lies_between_a_due_timeout_and_its_sigterm(
    start_method: str, starts: int, tmp_path: Path
) -> None:
    text = f"""
    jobs:
      - {{name: slow, do: [hang], timeout: {TIMEOUT_S}, replicas: 3}}
      - {{name: quick, do: [{{print: x}}], replicas: {starts}}}
      - {{name: late, do: [hang], timeout: {TIMEOUT_S}}}
      - {{name: last, do: [{{print: x}}], replicas: {starts}}}
    """

    result = run_text(text, tmp_path, start_method)

    started, terminating = moments(result, "process.started"), moments(result, "process.terminating")
    assert terminating.keys() == {"slow-0", "slow-1", "slow-2", "late"}
    assert max(started.values()) > started["slow-0"] + TIMEOUT_S, "all was started before the timeout was due"
    for name, at in terminating.items():
        due = started[name] + TIMEOUT_S
        assert sum(due < t < at for t in started.values()) <= 1


@pytest.mark.parametrize("start_method", ["fork", "spawn"])
def test_a_stop_that_the_supervisor_has_got_takes_effect_after_at_most_one_more_start(
    start_method: str, tmp_path: Path
) -> None:
    for replicas in (1500, 5000):
        requested, started = stopped_amid_starts(start_method, replicas, tmp_path / f"events-{replicas}")
        if len(started) <= replicas:  # otherwise the stop came after the last start
            break

    assert len(started) <= replicas
    assert sum(moment > requested for moment in started) <= 1


def stopped_amid_starts(start_method: str, replicas: int, file: Path) -> tuple[float, list[float]]:
    """When the supervisor of a run had got a stop, and when each process started, in seconds since the epoch."""
    text = f"""
    start_method: {start_method}
    jobs:
      - {{name: first, do: [{{print: here}}, hang]}}
      - {{do: [hang], replicas: {replicas}}}
    """
    run = Running("--events", str(file), "--output", "raw", "-q", given=text.encode())
    run.wait_for(b"here")
    os.kill(run.supervisor, signal.SIGTERM)
    requested = time.time()
    run.end()
    told: list[dict[str, Any]] = [json.loads(line) for line in file.read_text().splitlines()]
    times = [event["time"] for event in told if event["event"] == "process.started"]
    return requested, [datetime.fromisoformat(each).timestamp() for each in times]


def ends(result: RunResult) -> dict[str, dict[str, Any]]:
    """What is told of each process's end."""
    return {str(each.fields["process"]): each.fields for each in result.events if each.event == "process.exited"}


def test_each_of_many_processes_has_its_own_end(start_method: str, tmp_path: Path) -> None:
    result = run_text("jobs: [{name: p, do: [{print: x}], replicas: 16}]", tmp_path, start_method)

    started, noticed, told = moments(result, "process.started"), moments(result, "process.exited"), ends(result)
    assert {end["ended_at_from"] for end in told.values()} == {"child"}
    assert len({end["ended_at"] for end in told.values()}) >= 14  # two may end in the same microsecond
    for name, end in told.items():
        assert started[name] < end["ended_at"] <= noticed[name]
        assert end["duration"] == pytest.approx(end["ended_at"] - started[name], abs=1e-5)
    assert {name: one.ended_at for name, one in result.processes.items()} == {
        name: end["ended_at"] for name, end in told.items()
    }


def test_the_end_of_a_process_that_did_not_leave_by_itself_is_when_it_was_noticed(
    start_method: str, tmp_path: Path
) -> None:
    text = """
    jobs:
      - {name: crashes, do: [{crash: SIGSEGV}]}
      - {name: killed, do: [hang], terminate_after: 0.1}
      - {name: leaves, target: exit_at_once}
    """

    result = run_text(text, tmp_path, start_method)

    noticed = moments(result, "process.exited")
    for name, end in ends(result).items():
        assert (end["ended_at"], end["ended_at_from"]) == (noticed[name], "supervisor")


def test_a_process_has_not_ended_when_its_target_has_returned(start_method: str, tmp_path: Path) -> None:
    (tmp_path / "lasting.py").write_text(LASTING)
    text = """
    jobs:
      - {name: thread, target: "lasting:leave_a_thread"}
      - {name: child, do: [{child: late, do: [{sleep: 0.4}]}]}
    """

    told = ends(run_text(text, tmp_path, start_method))

    assert {name: end["ended_at_from"] for name, end in told.items()} == {"thread": "child", "child": "child"}
    assert all(end["duration"] > 0.4 for end in told.values())


def test_a_process_has_not_ended_before_its_exit_functions(tmp_path: Path) -> None:
    (tmp_path / "lasting.py").write_text(LASTING)

    told = ends(run_text("jobs: [{name: p, target: 'lasting:sleep_at_exit'}]", tmp_path, "spawn"))

    assert told["p"]["ended_at_from"] == "child"
    assert told["p"]["duration"] > 0.4


@pytest.mark.parametrize(("first", "status"), [("a", 0), ("b", 1)])
def test_the_order_of_ends_is_the_true_one_though_main_is_busy_meanwhile(
    first: str, status: int, tmp_path: Path
) -> None:
    """All of it happens while main starts one process: the ends are noticed together."""
    last = {"a": "b", "b": "a"}[first]
    start, first_pid, last_pid = (tmp_path / name for name in ("start", "first", "last"))
    text = f"""
    jobs:
      - {{name: {first}, target: "lasting:end_after", args: ["{start}", "{first_pid}"]}}
      - {{name: {last}, target: "lasting:end_after_the_end_of", args: ["{first_pid}", "{last_pid}"]}}
      - {{class: "lasting:StartsAfterTheEndOf", args: ["{last_pid}", "{start}"]}}
    """
    text = text.replace("name: a,", "name: a, expect: {before: [b]},")
    (tmp_path / "lasting.py").write_text(LASTING)

    result = run_text(text, tmp_path, "fork")

    noticed = moments(result, "process.exited")
    assert noticed["a"] == noticed["b"]
    assert result.exit_status == status


def lines(result: RunResult, name: str) -> list[tuple[str, float, float | None]]:
    """The lines that a process wrote, each with when it was read and when it was written."""
    wrote = [each for each in result.events if each.event == "process.wrote" and each.fields["process"] == name]
    return [(str(each.fields["text"]), each.t, each.fields["written_at"]) for each in wrote]  # type: ignore[misc]  # a time


PRINTS = """
jobs:
  - name: p
    do:
      - {print: one}
      - {sleep: 0.1}
      - {print: "two\\nthree"}
      - {print: fo, end: ""}
      - {sleep: 0.1}
      - {print: ur of $name}
      - {print: last, end: ""}
      - {sleep: 0.1}
  - {name: parent, do: [{print: x}, {child: c, do: [{print: x}]}]}
  - {name: silent_child, do: [{child: c, do: [{sleep: 0}]}, {print: y}]}
  - {name: target, target: say, args: [hello]}
main: [start: all, print: here, join: all]
"""


def test_each_line_of_a_print_step_has_its_moment_and_other_lines_have_none(start_method: str, tmp_path: Path) -> None:
    with Session() as session:
        session.submit(plan_of(PRINTS, tmp_path, start_method))
        recorder = Recorder(keep_events=True, keep_output=False)
        for item in session.items(tells_output=True):
            if item is not None:
                recorder.add(item)
    result = recorder.result()

    told = lines(result, "p")
    assert [text for text, _, _ in told] == ["one", "two", "three", "four of p", "last"]
    one, two, three, four, last = (written_at for _, _, written_at in told if written_at is not None)
    assert moments(result, "process.started")["p"] < one < two - 0.09
    assert two == three < four - 0.09 < last < float(ends(result)["p"]["ended_at"]) - 0.09
    assert all(written_at is not None and written_at <= read_at for _, read_at, written_at in told)
    assert [written_at for _, _, written_at in lines(result, "parent")] == [None, None]
    assert [text for text, _, written_at in lines(result, "silent_child") if written_at] == ["y"]
    assert [written_at for _, _, written_at in lines(result, "target")] == [None]
    assert [text for text, _, written_at in lines(result, "MainProcess") if written_at] == ["here"]


def test_of_many_lines_each_has_its_moment(start_method: str, tmp_path: Path) -> None:
    text = "jobs: [{name: p, replicas: 2, do: [{repeat: 5000, as: n, do: [{print: line $n}]}]}]"
    with Session() as session:
        session.submit(plan_of(text, tmp_path, start_method))
        wrote = [
            item
            for item in session.items(tells_output=True)
            if isinstance(item, Event) and item.event == "process.wrote"
        ]

    for name in ("p-0", "p-1"):
        found = [event.fields["written_at"] for event in wrote if event.fields["process"] == name]
        assert len(found) == 5000
        assert None not in found
        assert found == sorted(found, key=lambda at: float(str(at)))


@pytest.mark.linux("a pidfd tells when a process was still alive")
@pytest.mark.parametrize("busy", [False, True])
def test_an_interpreter_that_frees_objects_for_long_has_not_ended_until_then(busy: bool, tmp_path: Path) -> None:
    (tmp_path / "lasting.py").write_text(LASTING)
    others = ", {do: [{repeat: 70, do: [{print: x}, {sleep: 0.05}]}]}" if busy else ""

    result = run_text(f"jobs: [{{name: a, target: 'lasting:leave_an_object'}}{others}]", tmp_path, "spawn")

    told = ends(result)["a"]
    assert (told["ended_at_from"], told["duration"] > 2) == ("supervisor", True)
