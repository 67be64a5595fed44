"""Random files, and random things done to them at random moments: nothing is left, and each start has one end.

`RUN_JOBS_RANDOM_RUNS=200 python -m pytest tests/faults/test_random_runs.py` makes more of them.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.running import COMMAND, children_of, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUNS = int(os.environ.get("RUN_JOBS_RANDOM_RUNS", "24"))
MOST_S = 1.5
"""How long a run is left alone at most."""

TARGETS = [
    "target: noop",
    "target: sleep, args: [0.3]",
    "target: sleep, args: [60]",
    "target: spin, args: [0.2]",
    "target: heartbeat, args: [0.02]",
    "target: ignore_sigterm",
    "target: fail",
    "target: exit_with, args: [3]",
    "target: 'tests.faults.deeds:leave_a_grandchild'",
    "target: 'tests.faults.deeds:leave_a_daemon_of_the_old_kind'",
    "target: 'tests.faults.deeds:exit_7_on_sigterm'",
    "target: 'tests.faults.deeds:abort'",
    "type: shared_counter, increments: 300, batch: 1",
    "type: shared_counter, increments: 20_000_000",
]
MORE = ["", "daemon: true", "timeout: 0.2", "terminate_after: 0.1", "on_terminate: unwind", "limits: {memory: 1GiB}"]


def front_lives(running: subprocess.Popen[bytes], *numbers: signal.Signals) -> bool:
    """Send the command signals."""
    for number in numbers:
        running.send_signal(number)
        time.sleep(0.15)  # at once it would be the same wish
    return signal.SIGKILL not in numbers


def supervisor_dies(running: subprocess.Popen[bytes]) -> bool:
    """Kill the supervisor, if it is there already."""
    for child in children_of(running.pid)[:1]:
        os.kill(child, signal.SIGKILL)
    return True


DEEDS: list[Callable[[subprocess.Popen[bytes]], bool]] = [
    front_lives,
    lambda running: front_lives(running, signal.SIGINT),
    lambda running: front_lives(running, signal.SIGTERM),
    lambda running: front_lives(running, signal.SIGHUP),
    lambda running: front_lives(running, signal.SIGINT, signal.SIGINT),
    lambda running: front_lives(running, signal.SIGKILL),
    supervisor_dies,
]
"""Each gives whether the command lives on to tell the ends."""


def made_up(chance: random.Random) -> str:
    """The text of a file."""
    jobs = []
    for number in range(chance.randint(1, 8)):
        target = chance.choice(TARGETS)
        replicas = "" if "type" in target else f"replicas: {chance.randint(1, 3)}"
        jobs.append(", ".join(filter(None, (f"name: j{number}", target, chance.choice(MORE), replicas))))
    method = chance.choice(["fork", "spawn", "forkserver"])
    limit = chance.choice(["", "time_limit: 0.8\n"])
    lines = "\n".join(f"- {{{job}}}" for job in jobs)
    return f"start_method: {method}\ngrace_period: 0.3\n{limit}jobs:\n{lines}\n"


@pytest.mark.parametrize("seed", range(RUNS))
def test_nothing_is_left_and_each_start_has_one_end(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    events = tmp_path / "events"
    text = made_up(chance)
    print(text)
    command = [*COMMAND, "-", "-q", "--output", "none", "--events", str(events)]
    running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert running.stdin is not None
    assert running.stderr is not None
    running.stdin.write(text.encode())
    running.stdin.close()
    wait_until(lambda: running.poll() is not None or bool(children_of(running.pid)))
    supervisors = children_of(running.pid)[:1] if running.poll() is None else []
    time.sleep(chance.uniform(0, MOST_S))

    lives = chance.choice(DEEDS)(running) if running.poll() is None else True
    if lives and running.poll() is None:
        running.send_signal(signal.SIGTERM)
    running.stderr.close()
    running.wait(20)

    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in supervisors))
    subprocess.run([*COMMAND, "-", "-q"], input=b"jobs: [{target: noop}]", check=True)  # sweeps after what was killed
    happened = [json.loads(line) for line in events.read_bytes().splitlines()] if events.exists() else []
    assert [event["seq"] for event in happened] == list(range(len(happened)))
    if lives and happened:
        started = sorted(event["process"] for event in happened if event["event"] == "process.started")
        assert sorted(event["process"] for event in happened if event["event"] == "process.exited") == started
        assert [event["event"] for event in happened].count("run.finished") == 1
        assert happened[-1]["event"] == "run.finished"
