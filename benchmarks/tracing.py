"""What it costs that a lock knows who waits for it and who has it: nanoseconds for taking it in a tight loop."""

from __future__ import annotations

import subprocess

from benchmarks.measuring import COMMAND, PROGRAMS, Bound, Contestant, compare, program

TIMES = 200_000


def measure(rounds: int) -> None:
    """`with door: pass`, by one process."""
    contestants = [
        Contestant("traced", lambda: _ours("lock")),
        Contestant("trace: false", lambda: _ours("{lock: , trace: false}")),
        Contestant("by hand", lambda: program("lines", str(TIMES))),
    ]
    bounds = [
        Bound("traced", "by hand", 2, at_least=False),
        Bound("trace: false", "by hand", 1.1, at_least=False),
    ]
    compare(f"a lock taken {TIMES:,} times", "ns", contestants, bounds, rounds)


def _ours(lock: str) -> float:
    yaml = f"shared: {{door: {lock}}}\njobs: [{{target: 'lines:take', args: [{TIMES}, $door]}}]"
    command = [*COMMAND, "-", "-q", "--output", "raw"]
    said = subprocess.run(command, input=yaml.encode(), stdout=subprocess.PIPE, check=True, cwd=PROGRAMS).stdout
    return float(said.split()[0])
