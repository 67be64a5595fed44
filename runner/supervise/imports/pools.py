"""Shut down process pools that imports left running, so that they cannot delay the supervisor's exit.

A pool replaces workers that end, and an exit function waits for them.
"""

from __future__ import annotations

import sys
from multiprocessing import util

PATIENCE_S = 1.0
"""For a pool that is just replacing a worker, and for the end of one that is killed."""


def let_go_of_pools() -> None:
    """Have the pools of this process replace no worker any more, and kill their workers.

    No exit function ends these pools, either: a worker that is killed may have held a lock that it would wait for.
    """
    pool = sys.modules.get("multiprocessing.pool")
    if pool is None:
        return
    for finalizer in list(util._finalizer_registry.values()):  # type: ignore[attr-defined]  # there is no public way
        if finalizer._callback == pool.Pool._terminate_pool:
            workers, notifier, replacing = finalizer._args[3:6]
            finalizer.cancel()
            replacing._state = pool.TERMINATE
            notifier.put(None)  # it waits for this, or for the end of a worker
            replacing.join(PATIENCE_S)
            for worker in list(workers):
                worker.kill()
                worker.join(PATIENCE_S)
