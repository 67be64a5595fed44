"""Limit the rate of forks, so that forked children reach their first step before many more are forked.

Main forks faster than a second processor can run what it has forked: a row of 64 was over before the first of them had
come to their targets. The two take as long in either order.
"""

from __future__ import annotations

import os

from runner.system.clock import sleep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

WAIT_S = 0.0002
MOST_WAITS = 10
"""For one child: on a busy machine it would be long."""


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


let_others_run: Callable[[], object] = getattr(os, "sched_yield", int)
"""Leave this processor to what else is ready for it: to children, on a busy machine."""


def comes_to_its_first_step(first_steps: memoryview, number: int) -> bool:
    """Wait, 2 ms at most, until a forked child has come to its first step; returns whether it has.

    Meanwhile this processor is free for children that wait for one. `first_steps` is that of `own_memory`.
    """
    for _ in range(MOST_WAITS):
        if first_steps[number]:
            return True
        sleep(WAIT_S)
    return False
