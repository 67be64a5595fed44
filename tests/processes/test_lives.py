"""Real processes under each start method: what a child is given, and what is said of its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import runner
from runner import Event, Plan, RunResult
from runner.link.local_connection import LocalConnection
from runner.model.plan import JobPlan, Join, ProcessPlan, Start
from runner.model.shared_things import SharedLock, SharedSemaphore
from runner.session import Interrupted, Session
from tests.running import events, once_ready, plan_of, run_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.plan import StartMethod

HERE = Path(__file__).parent
MIB = 1 << 20


def run(text: str, start_method: str) -> RunResult:
    return run_text(text, HERE, start_method)


def test_a_child_begins_clean(start_method: str) -> None:
    result = run("jobs: [{name: a, target: targets:print_traces}]", start_method)

    assert result.processes["a"].output.splitlines() == [
        "default handlers: True",
        "interrupt: True",
        "blocked: []",
        "wake-up: -1",
        "input: /dev/null ''",
        "main: a",
    ]


def test_a_child_has_no_descriptor_that_is_not_its_own(start_method: str) -> None:
    result = run("jobs: [{name: a, target: targets:print_descriptors, replicas: 8}]", start_method)

    said = {process.output for process in result.processes.values()}
    assert len(said) == 1
    shown = said.pop()
    assert "pipe:" in shown
    assert "pidfd" not in shown
    assert "socket" not in shown
    assert "eventpoll" not in shown


def test_a_child_has_nothing_heavy(start_method: str) -> None:
    result = run("jobs: [{name: a, target: targets:print_heavy_modules}]", start_method)

    assert result.processes["a"].output == "heavy: []\n"


@pytest.mark.linux("descendants are adopted, and found in /proc")
def test_a_grandchild_that_lives_on_does_not_delay_the_end_and_is_gone_with_the_run(start_method: str) -> None:
    began = time.monotonic()

    result = run("jobs: [{name: a, target: targets:leave_a_grandchild}]", start_method)

    assert result.processes["a"].outcome == "succeeded"
    assert time.monotonic() - began < 50  # the grandchild would sleep for a minute


def test_an_orphan_that_ends_does_not_stay_as_a_zombie(start_method: str) -> None:
    result = run("jobs: [{name: a, target: targets:leave_one_that_ends}]", start_method)

    assert result.processes["a"].output == "gone\n"


def test_a_target_that_closes_all_descriptors_is_seen_to_its_end(start_method: str) -> None:
    result = run("jobs: [{name: a, target: targets:close_everything}]", start_method)

    process = result.processes["a"]
    assert process.exit_code is not None
    assert process.duration is not None
    assert process.duration >= 0.3


def test_sigterm_right_after_the_start_is_never_lost(start_method: str) -> None:
    replicas = 60 if start_method == "fork" else 4
    text = f"""
        grace_period: 30
        jobs: [{{name: a, target: sleep, args: [60], replicas: {replicas}}}]
        main: [start: all, terminate: all, join: all]
    """

    result = run(text, start_method)

    assert {process.exit_code for process in result.processes.values()} == {-15}


def test_a_daemon_that_ignores_sigterm_is_killed_after_the_grace_period(start_method: str) -> None:
    text = """
        grace_period: 0.2
        shared: {ready: {semaphore: 0}}
        jobs: [{name: a, target: targets:sleep_ignoring_sigterm, args: [$ready], daemon: true}]
        main: [start: a, acquire: ready]
    """

    result = run(text, start_method)

    process = result.processes["a"]
    assert (process.outcome, process.exit_code, process.expected) == ("killed", -9, True)
    assert "sigterm_ignored" in [note["about"] for note in events(result, "note")]
    assert events(result, "process.killed")[0]["reason"] == "grace_period"


def test_leaving_at_once_differs_from_returning(start_method: str) -> None:
    text = "jobs: [{name: a, target: exit_at_once}, {name: b, target: noop}]"

    result = run(text, start_method)

    ended = {name: (process.exit_code, process.ended_by) for name, process in result.processes.items()}
    assert ended == {"a": (0, "unreported"), "b": (0, "return")}


def test_names_and_reprs_are_those_of_multiprocessing(start_method: str) -> None:
    text = """
        jobs: [{target: noop}, {name: b, target: noop, daemon: true}]
        main: [show: all, start: all, join: all, show: all]
    """

    result = run(text, start_method)

    before, _, after, daemon = (str(shown["repr"]) for shown in events(result, "process.shown"))
    assert before.startswith("<Process name='Process-1' parent=")
    assert before.endswith(" initial>")
    assert after.endswith(" stopped exitcode=0>")
    assert daemon.endswith(" stopped exitcode=0 daemon>")


def test_what_was_printed_before_sigterm_is_there(start_method: str, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    job = f"name: a, target: targets:print_then_sleep, args: ['{ready}']"

    result = once_ready(
        lambda timer_s: run(f"jobs: [{{{job}, terminate_after: {timer_s}}}]", start_method),
        lambda result: ready.exists(),
    )

    assert result.processes["a"].output == "one\ntwo\n"
    assert (result.processes["a"].outcome, result.processes["a"].stop_reason) == ("terminated", "terminate_after")


def test_lines_of_several_processes_are_whole(start_method: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    from runner.cli import main

    file = HERE / "many.yaml"

    assert main([str(file), "-q", "--start-method", start_method]) == 0
    lines = capfdbinary.readouterr().out.decode().splitlines()
    expected = [f"p-{n} │ p-{n} {number} p-{n}" for n in range(3) for number in range(500)]
    assert sorted(lines) == sorted(expected)


def test_unwinding_runs_finally_and_still_dies_by_the_signal(start_method: str) -> None:
    job = "name: a, target: targets:unwind, on_terminate: unwind"

    result = once_ready(
        lambda timer_s: run(f"grace_period: 30\njobs: [{{{job}, terminate_after: {timer_s}}}]", start_method),
        lambda result: "sleeping" in result.processes["a"].output,
    )

    assert result.processes["a"].output == "sleeping\nunwound\n"
    assert result.processes["a"].exit_code == -15


def test_unwinding_begins_though_the_signal_interrupted_no_call(start_method: str) -> None:
    target = "targets:unwind_though_another_thread_gets_the_signal"
    text = f"""
