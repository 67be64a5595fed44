"""From a child's end to its notice, with 1, 100 and 1,000 alive; and how often an idle supervisor wakes up.

Who measures waits for what is written, in the same way for all, so that it takes no processor's time from anybody: a
killed process ends only when we sleep. Our own waking-up is in "written", our reading of JSON is not.
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
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from benchmarks.measuring import COMMAND, PROGRAMS, Bound, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from io import FileIO
    from typing import TypeAlias

    Lines: TypeAlias = Iterator[tuple[bytes, float]]
    """Lines, and when each was here."""
    Program: TypeAlias = Callable[[int], AbstractContextManager["_RunJobs | _ByHand"]]
    """What runs, with so many processes, until the context is left."""

ENDS_A_ROUND = 10
BETWEEN_ENDS_S = 0.01
"""Until the last end is dealt with by all: what is measured is one end in an idle run."""
IDLE_S = 10
PIPE = 1 << 16
WAITPID = "waitpid"
PLAIN = "waitpid, plain children"


def measure(rounds: int) -> None:
    """Milliseconds from our SIGKILL of a child to the `t` of its end, and to its line in the events file."""
    for alive in (1, 100, 1000):
        _measure(alive, rounds * ENDS_A_ROUND)


def _measure(alive: int, ends: int) -> None:
    found: dict[str, list[float]] = {"noticed": [], "written": [], WAITPID: [], PLAIN: []}
    wakings = 0
    programs: list[Program] = [_run_jobs, partial(_by_hand, WAITPID, "alike"), partial(_by_hand, PLAIN, "plain")]
    ends_each = ends // len(programs)
    for first in range(len(programs)):
        # Who starts first gets pages that lie apart in memory, and the next ones whole blocks, whose processes then
        # end a fifth faster: so each is first once.
        with contextlib.ExitStack() as running:
            order = programs[first:] + programs[:first]
            started = [running.enter_context(program(alive + ends_each)) for program in order]
            wakings += sum(program.wakings_when_idle() for program in started)
            for number in range(ends_each):
                for program in started:
                    for name, figure in program.end(number).items():
                        found[name].append(figure)
    bounds = [Bound("noticed", WAITPID, 1.3, at_least=False), Bound("written", WAITPID, 2.5, at_least=False)]
    medians = {name: statistics.median(figures) for name, figures in found.items()}
    idle_s = IDLE_S * len(programs)
    title = f"an end is seen, with {alive} alive; idle wake-ups in {idle_s} s: {wakings}"
    print(table(title, "ms", medians, bounds), flush=True)


class _RunJobs:
    """A run of sleeping processes."""

    def __init__(self, events: Lines, pids: list[int], supervisor: int) -> None:
        self._events = events
        self._pids = pids
        self._supervisor = supervisor

    def end(self, number: int) -> dict[str, float]:
        """Kill a process, and wait until that is told; by what it is called, how long it took in milliseconds."""
        killed = _kill(self._pids[number])
        exited, read = _next(self._events, "process.exited")
        noticed = datetime.fromisoformat(exited["time"]).timestamp()
        return {"noticed": (noticed - killed) * 1000, "written": (read - killed) * 1000}

    def wakings_when_idle(self) -> int:
        """How often the supervisor wakes up while nothing happens."""
        time.sleep(BETWEEN_ENDS_S)  # what it does after the last start has been told is no waking-up
        before = self._wakings()
        time.sleep(IDLE_S)
        return self._wakings() - before

    def _wakings(self) -> int:
        status = Path(f"/proc/{self._supervisor}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("voluntary_ctxt_switches"))


class _ByHand:
    """A program that does nothing but wait for as many children, and says when it was told."""

    def __init__(self, name: str, moments: Lines, pids: list[int]) -> None:
        self._name = name
        self._moments = moments
        self._pids = pids

    def end(self, number: int) -> dict[str, float]:
        """Kill a child; how long it took until the program knew, in milliseconds."""
        killed = _kill(self._pids[number])
        return {self._name: (float(next(self._moments)[0]) - killed) * 1000}

    def wakings_when_idle(self) -> int:
        """Never: it waits in one system call."""
        return 0


@contextlib.contextmanager
def _run_jobs(processes: int) -> Iterator[_RunJobs]:
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
                yield _RunJobs(events, pids, int(children.split()[0]))
                running.send_signal(signal.SIGTERM)
                file.readall()


@contextlib.contextmanager
def _by_hand(name: str, kind: str, processes: int) -> Iterator[_ByHand]:
    command = [sys.executable, str(PROGRAMS / "waitpid.py"), str(processes), kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0) as waiting:
        lines = _lines(cast("FileIO", waiting.stdout))
        pids = [int(pid) for pid in next(lines)[0].split()]
        yield _ByHand(name, lines, pids)
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


def _next(events: Lines, name: str) -> tuple[dict[str, Any], float]:
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
