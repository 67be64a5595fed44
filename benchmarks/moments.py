"""64 processes that print a line: when they end by their own clocks, beside a plain script that reads its own."""

from __future__ import annotations

import statistics
import subprocess
import sys

from benchmarks.measuring import PROGRAMS, Bound, events_of, table

PROCESSES = 64
YAML = f"jobs: [{{do: [{{print: x}}], replicas: {PROCESSES}}}]"
FIGURES = ("spread of the ends", "median duration", "largest duration")


def measure(rounds: int) -> None:
    """Spread, median and largest duration, in turns."""
    for method in ("fork", "spawn"):
        found: dict[str, list[tuple[float, ...]]] = {"run-jobs": [], "plain": []}
        for _ in range(rounds):
            found["run-jobs"].append(figures(_ours(method)))
            found["plain"].append(figures(_plain(method)))
        for place, figure in enumerate(FIGURES):
            medians = {name: statistics.median(each[place] for each in rows) for name, rows in found.items()}
            bounds = [Bound("run-jobs", "plain", 1.5, at_least=False)]
            print(table(f"{PROCESSES} processes that print, {method}: {figure}", "s", medians, bounds), flush=True)


def figures(lives: list[tuple[float, float]]) -> tuple[float, ...]:
    """How far apart the first and the last end are, the median duration and the largest, of starts and ends."""
    ends, durations = [end for _, end in lives], [end - start for start, end in lives]
    return max(ends) - min(ends), statistics.median(durations), max(durations)


def _ours(method: str) -> list[tuple[float, float]]:
    events = events_of(YAML, "--output", "none", "--start-method", method)
    started = {event["process"]: event["t"] for event in events if event["event"] == "process.started"}
    ended = {event["process"]: event["ended_at"] for event in events if event["event"] == "process.exited"}
    return [(started[name], ended[name]) for name in started]


def _plain(method: str) -> list[tuple[float, float]]:
    command = [sys.executable, str(PROGRAMS / "moments.py"), str(PROCESSES), method]
    done = subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    pairs = map(str.split, done.stderr.splitlines())
    return [(float(start), float(end)) for start, end in pairs]
