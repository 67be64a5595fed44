"""The code of some files in this folder, for which steps are not enough: ordinary functions without run-jobs."""

from __future__ import annotations

from multiprocessing import current_process
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctypes import c_int64
    from multiprocessing.queues import Queue
    from multiprocessing.sharedctypes import Synchronized
    from multiprocessing.synchronize import Condition


def cook(orders: Queue[str | None], cooked: Synchronized[int]) -> None:
    """Cook the orders until the poison pill comes."""
    while (order := orders.get()) is not None:
        print(f"{current_process().name} cooks {order}")
        with cooked.get_lock():
            cooked.value += 1


def eat(table: Condition, soups: c_int64) -> None:
    """Eat a soup when there is one."""
    with table:
        table.wait_for(lambda: soups.value > 0)
        soups.value -= 1
    print(f"{current_process().name} eats")
