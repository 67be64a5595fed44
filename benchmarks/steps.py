"""What a step of `do:` costs against the line of Python that it stands for: seconds of the process's time."""

from __future__ import annotations

import os
from functools import partial

from benchmarks.measuring import PROGRAMS, Bound, Contestant, compare, events_of

SHARED = "shared: {total: {value: 0, trace: false}, door: lock, tasks: queue, board: {array: [0, 0]}, go: event}"
LINES = {
    # name: (times, the step, the function of `programs/lines.py`, its arguments)
    "add": (200_000, "{add: 1, to: total}", "add", "$total"),
    "with, add": (200_000, "{with: door, do: [{add: 1, to: total}]}", "with_lock", "$total, $door"),
    "put, get": (20_000, "{put: $n, into: tasks}, {get: tasks}", "put_and_get", "$tasks"),
    "write": (500_000, "{write: 5, to: board, at: 1}", "write", "$board"),
    "set, clear": (50_000, "{set: go}, {clear: go}", "set_and_clear", "$go"),
    "print": (50_000, "{print: line $n}", "print_line", ""),
}


def measure(rounds: int) -> None:
    """Each step in a loop, beside its line."""
    os.environ["PYTHONPATH"] = str(PROGRAMS)
    for name, (times, steps, function, arguments) in LINES.items():
        do = f"{SHARED}\njobs: [{{do: [{{repeat: {times}, as: n, do: [{steps}]}}]}}]"
        line = f"{SHARED}\njobs: [{{target: 'lines:{function}', args: [{times}, {arguments}]}}]"
        contestants = [Contestant("step", partial(_seconds, do)), Contestant("line", partial(_seconds, line))]
        bounds = [Bound("step", "line", 3, at_least=False)]
        compare(f"{name}, {times:,} times", "s", contestants, bounds, rounds)


def _seconds(yaml: str) -> float:
    events = events_of(yaml, "--output", "none")
    (seconds,) = (event["duration"] for event in events if event["event"] == "process.exited")
    return float(seconds)
