"""A supervisor that has nothing to do rests, whatever its processes wait for."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.running import Running
from tests.seeing import PROC

THINGS = """{
  a: lock, r: rlock, s: {semaphore: 2}, c: condition, e: event, b: {barrier: 9}, q: queue, held: {semaphore: 0},
  v: {value: 0},
}"""
JOBS = """
  - {name: holder, do: [{with: r, do: [{with: a, do: [{with: v, do: [{release: held}, {sleep: 60}]}]}]}]}
  - {name: rlock, do: [{acquire: r}]}
  - {name: lock, do: [{acquire: a}]}
  - {name: value, do: [{add: 1, to: v}]}
  - {name: condition, do: [{with: c, do: [{wait: c}]}]}
  - {name: event, do: [{wait: e}]}
  - {name: barrier, do: [{wait: b}]}
  - {name: getter, do: [{get: q}]}
  - {name: dying, do: [{with: s, do: [{crash: SIGKILL}]}]}
"""
OTHERS = "rlock, lock, value, condition, event, barrier, getter, dying"
MAIN = f"[{{start: holder}}, {{acquire: held}}, {{start: [{OTHERS}]}}, {{join: dying}}, {{print: they wait}}]"
TEXT = f"shared: {THINGS}\njobs:{JOBS}main: {MAIN}\n"


def ticks(pid: int) -> int:
    """The processor time of a process, in hundredths of a second."""
    with open(f"{PROC}/{pid}/stat") as file:
        user, system = file.read().rpartition(")")[2].split()[11:13]
    return int(user) + int(system)


@pytest.mark.parametrize("method", ["fork", "forkserver"])
def test_a_supervisor_whose_processes_wait_for_everything_rests(method: str) -> None:
    running = Running("--start-method", method, given=TEXT.encode())
    running.wait_for(b"they wait")
    time.sleep(0.5)  # what is looked at again and again is certain by then

    before = ticks(running.supervisor)
    time.sleep(1)
    used = ticks(running.supervisor) - before

    os.kill(running.command.pid, signal.SIGTERM)
    running.end()

    assert used < 20, "of a hundred in the second"
