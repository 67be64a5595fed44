"""Limit the rate of forks, so that forked children reach their first step before many more are forked.

Main forks faster than a second processor can run the children: a row of 64 was over before the first of them had
reached their targets. The total time is the same in either order.
"""

from __future__ import annotations

import os

from runner.system.clock import sleep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

WAIT_S = 0.0002
MAX_WAITS = 10
"""The number of short waits for one child: on a busy machine each is long."""


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


let_others_run: Callable[[], object] = getattr(os, "sched_yield", int)
"""Yield this processor to whatever else is ready to run: to children, on a busy machine."""


def comes_to_its_first_step(first_steps: memoryview, number: int) -> bool:
    """Wait at most 2 ms until a forked child has reached its first step; return whether it has.

    Meanwhile this processor is free for children that wait for one. `first_steps` is that of `own_memory`.
    """
    for _ in range(MAX_WAITS):
        if first_steps[number]:
            return True
        sleep(WAIT_S)
    return False
