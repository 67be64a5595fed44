"""A process may signal its group, leave it and become a daemon: no other process of the run is hit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from runner.system import process_groups, thread_states
from tests.running import COMMAND, Running, once_ready, run_text, wait_until, written

if TYPE_CHECKING:
    from pathlib import Path

DEEDS = """
import ctypes, os, signal, subprocess, sys, time

def end_the_group():
    os.killpg(os.getpgrp(), signal.SIGTERM)

def kill_the_group():
    os.kill(0, signal.SIGKILL)

def end_a_group_with_a_child_in_it():
    child = subprocess.Popen(["sleep", "600"])
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
    print(child.wait())

def set_a_session():
    os.setsid()
    print(os.getsid(0) == os.getpid())

def set_a_session_from_c():
    print(ctypes.CDLL(None).setsid() == os.getpid())

def set_a_session_with_a_living_child():
    child = subprocess.Popen(["sleep", "600"])
    os.setsid()
    print(os.getsid(0) == os.getpid())
    child.kill()
    child.wait()

def set_a_group():
    os.setpgid(0, 0)
    print(os.getpgrp() == os.getpid())

def become_a_daemon():
    read, write = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(write, b"True")
        os._exit(0)
    os.wait()
    print(os.read(read, 4).decode())
"""
SETTING = [name.removesuffix("():") for name in DEEDS.split() if name.startswith(("set_a", "become_a"))]


def test_a_process_that_signals_its_group_hits_no_other_one(start_method: str, tmp_path: Path) -> None:
    (tmp_path / "grouped.py").write_text(DEEDS)
    text = """
jobs:
- {name: ended, target: 'grouped:end_the_group'}
- {name: killed, target: 'grouped:kill_the_group'}
- {name: parent, target: 'grouped:end_a_group_with_a_child_in_it'}
- {name: other, target: sleep, args: [600]}
- {name: late, target: noop}
main: [start: other, start: ended, start: killed, start: parent, join: ended, join: killed, join: parent, start: late,
  join: late, terminate: other, join: other]
"""

    result = run_text(text, tmp_path, start_method)

    assert [result.processes[name].exit_code for name in ("ended", "killed", "parent")] == [-15, -9, 0]
    assert result.processes["parent"].output == "-15\n"
    assert [result.processes[name].outcome for name in ("late", "other")] == ["succeeded", "terminated"]


SENDERS = """
import os, signal, subprocess, sys, time
from runner.system import thread_states

def signal_the_parent(number):
    time.sleep(0.5)  # the supervisor reads the answer of a forkserver; where sleep is unknown, this is all
    while thread_states.sleeps(os.getppid()) is False:  # it starts processes
        time.sleep(0.01)
    os.kill(os.getppid(), number)
    time.sleep(60)

def itself():
    signal_the_parent(signal.SIGTERM)

def with_signal(number):
    signal_the_parent(number)

def pause():
    os.kill(os.getppid(), signal.SIGTSTP)
    time.sleep(0.5)

def stop_for_good():
    print("ready", flush=True)
    os.kill(os.getppid(), signal.SIGSTOP)
    time.sleep(60)

def stop_again_and_again():
    for _ in range(5):
        os.kill(os.getppid(), signal.SIGSTOP)
        time.sleep(0.05)

def by_another():
    code = f"import os, time; os.kill({os.getppid()}, 1); time.sleep(60)"  # it lives until it is looked at
    subprocess.run([sys.executable, "-c", code])