grace_period: 30
shared: {{ready: {{semaphore: 0}}}}
jobs: [{{name: a, target: {target}, args: [$ready], on_terminate: unwind}}]
main: [{{start: a}}, {{acquire: ready}}, {{terminate: a}}, {{join: a}}]
"""

    result = run(text, start_method)

    assert result.processes["a"].output == "unwound\n"
    assert result.processes["a"].exit_code == -15


def test_a_class_gets_its_arguments_and_its_name(start_method: str) -> None:
    text = "jobs: [{class: targets:Greeter, args: [hello]}, {class: targets:Greeter, args: [bye], name: x}]"

    result = run(text, start_method)

    assert [process.output for process in result.processes.values()] == ["hello Greeter-1\n", "bye x\n"]


def test_a_target_can_have_processes_of_its_own(start_method: str) -> None:
    result = run("jobs: [{name: a, target: targets:start_a_child_of_ones_own}]", start_method)

    assert result.processes["a"].output == "exit code: 0\n"


@pytest.mark.parametrize("start_method", ["fork", "forkserver"])
def test_the_memory_of_a_forked_process_is_its_own(start_method: str) -> None:
    text = """
        jobs:
          - {name: nothing, target: noop}
          - {name: returns, target: allocate, args: [48]}
          - {name: dies, do: [{crash: SIGKILL}]}
    """

    result = run(text, start_method)

    memory = {name: process.max_rss for name, process in result.processes.items()}
    assert memory["nothing"] is not None
    assert memory["returns"] is not None
    assert memory["nothing"] < 4 * MIB
    assert 47 * MIB <= memory["returns"] < 56 * MIB  # the system leaves out up to 32 pages for each processor and kind
    if start_method == "fork":  # under forkserver only the process itself knows
        assert memory["dies"] is not None
        assert memory["dies"] < 4 * MIB


def test_folder_and_variables_are_set(start_method: str) -> None:
    text = "jobs: [{name: a, target: targets:tell_place, cwd: .., env: {GREETING: hello}}]"

    result = run(text, start_method)

    assert result.processes["a"].output == f"{HERE.parent} hello\n"


def test_a_signal_from_elsewhere_is_a_failure_with_a_note(start_method: str) -> None:
    result = run("jobs: [{name: a, target: targets:terminate_oneself}]", start_method)

    process = result.processes["a"]
    assert (process.outcome, process.exit_code, process.signal) == ("failed", -9, "SIGKILL")
    assert [note["about"] for note in events(result, "note")] == ["foreign_signal"]


def test_exit_codes_are_right_when_sigchld_is_ignored(start_method: str) -> None:
    program = (
        "import signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); sys.argv[0] = 'run-jobs'\n"
        "from runner.cli import main; sys.exit(main())"
    )
    given = b"jobs: [{name: a, target: exit_with, args: [7], expect: {exit_code: 7}}]"

    command = [sys.executable, "-c", program, "-", "--start-method", start_method]
    done = subprocess.run(command, input=given, capture_output=True, check=False)

    assert done.returncode == 0, done.stderr.decode()
    assert b"7 an error" in done.stderr


def test_ends_that_nobody_saw_are_told_when_the_supervisor_dies(start_method: str) -> None:
    plan = plan_of("jobs: [{name: a, target: heartbeat, args: [60]}]", HERE, start_method)
    told = []

    connection = LocalConnection()
    with Session(connection) as session:
        session.submit(plan)
        for item in session.items():
            told.append(item)
            if b"beat 1" in getattr(item, "data", b""):
                os.kill(connection.pid, signal.SIGKILL)

    said = [item.to_json() for item in told if isinstance(item, Event)]
    (exited,) = [event for event in said if event["event"] == "process.exited"]
    assert (exited["outcome"], exited["exit_code"]) == ("lost", None)
    assert (said[-1]["event"], said[-1]["outcome"], said[-1]["exit_status"]) == ("run.finished", "faulted", 3)


def test_leaving_a_session_early_ends_everything(start_method: str) -> None:
    plan = plan_of("jobs: [{name: a, target: heartbeat, args: [60]}]", HERE, start_method)

    with Session() as session:
        session.submit(plan)
        items = (item for item in session.items() if isinstance(item, Event))
        started = next(event for event in items if event.event == "process.started")

    pid = started.fields["pid"]
    assert isinstance(pid, int)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("shared", [SharedSemaphore("guard", 1), SharedLock("guard")])
@pytest.mark.parametrize(
    "death", ["die_with_a_permit", "leave_with_a_permit", "be_terminated_with_a_permit", "raise_with_a_permit"]
)
def test_a_holder_that_dies_ends_the_run_and_is_named(
    start_method: StartMethod, death: str, shared: SharedSemaphore | SharedLock
) -> None:
    result = runner.run(guarded(start_method, shared, death, *["wait_for_a_permit"] * 3))

    (note,) = (note for note in events(result, "note") if note["about"] == "holder_died")
    assert note["process"] == "holder"
    assert result.processes["waiter-1"].stop_reason == "holder_died"  # the run may end before it starts the others
    assert (result.outcome, result.exit_status) == ("failed", 1)


def test_what_is_released_once_too_often_is_an_error_of_a_lock_alone(start_method: StartMethod) -> None:
    of_a_lock = runner.run(guarded(start_method, SharedLock("guard"), "release_once_too_often", "wait_for_a_permit"))
    of_a_semaphore = runner.run(
        guarded(start_method, SharedSemaphore("guard", 1), "release_once_too_often", "wait_for_a_permit")
    )

    error = of_a_lock.processes["holder"].error
    assert error is not None
    assert error["type"] == "ValueError"
    assert of_a_lock.processes["waiter-1"].outcome == "succeeded"
    assert of_a_semaphore.outcome == "succeeded"


def test_a_process_may_have_as_many_permits_as_there_are(start_method: StartMethod) -> None:
    result = runner.run(
        guarded(start_method, SharedSemaphore("guard", 310), "be_terminated_with_three_hundred_permits")
    )

    assert (result.processes["holder"].exit_code, result.processes["holder"].error) == (-15, None)
    (note,) = (note for note in events(result, "note") if note["about"] == "holder_died")
    assert note["process"] == "holder"


def guarded(start_method: StartMethod, shared: SharedSemaphore | SharedLock, *targets: str) -> Plan:
    """A run in which each process gets the guard: the holder, and after its end others that wait for the guard."""
    names = ["holder", *(f"waiter-{number}" for number in range(1, len(targets)))]
    processes = (
        ProcessPlan(name, name, target=f"targets:{target}", args=({"ref": "guard"},))
        for name, target in zip(names, targets, strict=True)
    )
    waiters = range(1, len(targets))
    return Plan(
        file="none",
        start_method=start_method,
        processes=tuple(processes),
        steps=(Start(0), Join(0), *map(Start, waiters), *map(Join, waiters)),
        jobs=tuple(JobPlan(name, "process", (number,)) for number, name in enumerate(names)),
        shared=(shared,),
        paths=(str(HERE),),
    )


def test_a_run_can_be_made_in_a_thread_and_again(start_method: str) -> None:
    import threading

    results: list[RunResult] = []
    text = "jobs: [{name: a, target: say, args: [hello]}]"
    thread = threading.Thread(target=lambda: results.append(run(text, start_method)))

    thread.start()
    thread.join()

    assert [result.processes["a"].output for result in [*results, run(text, start_method)]] == ["hello\n"] * 2


def test_running_from_python_changes_no_handler() -> None:
    before = [signal.getsignal(number) for number in range(1, 32)]

    runner.run(plan_of("jobs: [{target: noop}]", HERE))

    assert [signal.getsignal(number) for number in range(1, 32)] == before


@pytest.mark.parametrize("preflight", [True, False])
def test_a_stop_right_behind_the_order_starts_nothing(preflight: bool, start_method: str) -> None:
    plan = plan_of("jobs: [{name: a, target: sleep, args: [60]}]", HERE, start_method)
    with Session() as session:
        session.submit(plan, preflight=preflight)
        session.stop(signal.SIGINT)

        with pytest.raises(Interrupted) as interrupted:
            list(session.items())

    assert interrupted.value.exit_status == 130
