"""What 8 idle children and those who watch them hold: MiB, from the kernel's own account."""

from __future__ import annotations

import contextlib
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measuring import COMMAND, PROGRAMS, Bound, table

if TYPE_CHECKING:
    from collections.abc import Iterator

CHILDREN = 8
YAML = f"jobs: [{{target: sleep, args: [600], replicas: {CHILDREN}}}]"


def measure(rounds: int) -> None:
    """MiB, the median of looks at new processes: where Python's objects come to lie differs from run to run."""
    looks = [_look() for _ in range(rounds)]
    found = {name: statistics.median(look[name] for look in looks) for name in looks[0]}
    bounds = [
        Bound("PSS of supervisor and children", "PSS of plain forkserver", 0.5, at_least=False),
        Bound("PSS with the front", "PSS of plain forkserver", 0.9, at_least=False),
    ]
    print(table(f"{CHILDREN} idle children (a child at most 1.2 MiB of its own)", "MiB", found, bounds))


def _look() -> dict[str, float]:
    found: dict[str, float] = {}
    with _running([*COMMAND, "-", "-q"], YAML, 2 + CHILDREN) as pids:
        front, supervisor, *children = pids
        found["USS of a child"] = sum(_held(pid, "Private_Clean", "Private_Dirty") for pid in children) / CHILDREN
        found["PSS of supervisor and children"] = _tree([supervisor, *children])
        found["PSS with the front"] = _tree([front, supervisor, *children])
    for method, count in (("fork", 1), ("forkserver", 3)):
        command = [sys.executable, str(PROGRAMS / "idle.py"), method, str(CHILDREN)]
        with _running(command, "", count + CHILDREN) as pids:
            found[f"PSS of plain {method}"] = _tree(pids)
    return found


@contextlib.contextmanager
def _running(command: list[str], given: str, processes: int) -> Iterator[list[int]]:
    """The pids of a command and all that came of it, once there are so many."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as running:
        assert running.stdin is not None
        running.stdin.write(given.encode())
        running.stdin.close()
        pids: list[int] = []
        while len(pids) < processes:
            time.sleep(0.1)
            pids = _descendants(running.pid)
        time.sleep(1)  # until what they began with is done; there is no fact to wait for
        yield pids
        running.send_signal(signal.SIGTERM)
        with contextlib.suppress(ProcessLookupError):
            for pid in pids[1:]:
                os.kill(pid, signal.SIGTERM)


def _descendants(pid: int) -> list[int]:
    with contextlib.suppress(FileNotFoundError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *(one for child in children for one in _descendants(int(child)))]
    return []


def _tree(pids: list[int]) -> float:
    return sum(_held(pid, "Pss") for pid in pids)


def _held(pid: int, *kinds: str) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.split(":")[0] in kinds) / 1024
