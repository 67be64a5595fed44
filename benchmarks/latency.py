"""From a child's end to its notice, with 1, 100 and 1,000 alive; and how often an idle supervisor wakes up.

Who measures looks at the files again and again, at idle priority: so it takes no time from anybody, and its own
waking-up is not in what it measures.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measuring import COMMAND, PROGRAMS, Bound, table

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDS_A_ROUND = 10
BETWEEN_ENDS_S = 0.01
"""Until the last end is dealt with by all: what is measured is one end in an idle run."""
IDLE_S = 1


class Lines:
    """The lines of a growing file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open()
        self._unfinished = ""

    def next(self) -> str:
        """The next line, as soon as it is there."""
        while not self._unfinished.endswith("\n"):
            self._unfinished += self._file.readline()
        line, self._unfinished = self._unfinished, ""
        return line

    def next_event(self, name: str) -> dict[str, Any]:
        """The next event of this name."""
        while True:
            event: dict[str, Any] = json.loads(self.next())
            if event["event"] == name:
                return event


def measure(rounds: int) -> None:
    """Milliseconds from our SIGKILL of a child to the `t` of its end, and to its line in the events file."""
    for alive in (1, 100, 1000):
        _measure(alive, rounds * ENDS_A_ROUND)


def _measure(alive: int, ends: int) -> None:
    found: dict[str, list[float]] = {"noticed": [], "written": [], "waitpid": []}
    with _run(alive + ends) as (events, pids, supervisor), _by_hand(alive + ends) as (moments, others):
        before = _wakings(supervisor)
        time.sleep(IDLE_S)
        wakings = _wakings(supervisor) - before
        with _idle_priority():
            for ours, theirs in zip(pids[:ends], others[:ends], strict=True):
                killed = _kill(ours)
                exited = events.next_event("process.exited")
                found["written"].append((time.time() - killed) * 1000)
                found["noticed"].append((datetime.fromisoformat(exited["time"]).timestamp() - killed) * 1000)
                killed = _kill(theirs)
                found["waitpid"].append((float(moments.next()) - killed) * 1000)
    bounds = [Bound("noticed", "waitpid", 1.3, at_least=False), Bound("written", "waitpid", 2.5, at_least=False)]
    medians = {name: statistics.median(figures) for name, figures in found.items()}
    title = f"an end is seen, with {alive} alive; idle wake-ups in {IDLE_S} s: {wakings}"
    print(table(title, "ms", medians, bounds), flush=True)


@contextlib.contextmanager
def _run(processes: int) -> Iterator[tuple[Lines, list[int], int]]:
    """A run of sleeping processes: its events, their pids and the supervisor's."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "events")
        path.touch()
        command = [*COMMAND, "-", "-q", "--output", "none", "--events", str(path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as running:
            assert running.stdin is not None
            running.stdin.write(f"jobs: [{{target: sleep, args: [600], replicas: {processes}}}]".encode())
            running.stdin.close()
            events = Lines(path)
            pids = [events.next_event("process.started")["pid"] for _ in range(processes)]
            children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text()
            yield events, pids, int(children.split()[0])
            running.send_signal(signal.SIGTERM)


@contextlib.contextmanager
def _by_hand(processes: int) -> Iterator[tuple[Lines, list[int]]]:
    """A program that does nothing but wait for as many children: the moments of their ends, and their pids."""
    with tempfile.NamedTemporaryFile() as file:
        command = [sys.executable, str(PROGRAMS / "waitpid.py"), str(processes)]
        with subprocess.Popen(command, stdout=file) as waiting:
            moments = Lines(Path(file.name))
            pids = [int(pid) for pid in moments.next().split()]
            yield moments, pids
            waiting.terminate()
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def _idle_priority() -> Iterator[None]:
    before, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    try:
        yield
    finally:
        os.sched_setscheduler(0, before, parameters)


def _kill(pid: int) -> float:
    """Kill a child; the moment of that."""
    time.sleep(BETWEEN_ENDS_S)
    killed = time.time()
    os.kill(pid, signal.SIGKILL)
    return killed


def _wakings(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("voluntary_ctxt_switches"))
