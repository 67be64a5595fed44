"""From a child's end to its notice, with 1, 100 and 1,000 alive; and how often an idle supervisor wakes up."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measuring import COMMAND, PROGRAMS, Bound, table

if TYPE_CHECKING:
    from typing import TextIO

ENDS = 30


def measure(rounds: int) -> None:
    """Milliseconds from our SIGKILL of a child to the `t` of its end, and to its line in the events file."""
    for alive in (1, 100, 1000):
        noticed, written, wakings = _ours(alive, min(ENDS, rounds * 4))
        found = {"noticed": noticed, "written": written, "waitpid": _waitpid(alive, min(ENDS, rounds * 4))}
        bounds = [Bound("noticed", "waitpid", 1.3, at_least=False), Bound("written", "waitpid", 2.5, at_least=False)]
        print(table(f"an end is seen, with {alive} alive; idle wake-ups in 10 s: {wakings}", "ms", found, bounds))


def _ours(alive: int, ends: int) -> tuple[float, float, int]:
    with tempfile.TemporaryDirectory() as folder:
        events = Path(folder, "events")
        command = [*COMMAND, "-", "-q", "--output", "none", "--events", str(events)]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as running:
            assert running.stdin is not None
            running.stdin.write(f"jobs: [{{target: sleep, args: [600], replicas: {alive + ends}}}]".encode())
            running.stdin.close()
            while not events.exists():
                time.sleep(0.01)
            with events.open() as file:
                pids = [_next(file, "process.started")["pid"] for _ in range(alive + ends)]
                time.sleep(0.5)
                supervisor = int(Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()[0])
                before = _wakings(supervisor)
                time.sleep(10)
                wakings = _wakings(supervisor) - before
                figures = [_one(file, pid) for pid in pids[:ends]]
            running.send_signal(signal.SIGTERM)
    noticed, written = zip(*figures, strict=True)
    return statistics.median(noticed), statistics.median(written), wakings


def _one(file: TextIO, pid: int) -> tuple[float, float]:
    """Kill a child, and tell how long it took to be noticed and to be written."""
    killed = time.time()
    os.kill(pid, signal.SIGKILL)
    exited = _next(file, "process.exited")
    written = time.time()
    from datetime import datetime

    noticed = datetime.fromisoformat(exited["time"]).timestamp()
    return (noticed - killed) * 1000, (written - killed) * 1000


def _next(file: TextIO, name: str) -> dict[str, Any]:
    """The next event of this name in the growing file."""
    line = ""
    while True:
        line += file.readline()
        if line.endswith("\n"):
            event: dict[str, Any] = json.loads(line)
            if event["event"] == name:
                return event
            line = ""


def _waitpid(alive: int, ends: int) -> float:
    """The same of a program that does nothing but wait, with as many children of its own."""
    command = [sys.executable, str(PROGRAMS / "waitpid.py"), str(alive + ends)]
    figures = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as waiting:
        assert waiting.stdout is not None
        pids = [int(pid) for pid in waiting.stdout.readline().split()]
        time.sleep(0.5)  # until the last ones sleep; there is no fact to wait for
        for pid in pids[:ends]:
            killed = time.time()
            os.kill(pid, signal.SIGKILL)
            figures.append((float(waiting.stdout.readline()) - killed) * 1000)
        for pid in pids[ends:]:
            os.kill(pid, signal.SIGKILL)
        waiting.stdout.read()
    return statistics.median(figures)


def _wakings(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("voluntary_ctxt_switches"))
