"""500 processes that do nothing: started and finished, all events written to a file."""

from __future__ import annotations

import importlib.util

from benchmarks.measuring import Bound, Contestant, compare, events_of, program

PROCESSES = 500
YAML = f"jobs: [{{target: noop, replicas: {PROCESSES}}}]"


def measure(rounds: int) -> None:
    """Processes a second."""
    contestants = [
        Contestant("run-jobs", _ours),
        Contestant("plain", lambda: program("starts", str(PROCESSES))),
        Contestant("plain with libraries", lambda: program("starts", str(PROCESSES), "libraries")),
    ]
    if importlib.util.find_spec("pebble"):
        contestants.append(Contestant("pebble.concurrent", lambda: program("starts_pebble", str(PROCESSES))))
    bounds = [
        Bound("run-jobs", "plain", 0.8, at_least=True),
        Bound("run-jobs", "plain with libraries", 1.3, at_least=True),
        Bound("run-jobs", "pebble.concurrent", 2, at_least=True),
    ]
    compare(f"{PROCESSES} processes that do nothing", "a second", contestants, bounds, rounds)


def _ours() -> float:
    finished = events_of(YAML)[-1]
    return PROCESSES / float(finished["duration"])