"""


@pytest.mark.linux("signalfd reveals the sender of a signal")
@pytest.mark.parametrize("start_method", ["fork", "spawn"])
@pytest.mark.parametrize(
    ("target", "said", "status"),
    [("itself", "a sent SIGTERM to", 143), ("by_another", "A process that a started sent SIGHUP to", 129)],
)
def test_a_stop_that_a_target_requests_of_its_parent_names_it(
    target: str, said: str, status: int, start_method: str, tmp_path: Path
) -> None:
    (tmp_path / "sending.py").write_text(SENDERS)
    text = f"jobs: [{{name: a, target: 'sending:{target}'}}, {{name: b, target: sleep, args: [60]}}]"

    result = run_text(text, tmp_path, start_method)

    assert (result.outcome, result.exit_status) == ("stopped", status)
    [stopped] = [event.fields["text"] for event in result.events if event.fields.get("about") == "stop_requested"]
    assert f"{said} the process that starts the others: the run is stopped in order." in str(stopped)


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGQUIT, signal.SIGALRM, signal.SIGABRT])
def test_a_signal_that_ends_the_main_of_a_plain_script_stops_the_run(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "sending.py").write_text(SENDERS)
    job = f"{{name: a, target: 'sending:with_signal', args: [{int(number)}]}}"

    result = run_text(f"jobs: [{job}, {{name: b, target: sleep, args: [60]}}]", tmp_path, "fork")

    assert (result.outcome, result.exit_status) == ("stopped", 128 + number)
    notes = [str(event.fields["text"]) for event in result.events if event.fields.get("about") == "stop_requested"]
    assert [number.name in note for note in notes] == [True]


def test_a_target_cannot_pause_what_starts_it(tmp_path: Path) -> None:
    (tmp_path / "sending.py").write_text(SENDERS)

    result = run_text("time_limit: 20\njobs: [{name: a, target: 'sending:pause'}]", tmp_path, "fork")

    assert result.outcome == "succeeded"


def test_a_time_limit_holds_though_a_target_has_stopped_what_starts_it(tmp_path: Path) -> None:
    (tmp_path / "sending.py").write_text(SENDERS)

    job = "{name: a, target: 'sending:stop_for_good'}"

    result = once_ready(
        lambda timer_s: run_text(f"time_limit: {timer_s}\njobs: [{job}]", tmp_path, "fork"),
        lambda result: result.processes["a"].output == "ready\n",
    )

    assert result.outcome == "timed_out"
    assert result.duration < 50  # `a` would sleep for a minute


@pytest.mark.linux("waitid tells what has been paused")
def test_what_starts_the_others_goes_on_though_targets_stop_it(start_method: str, tmp_path: Path) -> None:
    (tmp_path / "sending.py").write_text(SENDERS)
    (tmp_path / "jobs.yaml").write_text("""
jobs:
- {name: a, target: 'sending:stop_again_and_again', replicas: 3}
- {name: b, target: noop, replicas: 20}
""")
    command = [sys.executable, "-m", "runner", "jobs.yaml", "--start-method", start_method, "--json"]

    done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=60)

    assert (done.returncode, json.loads(done.stdout)["outcome"]) == (0, "succeeded")


@pytest.mark.linux("orphans are adopted, and so have an exit code")
def test_a_target_that_ends_the_forkserver_is_not_taken_for_a_shortage_of_memory(tmp_path: Path) -> None:
    (tmp_path / "sending.py").write_text(SENDERS)
    text = "jobs: [{name: b, target: sleep, args: [60]}, {name: a, target: 'sending:itself'}]"

    result = run_text(text, tmp_path, "forkserver")

    notes = [str(event.fields["text"]) for event in result.events if event.event == "note"]
    assert [process.exit_code for process in result.processes.values()] == [-9, -9]
    assert any("killed with the forkserver, its parent, which SIGTERM ended" in note for note in notes)
    assert not any("memory" in note for note in notes)


LATE = """
import os, sys, time

forks = []

def wait_for_the_end_of_the_forkserver():
    if len(forks) == 1 and "runner.supervise.mp.forkserver_signals" in sys.modules:
        forkserver = os.getppid()
        while os.getppid() == forkserver:
            time.sleep(0.01)

os.register_at_fork(before=lambda: forks.append(1), after_in_child=wait_for_the_end_of_the_forkserver)

