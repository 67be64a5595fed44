"""Two processes count in shared memory: the seconds of counting, from the first one's start to the last one's end."""

from __future__ import annotations

from typing import Any

from benchmarks.measuring import Bound, Contestant, compare, events_of, program

LOOP = 50_000_000
EACH = 200_000


def measure(rounds: int) -> None:
    """Seconds for the same number of increments."""
    contestants = [
        Contestant("loop", lambda: _ours(increments=LOOP)),
        Contestant("vectorized", lambda: _ours(increments=LOOP, method="vectorized", batch=100_000)),
        Contestant("by hand", lambda: program("count_loop", str(LOOP))),
    ]
    compare(f"2 x {LOOP:,} increments", "s", contestants, [Bound("loop", "by hand", 0.9, at_least=False)], rounds)
    bounds = [Bound("by hand", "vectorized", 12, at_least=True)]
    compare(f"2 x {LOOP:,} increments, by numpy", "s", contestants[1:], bounds, rounds)
    contestants = [
        Contestant("one by one", lambda: _ours(increments=EACH, batch=1)),
        Contestant("by hand", lambda: program("count_each", str(EACH))),
    ]
    bounds = [Bound("by hand", "one by one", 2, at_least=True)]
    compare(f"2 x {EACH:,} increments, the semaphore taken for each", "s", contestants, bounds, rounds)


def _ours(**fields: Any) -> float:
    said = ", ".join(f"{name}: {value}" for name, value in fields.items())
    events = events_of(f"jobs: [{{type: shared_counter, {said}}}]")
    (result,) = (event["result"] for event in events if event["event"] == "job.result")
    assert result["total"] == result["expected_total"], "a fast wrong answer is none"
    return float(result["elapsed"])
