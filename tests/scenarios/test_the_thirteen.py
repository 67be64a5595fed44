"""The thirteen programs of the gallery, each observed from the events and the output of a real run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import runner
from runner import RunResult

if TYPE_CHECKING:
    from runner.model.json_types import Json

pytestmark = pytest.mark.slow

JOBS = Path(__file__).parents[2] / "jobs"
RunFile = Callable[..., RunResult]
UNHURRIED = {
    "basics/05-daemon.yaml": ("jobs.daemon.args[0]=50",),
    "basics/06-daemon-join.yaml": ("jobs.daemon.args[0]=6",),
    "basics/07-join-timeout.yaml": ("jobs.daemon.args[0]=50", "jobs.daemon.join_timeout=5"),
    "basics/08-terminate.yaml": ("jobs.slow.args[0]=50",),
    "basics/09-exit-codes.yaml": ("jobs.terminated.args[0]=50",),
}
"""Durations for files whose own ones suffice a person's machine, and not one that is as busy as that of the tests."""


@pytest.fixture
def run(start_method: str) -> RunFile:
    """Runs a file of the gallery under the start method."""
    return partial(_run, start_method)


def _run(start_method: str, file: str, *overrides: str) -> RunResult:
    return runner.run(runner.load(JOBS / file, overrides=overrides, start_method=start_method))


def _lines(result: RunResult) -> list[str]:
    return [line for process in result.processes.values() for line in process.output.splitlines()]


def _events(result: RunResult, event: str, process: str | None = None) -> list[dict[str, Json]]:
    """The fields, `t` and `seq` of all events of this kind, in order."""
    return [
        each.to_json()
        for each in result.events
        if each.event == event and process in (None, each.fields.get("process"))
    ]


def _exit_codes(result: RunResult) -> list[int | None]:
    return [process.exit_code for process in result.processes.values()]


def test_01_five_processes_print_a_line_each(run: RunFile) -> None:
    result = run("basics/01-simple.yaml")

    assert _lines(result) == ["Worker"] * 5
    assert _exit_codes(result) == [0] * 5
    assert list(result.processes) == [f"Process-{number}" for number in range(1, 6)]


def test_02_each_argument_arrives_once(run: RunFile) -> None:
    result = run("basics/02-arguments.yaml")

    assert _lines(result) == [f"Worker: {number}" for number in range(5)]


def test_03_a_target_beside_the_file_needs_no_main_guard(run: RunFile) -> None:
    result = run("basics/03-importable-target.yaml")

    assert _lines(result) == ["Worker"] * 5
    assert "__main__" not in (JOBS / "basics/programs.py").read_text()


def test_04_names_follow_creation_and_starts_follow_main(run: RunFile) -> None:
    result = run("basics/04-names.yaml")

    assert list(result.processes) == ["my_service", "worker 1", "Process-3"]
    assert [event["process"] for event in _events(result, "process.started")] == [
        "worker 1",
        "Process-3",
        "my_service",
    ]
    for name, process in result.processes.items():
        assert process.output == f"{name} Starting\n{name} Exiting\n"


def test_05_a_daemon_is_terminated_when_main_has_ended(run: RunFile) -> None:
    result = run("basics/05-daemon.yaml", *UNHURRIED["basics/05-daemon.yaml"])

    daemon, other = result.processes["daemon"], result.processes["non-daemon"]
    assert "Exiting : daemon" not in daemon.output
    assert other.output == f"Starting: non-daemon {other.pid}\nExiting : non-daemon {other.pid}\n"
    assert (daemon.exit_code, daemon.outcome, daemon.stop_reason) == (-15, "terminated", "main_ended")
    (ended,) = _events(result, "main.ended")
    (terminating,) = _events(result, "process.terminating", "daemon")
    assert terminating["seq"] > ended["seq"]  # type: ignore[operator]  # both are numbers
    assert 0.9 < float(str(ended["t"])) < 50  # the daemon would end then
    assert (result.outcome, result.exit_status) == ("succeeded", 0)


def test_06_a_joined_daemon_comes_to_its_end(run: RunFile) -> None:
    result = run("basics/06-daemon-join.yaml", *UNHURRIED["basics/06-daemon-join.yaml"])

    assert result.processes["daemon"].output == "Starting: daemon\nExiting : daemon\n"
    assert _exit_codes(result) == [0, 0]
    (exited,) = _events(result, "process.exited", "non-daemon")
    (joined,) = _events(result, "process.joined", "non-daemon")
    (daemon_exited,) = _events(result, "process.exited", "daemon")
    assert exited["seq"] < daemon_exited["seq"] < joined["seq"]  # type: ignore[operator]  # numbers


