"""Real shared things for a test, taken away after it."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
from multiprocessing import managers, resource_tracker
from typing import TYPE_CHECKING

from runner.model.plan import Plan, ProcessPlan
from runner.model.shared_things import SharedManaged
from runner.supervise.sharing.guards import Guards
from runner.supervise.sharing.things import SharedThings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runner.model.json_types import Json
    from runner.model.shared_things import SharedPlan

# Both live on with who has needed them once: no test is to be the first.
resource_tracker.ensure_running()
_HEAP = multiprocessing.Value("q", 0)

RUN = f"test-things-{os.getpid()}"


def plan_of(*shared: SharedPlan, processes: int = 2) -> Plan:
    """A plan of so many processes, each of which has received all things."""
    args: tuple[Json, ...] = tuple({"ref": thing.name} for thing in shared)
    plans = tuple(ProcessPlan(f"p{number}", "p", target="m:f", args=args) for number in range(processes))
    return Plan("f", "fork", plans, (), (), shared=shared)


@contextlib.contextmanager
def made_of(*shared: SharedPlan, processes: int = 2) -> Iterator[SharedThings]:
    """The shared things of a run of so many processes, with a manager if they need one."""
    manager = None
    if any(isinstance(thing, SharedManaged) for thing in shared):
        manager = managers.SyncManager(ctx=multiprocessing.get_context("fork"))
        manager.start()
    things = SharedThings(plan_of(*shared, processes=processes), RUN, manager)
    yield things
    things.remove()
    things.table = None  # a fixture is kept longer than its test
    del things, manager
    gc.collect()


def childless(number: int) -> bool:
    """That no process has processes of its own."""
    return False


def asleep(number: int) -> bool:
    """That each process sleeps."""
    return True


def guards_of(things: SharedThings, sleeps: Callable[[int], bool | None] = asleep) -> Guards:
    """The guards of these things."""
    return Guards(things, things._plan, sleeps)
