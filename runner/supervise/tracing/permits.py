"""Count the free permits of a semaphore, also where the system cannot report them (macOS).

Children import this module.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def are_free(semaphore: Any) -> bool:
    """Whether a permit of a `SemLock` is free, now."""
    return not semaphore._is_zero()


def free_permits(semaphore: Any) -> int:
    """How many permits of a `SemLock` are free, now."""
    if semaphore.maxvalue == 1:  # an rlock can be acquired any number of times by the same process
        return int(are_free(semaphore))
    try:
        free: int = semaphore._get_value()
    except NotImplementedError:
        return _count(semaphore)
    return free


def _count(semaphore: Any) -> int:
    """Take the free permits, and give them back: another process that wants one waits a moment longer."""
    free = 0
    while semaphore.acquire(False):
        free += 1
    for _ in range(free):
        semaphore.release()
    return free
