"""How many permits of a semaphore are free, also where the system does not tell."""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest

from runner.supervise.tracing.permits import are_free, free_permits


class Uncountable:
    """A semaphore of a system that does not tell its value, only whether it is 0."""

    def __init__(self, free: int, maxvalue: int = 9) -> None:
        self.free = free
        self.maxvalue = maxvalue

    def _get_value(self) -> int:
        raise NotImplementedError

    def _is_zero(self) -> bool:
        return not self.free

    def acquire(self, block: bool) -> bool:
        assert not block
        has = self.free > 0
        self.free -= has
        return has

    def release(self) -> None:
        self.free += 1


def test_permits_are_counted_where_the_system_does_not_tell_how_many_are_free() -> None:
    semaphore = Uncountable(3)

    assert free_permits(semaphore) == 3
    assert semaphore.free == 3


@pytest.mark.parametrize("free", [0, 1])
def test_the_only_permit_is_not_taken_to_see_whether_it_is_free(free: int) -> None:
    class Untouched(Uncountable):
        def acquire(self, block: bool) -> bool:
            raise AssertionError("a process may want it now")

    assert free_permits(Untouched(free, maxvalue=1)) == free


def test_an_rlock_has_one_permit_however_often_this_process_could_acquire_it() -> None:
    rlock: Any = multiprocessing.RLock()

    assert free_permits(rlock._semlock) == 1


@pytest.mark.parametrize("permits", [0, 2])
def test_permits_are_free_if_there_are_any(permits: int) -> None:
    semaphore: Any = multiprocessing.Semaphore(permits)

    assert (are_free(semaphore._semlock), free_permits(semaphore._semlock)) == (permits > 0, permits)
