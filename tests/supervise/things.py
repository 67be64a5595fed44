"""Real shared things for a test, taken away after it."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
from multiprocessing import managers, resource_tracker
from typing import TYPE_CHECKING

from runner.plan import Plan, ProcessPlan
from runner.supervise.shared import SharedThings
from runner.things import SharedManaged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.things import SharedPlan

# Both live on with who has needed them once: no test is to be the first.
resource_tracker.ensure_running()
_HEAP = multiprocessing.Value("q", 0)

RUN = f"test-things-{os.getpid()}"


@contextlib.contextmanager
def made_of(*shared: SharedPlan, processes: int = 2) -> Iterator[SharedThings]:
    """The shared things of a run of so many processes, with a manager if they need one."""
    plans = tuple(ProcessPlan(f"p{number}", "p", target="m:f") for number in range(processes))
    manager = None
    if any(isinstance(thing, SharedManaged) for thing in shared):
        manager = managers.SyncManager(ctx=multiprocessing.get_context("fork"))
        manager.start()
    things = SharedThings(Plan("f", "fork", plans, (), (), shared=shared), RUN, manager)
    yield things
    things.remove()
    things.table = None  # a fixture is kept longer than its test
    del things, manager
    gc.collect()


def childless(number: int) -> bool:
    """That no process has processes of its own."""
    return False
