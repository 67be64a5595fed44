"""A queue that counts what is not done yet."""

from __future__ import annotations

import ctypes
import multiprocessing
import sys
from multiprocessing.queues import JoinableQueue
from multiprocessing.sharedctypes import Synchronized


def robot(chores: JoinableQueue[str], done: Synchronized[int]) -> None:
    """What each robot does."""
    for _ in range(1000):
        chores.get()
        with done.get_lock():
            done.value += 1
        chores.task_done()


def main() -> None:
    """Make what the processes share and start the processes."""
    chores: JoinableQueue[str] = multiprocessing.JoinableQueue()
    done = multiprocessing.Value(ctypes.c_int64, 0)

    processes = [
        multiprocessing.Process(
            target=robot, args=(chores, done), name=f"robot-{index}", daemon=True
        )
        for index in range(2)
    ]

    for process in processes:
        process.start()
    chores.put("sweep")
    chores.put("cook")
    chores.put("iron")
    chores.join()
    print("the chores are done")

    for process in processes:
        process.terminate()
    for process in processes:
        process.join()

    print(f"done: {done.value}")

    if any((process.exitcode or 0) > 0 for process in processes):
        sys.exit("not every process has succeeded")


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    main()
