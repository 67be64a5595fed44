"""What stops a run from outside: signals, a reader that goes away, the death of the supervisor."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.running import COMMAND, Running, written
from tests.seeing import PROC


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_the_run_in_order(number: signal.Signals) -> None:
    running = Running(given=b"jobs: [{name: a, target: heartbeat, args: [60]}]")
    running.wait_for(b"beat 1")

    running.command.send_signal(number)

    status, said = running.end()
    assert status == 128 + number
    assert "killed by SIGTERM" in said
    assert "stopped" in said


def test_a_signal_that_comes_twice_at_once_is_one() -> None:
    running = Running(given=b"grace_period: 60\njobs: [{name: a, target: ignore_sigterm, args: [5]}]")
    running.wait_for(b"ignores SIGTERM")

    running.command.send_signal(signal.SIGINT)
    running.command.send_signal(signal.SIGINT)

    status, said = running.end()
    assert status == 130
    assert re.search(
        r"SIGINT (was sent \(Ctrl-C\)|to the command): the run is stopped in order", " ".join(said.split())
    )
    assert "succeeded" in said  # it was let to its end


def test_a_second_signal_does_not_wait_for_the_grace_period() -> None:
    running = Running(given=b"grace_period: 100\njobs: [{name: a, target: ignore_sigterm}]")
    running.wait_for(b"ignores SIGTERM")

    while running.command.poll() is None:
        running.command.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.command.wait(2)  # at once it would be the same wish, and who is just ending may die of one more

    status, said = running.end()
    assert status == 130
    assert "killed by SIGKILL" in said


def test_what_a_supervisor_that_was_killed_leaves_is_ended_by_the_command(start_method: str, tmp_path: Path) -> None:
    (tmp_path / "leaving.py").write_text(
        "import os, subprocess, time\n"
        "from multiprocessing.shared_memory import SharedMemory\n"
        "def leave():\n"
        "    subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "    SharedMemory(create=True, size=8)\n"
        "    print('left', flush=True)\n"
        "    time.sleep(600)\n"
    )
    file = written(tmp_path, "jobs: [{name: a, target: 'leaving:leave'}, {type: shared_counter, increments: 1}]")
    command = [*COMMAND, str(file), "--output", "raw", "--start-method", start_method]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stdout is not None
    assert running.stdout.readline() == b"left\n"
    children = Path(f"{PROC}/{running.pid}/task/{running.pid}/children").read_text().split()

    os.kill(int(children[0]), signal.SIGKILL)

    _, said = running.communicate(timeout=30)
    assert running.returncode == 3
    assert b"the supervisor died" in b" ".join(said.split())  # that nothing is left is seen after each test


def test_nobody_reading_stdout_stops_the_run() -> None:
    running = Running("--output", "raw", given=b"jobs: [{name: a, target: heartbeat, args: [0.01]}]")
    running.wait_for(b"beat 1")
    assert running.command.stdout is not None

    running.command.stdout.close()

    assert running.command.stderr is not None
    running.command.stderr.read()
    running.command.stderr.close()
    assert running.command.wait() == 128 + signal.SIGPIPE
