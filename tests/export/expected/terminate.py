"""Terminate a process, and look at it."""

from __future__ import annotations

import multiprocessing
import sys
import time


def slow() -> None:
    """What `slow` does."""
    print("Starting worker")
    time.sleep(0.1)
    print("Finished worker")


def main() -> None:
    """Start the processes, stop some and wait for them."""
    slow_process = multiprocessing.Process(target=slow, name="slow")

    print("BEFORE", slow_process, slow_process.is_alive())
    slow_process.start()
    print("DURING", slow_process, slow_process.is_alive())
    slow_process.terminate()
    print("TERMINATED", slow_process, slow_process.is_alive())
    slow_process.join()
    print("JOINED", slow_process, slow_process.is_alive())

    if (slow_process.exitcode or 0) > 0:
        sys.exit("not every process has succeeded")


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    main()
