"""From a child's end to its notice, with 1, 100 and 1,000 alive; and how often an idle supervisor wakes up.

Who measures waits for what is written, so that it takes no processor's time from anybody: its own waking-up is in
"written", its reading of JSON is not.
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
    from io import FileIO
    from typing import IO, TypeAlias

    Events: TypeAlias = Iterator[tuple[bytes, float]]
    """Lines, and when each was here."""

ENDS_A_ROUND = 10
BETWEEN_ENDS_S = 0.01
"""Until the last end is dealt with by all: what is measured is one end in an idle run."""
IDLE_S = 10
PIPE = 1 << 16
PLAIN = "waitpid, plain children"


def measure(rounds: int) -> None:
    """Milliseconds from our SIGKILL of a child to the `t` of its end, and to its line in the events file."""
    for alive in (1, 100, 1000):
        _measure(alive, rounds * ENDS_A_ROUND)


def _measure(alive: int, ends: int) -> None:
    found: dict[str, list[float]] = {"noticed": [], "written": [], "waitpid": [], PLAIN: []}
    processes = alive + ends
    with (
        _run(processes) as (events, pids, supervisor),
        _by_hand(processes) as (moments, others),
        _by_hand(processes, "plain") as (moments_of_plain, plain),
    ):
        before = _wakings(supervisor)
        time.sleep(IDLE_S)
        wakings = _wakings(supervisor) - before
        for number in range(ends):
            killed = _kill(pids[number])
            exited, read = _next(events, "process.exited")
            found["written"].append((read - killed) * 1000)
            found["noticed"].append((datetime.fromisoformat(exited["time"]).timestamp() - killed) * 1000)
            killed = _kill(others[number])
            found["waitpid"].append((float(moments.readline()) - killed) * 1000)
            killed = _kill(plain[number])
            found[PLAIN].append((float(moments_of_plain.readline()) - killed) * 1000)
    bounds = [Bound("noticed", "waitpid", 1.3, at_least=False), Bound("written", "waitpid", 2.5, at_least=False)]
    medians = {name: statistics.median(figures) for name, figures in found.items()}
    title = f"an end is seen, with {alive} alive; idle wake-ups in {IDLE_S} s: {wakings}"
    print(table(title, "ms", medians, bounds), flush=True)


@contextlib.contextmanager
def _run(processes: int) -> Iterator[tuple[Events, list[int], int]]:
    """A run of sleeping processes: its events, their pids and the supervisor's."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "events")
        os.mkfifo(path)
        command = [*COMMAND, "-", "-q", "--output", "none", "--events", str(path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as running:
            assert running.stdin is not None
            running.stdin.write(f"jobs: [{{target: sleep, args: [600], replicas: {processes}}}]".encode())
            running.stdin.close()
            with path.open("rb", buffering=0) as file:
                events = _lines(file)
                pids = [_next(events, "process.started")[0]["pid"] for _ in range(processes)]
                children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text()
                yield events, pids, int(children.split()[0])
                running.send_signal(signal.SIGTERM)
                file.readall()


@contextlib.contextmanager
def _by_hand(processes: int, *kind: str) -> Iterator[tuple[IO[str], list[int]]]:
    """A program that does nothing but wait for as many children: the moments of their ends, and their pids."""
    command = [sys.executable, str(PROGRAMS / "waitpid.py"), str(processes), *kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as waiting:
        assert waiting.stdout is not None
        pids = [int(pid) for pid in waiting.stdout.readline().split()]
        yield waiting.stdout, pids
        waiting.kill()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _lines(file: FileIO) -> Iterator[tuple[bytes, float]]:
    """Each line as it is written, and the moment in which it was here."""
    rest = b""
    while data := file.read(PIPE):
        read = time.time()
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield line, read


def _next(events: Events, name: str) -> tuple[dict[str, Any], float]:
    """The next event of this name, and when it was here; blocks until it is written."""
    for line, read in events:
        event: dict[str, Any] = json.loads(line)
        if event["event"] == name:
            return event, read
    raise EOFError(name)


def _kill(pid: int) -> float:
    """Kill a child; the moment of that."""
    time.sleep(BETWEEN_ENDS_S)
    killed = time.time()
    os.kill(pid, signal.SIGKILL)
    return killed


def _wakings(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("voluntary_ctxt_switches"))
