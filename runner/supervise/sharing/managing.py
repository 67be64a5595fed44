"""Start the `SyncManager` process for shared dicts, lists and namespaces, and isolate it."""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing import util

from runner.model.shared_things import SharedManaged
from runner.supervise.mp.forking import without_fork_warning
from runner.system.descriptors import bits_of, close_all
from runner.system.parent_death import end_with
from runner.system.process_groups import enter_own_group
from runner.system.signals import unblock_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from multiprocessing.managers import SyncManager

    from runner.model.plan import Plan
    from runner.system.signals import Signals


def manager_for(plan: Plan, private: Iterable[int], signals: Signals) -> SyncManager | None:
    """Return a running manager, if the plan has things that need one; `private` are descriptors that it must not keep.

    It is forked, whatever the start method: its clients see no difference.
    """
    if not any(isinstance(thing, SharedManaged) for thing in plan.shared):
        return None
    from multiprocessing.managers import SyncManager

    manager = SyncManager(ctx=multiprocessing.get_context("fork"))
    util.get_temp_dir()  # without a folder the manager's process would end without saying why
    signals.block_stops()
    try:
        with without_fork_warning():
            manager.start(_behave, (bits_of(private), os.getpid()))
    finally:
        signals.take()
    return manager


def _behave(private: int, supervisor: int) -> None:
    """In the manager's process: close the supervisor's descriptors, and end with the supervisor."""
    close_all(private)
    end_with(supervisor)
    enter_own_group()
    unblock_all()
