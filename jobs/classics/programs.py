"""The code of some files in this folder, for which steps are not enough: ordinary functions without run-jobs."""

from __future__ import annotations

from collections import Counter
from time import sleep
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import MutableMapping, MutableSequence
    from ctypes import c_int64
    from multiprocessing.queues import Queue
    from multiprocessing.sharedctypes import Synchronized
    from multiprocessing.synchronize import Barrier, Condition, Lock, Semaphore

    import numpy as np
    from numpy.typing import NDArray


def consume(buffer: MutableSequence[int], free: Semaphore, full: Semaphore, door: Lock, times: int) -> None:
    """Take this number of items out of the buffer, the oldest first."""
    for _ in range(times):
        full.acquire()
        with door:
            item = buffer.pop(0)
        free.release()
        print(f"got {item}")


def read(board: NDArray[np.int64], room: Condition, readers: c_int64, times: int) -> None:
    """Read the board this many times, together with other readers, and print whether its numbers were always equal."""
    whole = 0
    for _ in range(times):
        with room:
            readers.value += 1
        first = board[0]
        sleep(0.001)
        whole += int(first == board[1])
        with room:
            readers.value -= 1
            room.notify_all()
    print(f"all {times} were whole" if whole == times else f"only {whole} of {times} were whole")


def write(board: NDArray[np.int64], room: Condition, readers: c_int64, times: int) -> None:
    """Add to both numbers of the board this many times, each time when no reader looks at it."""
    for _ in range(times):
        with room:
            room.wait_for(lambda: readers.value == 0)
            board[0] += 1
            board[1] += 1


def read_by_turns(
    room: Condition, readers: c_int64, visits: c_int64, all_came: Barrier, both_in: Barrier, me: int, turns: int
) -> None:
    """Stay in the room, and leave it for a moment at every second turn, when the other reader is in."""

    def enter() -> None:
        with room:
            readers.value += 1
            visits.value += 1

    def leave() -> None:
        with room:
            readers.value -= 1
            room.notify_all()

    enter()
    all_came.wait()
    for turn in range(turns):
        both_in.wait()
        if turn % 2 == me:
            leave()
            enter()
    both_in.wait()
    leave()


def write_at_last(room: Condition, readers: c_int64, visits: c_int64, all_came: Barrier) -> None:
    """Wait until the room is empty, and print how often readers had come in by then."""
    all_came.wait()
    with room:
        room.wait_for(lambda: readers.value == 0)
        print(f"let in after {visits.value} visits of readers")


def visit(chairs: Semaphore, waiting: Semaphore, called: Semaphore, opening: Barrier, away: Synchronized[int]) -> None:
    """Wait in a chair until the barber calls, or go away if there is none."""
    has_chair = chairs.acquire(block=False)
    opening.wait()
    if not has_chair:
        print("goes away")
        with away.get_lock():
            away.value += 1
        return
    waiting.release()
    called.acquire()
    chairs.release()
    print("has short hair")


def count_words(lines: Queue[str], found: Queue[Counter[str]]) -> None:
    """Count the words of a line."""
    found.put(Counter(lines.get().split()))


def add_up(found: Queue[Counter[str]], totals: MutableMapping[str, int], times: int) -> None:
    """Add up this number of counts."""
    for _ in range(times):
        for word, number in found.get().items():
            totals[word] = totals.get(word, 0) + number


def eat(shelf: Queue[str | None], eaten: Synchronized[int]) -> None:
    """Eat from the shelf until the poison pill comes."""
    while (loaf := shelf.get()) is not None:
        print(f"eats {loaf}")
        with eaten.get_lock():
            eaten.value += 1
