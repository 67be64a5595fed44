"""Random files, and random things done to their runs at random moments: nothing is left, and each start has one end.

`python -m tests.random_runs 1000 --seed 1` makes 1,000 of them.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests import traces, trials
from tests.running import COMMAND, children_of, wait_until
from tests.seeing import PROC

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_DURATION_S = 1.5
"""The longest time for which a run is left alone."""

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
        with contextlib.suppress(ProcessLookupError):  # it has ended since
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
"""Each returns whether the command lives on and reports the ends."""


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


def wrong_with(seed: int) -> str | None:
    """What is wrong with the run of this seed, which has been watched to its end."""
    before = traces.traces()
    with tempfile.TemporaryDirectory() as folder:
        wrong = _wrong_with_events(seed, Path(folder))
    left = traces.left_after_a_while(before)
    return wrong or (f"left behind: {left}" if left else None)


def _wrong_with_events(seed: int, folder: Path) -> str | None:
    chance = random.Random(seed)
    events = folder / "events"
    text = made_up(chance)
    command = [*COMMAND, "-", "-q", "--output", "none", "--events", str(events)]
    running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert running.stdin is not None
    assert running.stderr is not None
    running.stdin.write(text.encode())
    running.stdin.close()
    wait_until(lambda: running.poll() is not None or bool(children_of(running.pid)))
    supervisors = children_of(running.pid)[:1] if running.poll() is None else []
    time.sleep(chance.uniform(0, MAX_DURATION_S))

    lives = chance.choice(DEEDS)(running) if running.poll() is None else True
    if lives and running.poll() is None:
        running.send_signal(signal.SIGTERM)
    running.stderr.close()
    running.wait(50)

    wait_until(lambda: not any(os.path.exists(f"{PROC}/{pid}") for pid in supervisors))
    subprocess.run([*COMMAND, "-", "-q"], input=b"jobs: [{target: noop}]", check=True)  # sweeps after what was killed
    happened = [json.loads(line) for line in events.read_bytes().splitlines()] if events.exists() else []
    fault = _fault_of(happened, complete=lives and bool(happened))
    return None if fault is None else f"{fault}\n{text}"


def _fault_of(happened: list[dict[str, Any]], *, complete: bool) -> str | None:
    """What is wrong with these events; `complete` ones have an end for each start, and one of the run."""
    names = [event["event"] for event in happened]
    if [event["seq"] for event in happened] != list(range(len(happened))):
        return "events are missing"
    started, ended = (
        sorted(event["process"] for event in happened if event["event"] == name)
        for name in ("process.started", "process.exited")
    )
    if complete and started != ended:
        return f"started: {started}, ended: {ended}"
    if complete and (names.count("run.finished") != 1 or names[-1] != "run.finished"):
        return f"the last events are {names[-3:]}"
    return None


def main() -> int:
    """Make as many runs as the command line says; returns the exit status."""
    traces.mark()
    with tempfile.TemporaryDirectory(prefix="kept-") as kept, tempfile.TemporaryDirectory(prefix="tests-") as temporary:
        os.environ |= {"TMPDIR": temporary, "XDG_CACHE_HOME": kept, "XDG_STATE_HOME": kept}
        return trials.make(wrong_with)


if __name__ == "__main__":
    sys.exit(main())
