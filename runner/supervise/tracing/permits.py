"""Count the free permits of a semaphore, even if the system cannot report them (macOS).

Children import this module.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.multiprocessing_protocols import SemLock


def are_free(semaphore: SemLock) -> bool:
    """Return whether a permit of a `SemLock` is free now."""
    return not semaphore._is_zero()


def free_permits(semaphore: SemLock) -> int:
    """Return how many permits of a `SemLock` are free now."""
    if semaphore.maxvalue == 1:  # the same process can acquire an rlock any number of times
        return int(are_free(semaphore))
    try:
        return semaphore._get_value()
    except NotImplementedError:
        return _count(semaphore)


def _count(semaphore: SemLock) -> int:
    """Acquire the free permits and release them: another process that wants one waits a moment longer."""
    free = 0
    while semaphore.acquire(False):
        free += 1
    for _ in range(free):
        semaphore.release()
    return free
