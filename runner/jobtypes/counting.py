"""The target of the `shared_counter` workers. Imports little, because each worker process imports it."""

from __future__ import annotations

import time
from itertools import repeat

from runner.supervise.tracing.locks import WANTS, bare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.synchronize import Lock, Semaphore
    from typing import TypeAlias

    import numpy as np
    from numpy.typing import NDArray

    Guard: TypeAlias = Lock | Semaphore

COUNTED_BETWEEN_REPORTS = 1_000_000
"""Increments after which a worker reports its progress: often enough to watch, too rarely to cost time."""
ADDED_AT_ONCE = 100_000
"""Increments in one call of numpy: more would not be faster, and its indices would not fit into the cache."""
TRIES = 20
"""How often a worker tries to acquire the guard before it sleeps: an addition takes less time than falling asleep."""
PAUSE = 500
"""Turns of an empty loop between two tries. Meanwhile the owner has the guard, and the processor's cache line that
contains it, to itself: that is five times as fast as trying without a pause."""


def count(
    worker: int,
    total: NDArray[np.integer],
    increments: int,
    progress: NDArray[np.int64],
    stats: NDArray[np.float64],
    guard: Guard | None = None,
    batch: int | None = None,
    method: str = "loop",
) -> None:
    """Count `increments` up and add them to `total[0]`, in batches of `batch` (None: all at once).

    `progress[worker]` is the number counted so far. The worker's row of four in `stats` gets the times of its start and
    end (`time.monotonic` seconds), how often it acquired the guard, and the seconds that it waited for it.
    """
    counter = _Counter(total, progress, worker, guard)
    row = worker * 4
    stats[row] = time.monotonic()
    if method == "vectorized":
        counter.add_by_numpy(increments, batch or increments)
    elif batch == 1:
        counter.add_each(increments)
    else:
        counter.count_and_add(increments, batch or increments)
    stats[row + 1 : row + 4] = time.monotonic(), counter.acquisitions, counter.wait_seconds


class _Counter:
    """One worker's access to the shared number."""

    def __init__(
        self, total: NDArray[np.integer], progress: NDArray[np.int64], worker: int, guard: Guard | None
    ) -> None:
        self._total = total
        # As unsigned: whatever the type, its bits wrap around in the same way. Ten times as fast as numpy for one
        # number.
        self._cell = memoryview(total.view(f"u{total.itemsize}"))  # type: ignore[arg-type]  # an array is a buffer
        self._mask = (1 << 8 * total.itemsize) - 1
        self._progress = memoryview(progress)  # type: ignore[arg-type]  # an array is a buffer
        self._worker = worker
        self._guard = guard
        self.acquisitions = 0
        self.wait_seconds = 0.0

    def add_by_numpy(self, increments: int, batch: int) -> None:
        """Increment the shared number itself by numpy, once for each increment."""
        import numpy as np

        place = np.zeros(min(batch, ADDED_AT_ONCE), np.intp)
        one = self._total.dtype.type(1)
        for size in _pieces(increments, batch):
            self._acquire()
            for piece in _pieces(size, ADDED_AT_ONCE):
                np.add.at(self._total, place[:piece], one)
                self._progress[self._worker] += piece
            self._release()

    def count_and_add(self, increments: int, batch: int) -> None:
        """Count each batch in a loop, and add what was counted."""
        for size in _pieces(increments, batch):
            counted = 0
            for piece in _pieces(size, COUNTED_BETWEEN_REPORTS):
                counted += _counted(piece)
                self._progress[self._worker] += piece
            self._acquire()
            self._cell[0] = (self._cell[0] + counted) & self._mask
            self._release()

    def add_each(self, increments: int) -> None:
        """Add each increment by itself, acquiring the guard each time."""
        for piece in _pieces(increments, ADDED_AT_ONCE):
            if self._guard is None:
                self._add_unguarded(piece)
            else:
                self._add_guarded(piece, self._guard)
            self._progress[self._worker] += piece

    def _add_unguarded(self, increments: int) -> None:
        cell, mask = self._cell, self._mask
        for _ in repeat(None, increments):
            cell[0] = (cell[0] + 1) & mask

    def _add_guarded(self, increments: int, guard: Guard) -> None:
        cell, mask = self._cell, self._mask
        parts = bare(guard)
        take, give, mark = parts.take, parts.give, parts.mark
        for _ in repeat(None, increments):
            mark[0] = WANTS
            if not take(False):
                self._wait(take)
            mark[0] = 1
            cell[0] = (cell[0] + 1) & mask
            mark[0] = WANTS
            give()
            mark[0] = 0
        self.acquisitions += increments

    def _acquire(self) -> None:
        if self._guard is not None:
            if not self._guard.acquire(False):
                self._wait(self._guard.acquire)
            self.acquisitions += 1

    def _release(self) -> None:
        if self._guard is not None:
            self._guard.release()

    def _wait(self, acquire: Callable[..., bool]) -> None:
        began = time.monotonic()
        for _ in repeat(None, TRIES):
            for _ in repeat(None, PAUSE):
                pass
            if acquire(False):
                break
        else:
            acquire()
        self.wait_seconds += time.monotonic() - began


def _counted(increments: int) -> int:
    """Count up from 0, one by one."""
    counted = 0
    for _ in repeat(None, increments):  # a quarter faster than `range`, which creates a number each time
        counted += 1
    return counted


def _pieces(whole: int, size: int) -> Iterator[int]:
    """Return `whole` in pieces of `size`; the last one may be smaller."""
    yield from repeat(size, whole // size)
    if rest := whole % size:
        yield rest
