"""Shut down process pools that imports left running, so that they cannot delay the supervisor's exit.

A pool replaces workers that end, and an exit function waits for them.
"""

from __future__ import annotations

import sys
from multiprocessing import util

PATIENCE_S = 1.0
"""The time for a pool that is just replacing a worker, and for the end of a worker that is killed."""


def shut_down_pools() -> None:
    """Stop the pools of this process from replacing workers, and kill their workers.

    The pools' exit functions are not called: a killed worker may have owned a lock that they would wait for.
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
