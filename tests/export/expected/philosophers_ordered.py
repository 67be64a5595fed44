"""Philosophers with an order."""

from __future__ import annotations

import multiprocessing
import sys
import time
from multiprocessing.synchronize import Lock


def work(first_fork: Lock, second_fork: Lock) -> None:
    """What Plato, Kant, Hume, Hegel and Spinoza do."""
    name = multiprocessing.current_process().name
    for _ in range(3):
        with first_fork:
            with second_fork:
                print(f"{name} eats")
                time.sleep(0.01)


def main() -> None:
    """Make what the processes share, start the processes and wait for them."""
    fork0 = multiprocessing.Lock()
    fork1 = multiprocessing.Lock()
    fork2 = multiprocessing.Lock()
    fork3 = multiprocessing.Lock()
    fork4 = multiprocessing.Lock()

    processes = [
        multiprocessing.Process(target=work, args=(fork0, fork1), name="Plato"),
        multiprocessing.Process(target=work, args=(fork1, fork2), name="Kant"),
        multiprocessing.Process(target=work, args=(fork2, fork3), name="Hume"),
        multiprocessing.Process(target=work, args=(fork3, fork4), name="Hegel"),
        multiprocessing.Process(target=work, args=(fork0, fork4), name="Spinoza"),
    ]

    for process in processes:
        process.start()
    for process in processes:
        process.join()

    if any(process.exitcode for process in processes):
        sys.exit("not every process has succeeded")


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    main()