def end_the_forkserver():
    os.kill(os.getppid(), 15)
    time.sleep(60)
"""


@pytest.mark.linux("a process is killed with its parent")
def test_a_process_that_comes_to_life_after_the_end_of_its_forkserver_ends_as_the_others_do(tmp_path: Path) -> None:
    (tmp_path / "late.py").write_text(LATE)
    jobs = "[{name: b, target: sleep, args: [60]}, {name: a, target: 'late:end_the_forkserver'}]"

    result = run_text(f"preload: [late]\njobs: {jobs}", tmp_path, "forkserver")

    assert [process.exit_code for process in result.processes.values()] == [-9, -9]
    assert result.duration < 50


def test_a_process_may_have_a_session_of_its_own(start_method: str, tmp_path: Path) -> None:
    (tmp_path / "grouped.py").write_text(DEEDS)
    jobs = ", ".join(f"{{name: {name}, target: 'grouped:{name}'}}" for name in SETTING)

    result = run_text(f"jobs: [{jobs}]", tmp_path, start_method)

    assert {name: result.processes[name].output for name in SETTING} == dict.fromkeys(SETTING, "True\n")


@pytest.mark.alone
@pytest.mark.parametrize("clone", ["as it is", "missing"])
def test_a_group_has_no_leader_among_the_living(clone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if clone == "missing":
        monkeypatch.setattr(process_groups, "_clone", lambda _stack: -1)
    read, write = os.pipe()

    child = os.fork()
    if child == 0:
        process_groups.enter_own_group()
        os.write(write, b"%d" % os.getpgrp())
        os.setsid()  # it would raise in a leader
        os._exit(0)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert int(os.read(read, 10)) not in (child, os.getpgrp())
    os.close(read)
    os.close(write)


SENDS_TO_THE_COMMAND = """
import os, signal, time
from runner.system import thread_states

def read(pid, name):
    return open(f"/proc/{pid}/{name}").read()

def parent(pid):
    return int(read(pid, "stat").rpartition(")")[2].split()[1])

def end_the_command(events):
    # The children of a forkserver have it between them and the supervisor.
    pid = os.getppid()
    while "runner.supervise" not in read(pid, "cmdline") or "forkserver" in read(pid, "cmdline"):
        pid = parent(pid)
    command = parent(pid)
    while "process.started" not in open(events).read():
        time.sleep(0.01)
    while thread_states.sleeps(command) is not True:  # while it works, its handler knows the number alone
        time.sleep(0.01)
    os.kill(command, signal.SIGTERM)
    time.sleep(60)
"""


@pytest.mark.linux("/proc tells a target which process is the command, and signalfd reveals the sender of a signal")
def test_a_stop_that_a_target_requests_of_the_command_names_it(start_method: str, tmp_path: Path) -> None:
    (tmp_path / "sending.py").write_text(SENDS_TO_THE_COMMAND)
    events = tmp_path / "events"
    file = written(tmp_path, f"jobs: [{{name: a, target: 'sending:end_the_command', args: ['{events}']}}]")

    command = [*COMMAND, str(file), "--events", str(events), "--start-method", start_method]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, timeout=50)

    assert done.returncode == 143
    assert "a sent SIGTERM to the command: the run is stopped in order." in " ".join(done.stderr.split())


@pytest.mark.linux("signalfd reveals the sender of a signal")
def test_a_stop_from_outside_names_its_sender() -> None:
    running = Running(given=b"jobs: [{name: a, do: [{sleep: 0.5}, {print: ready}, hang]}]")
    running.wait_for(b"ready")
    wait_until(lambda: thread_states.sleeps(running.command.pid) is True)

    running.command.send_signal(signal.SIGHUP)
    status, said = running.end()

    assert status == 129
    assert f"(pid {os.getpid()}) sent SIGHUP to the command" in " ".join(said.split())
