"""What the steps of the benchmark `steps` say, as lines of Python; and a lock taken in a tight loop."""

import sys
import time
from multiprocessing import Lock, Process, SimpleQueue, set_start_method


def add(times, total):
    for _ in range(times):
        total.value += 1


def with_lock(times, total, door):
    for _ in range(times):
        with door:
            total.value += 1


def put_and_get(times, tasks):
    for number in range(times):
        tasks.put(number)
        tasks.get()


def write(times, board):
    for _ in range(times):
        board[1] = 5


def set_and_clear(times, go):
    for _ in range(times):
        go.set()
        go.clear()


def print_line(times):
    for number in range(times):
        print(f"line {number}")


def take(times, door):
    """Take a lock in a tight loop; print the nanoseconds for each."""
    began = time.perf_counter()
    for _ in range(times):
        with door:
            pass
    print((time.perf_counter() - began) / times * 1e9)


def _take_and_tell(times, door, seconds):
    began = time.perf_counter()
    for _ in range(times):
        with door:
            pass
    seconds.put((time.perf_counter() - began) / times * 1e9)


if __name__ == "__main__":
    set_start_method("fork")
    door, told = Lock(), SimpleQueue()
    process = Process(target=_take_and_tell, args=(int(sys.argv[1]), door, told))
    process.start()
    print(told.get())
    process.join()