def test_07_a_join_that_times_out_stops_nothing(run: RunFile) -> None:
    result = run("basics/07-join-timeout.yaml", *UNHURRIED["basics/07-join-timeout.yaml"])

    (timed_out,) = _events(result, "process.join_timed_out", "daemon")
    assert (timed_out["alive"], timed_out["timeout"]) == (True, 5)
    (terminating,) = _events(result, "process.terminating", "daemon")
    (ended,) = _events(result, "main.ended")
    assert timed_out["seq"] < ended["seq"] < terminating["seq"]  # type: ignore[operator]  # numbers
    assert result.processes["daemon"].output == "Starting: daemon\n"
    assert result.processes["non-daemon"].exit_code == 0
    assert result.outcome == "succeeded"


def test_08_a_process_is_seen_before_during_and_after_its_termination(run: RunFile) -> None:
    result = run("basics/08-terminate.yaml", *UNHURRIED["basics/08-terminate.yaml"])

    before, during, terminated, joined = _events(result, "process.shown")
    labels = [shown["label"] for shown in (before, during, terminated, joined)]
    assert labels == ["BEFORE", "DURING", "TERMINATED", "JOINED"]
    assert (before["state"], before["alive"], before["pid"]) == ("initial", False, None)
    assert (during["state"], during["alive"]) == ("started", True)
    assert terminated["state"] in {"started", "stopped"}
    assert (joined["state"], joined["alive"], joined["exit_code"]) == ("stopped", False, -15)
    assert "stopped exitcode=-SIGTERM" in str(joined["repr"])
    assert "Finished worker" not in result.processes["slow"].output


def test_09_exit_codes_tell_how_a_process_ended(run: RunFile) -> None:
    result = run("basics/09-exit-codes.yaml", *UNHURRIED["basics/09-exit-codes.yaml"])

    assert {name: process.exit_code for name, process in result.processes.items()} == {
        "exit_error": 1,
        "exit_ok": 0,
        "return_value": 0,
        "raises": 1,
        "terminated": -15,
    }
    error = result.processes["raises"].error
    assert error is not None
    assert (error["type"], error["message"]) == ("RuntimeError", "There was an error!")
    shown = result.processes["raises"].output
    assert shown.count("Traceback (most recent call last)") == 1
    assert "child.py" not in shown
    assert shown.endswith("RuntimeError: There was an error!\n")
    assert any(note["about"] == "return_value" for note in _events(result, "note"))


@pytest.mark.parametrize(("file", "debug"), [("10-log-to-stderr", True), ("11-log-level", False)])
def test_10_and_11_the_log_of_multiprocessing_comes_at_its_level(
    start_method: str, file: str, debug: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    from runner.cli import main

    status = main([str(JOBS / f"basics/{file}.yaml"), "-q", "--start-method", start_method])

    out, err = capfd.readouterr()
    assert status == 0
    assert "Process-1 │ Doing some work\n" in out
    assert "[INFO/Process-1] child process calling self.run()" in err
    assert "[INFO/MainProcess] process shutting down" in err.partition("process exiting with exitcode 0")[2]
    assert ("[DEBUG/" in err) == debug


def test_12_processes_of_a_class_are_called_after_it(run: RunFile) -> None:
    result = run("basics/12-subclass.yaml")

    assert {name: process.output for name, process in result.processes.items()} == {
        f"Worker-{number}": f"In Worker-{number}\n" for number in range(1, 6)
    }


def test_13_two_workers_count_to_their_total(start_method: str) -> None:
    # The whole way, to 100,000,000, is gone once: in tests/cli/test_command.py.
    result = _run(start_method, "counter.yaml", "jobs[0].increments=50_000")

    counted = result.results["counter"]
    assert (counted["total"], counted["expected_total"], counted["lost"]) == (100_000, 100_000, 0)
    assert float(str(counted["elapsed"])) > 0
    assert (result.outcome, result.exit_status) == ("succeeded", 0)
    assert result.events[-1].event == "run.finished"


def test_without_synchronisation_updates_are_lost_and_counted(run: RunFile) -> None:
    result = run("counter/no-sync.yaml")

    counted = result.results["counter"]
    assert 0 < int(str(counted["total"])) < int(str(counted["expected_total"]))
    assert int(str(counted["total"])) + int(str(counted["lost"])) == counted["expected_total"]
    assert result.exit_status == 0
    assert any(note["about"] == "lost_updates" for note in _events(result, "note"))


def test_two_permits_guard_nothing(run: RunFile) -> None:
    result = run("counter/two-permits.yaml")

    assert int(str(result.results["counter"]["lost"])) > 0
    assert result.exit_status == 0


@pytest.mark.parametrize("file", ["every-increment", "batches", "vectorized"])
def test_a_guarded_total_is_right(run: RunFile, file: str) -> None:
    result = run(f"counter/{file}.yaml")

    counted = result.results["counter"]
    assert (counted["lost"], counted["total"]) == (0, counted["expected_total"])
    assert result.exit_status == 0


def test_a_number_of_one_byte_begins_anew_after_255(run: RunFile) -> None:
    result = run("counter/one-byte.yaml")

    assert result.results["counter"]["total"] == 2_000 % 256
    assert result.exit_status == 0
    assert any(note["about"] == "overflow" for note in _events(result, "note"))
