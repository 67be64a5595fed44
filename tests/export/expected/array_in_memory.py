"""An array in shared memory."""

from __future__ import annotations

import multiprocessing
import sys
from multiprocessing.shared_memory import SharedMemory

import numpy as np
from numpy.typing import NDArray


def fields_in(memory: SharedMemory) -> NDArray[np.int64]:
    """The numbers in the memory, as an array."""
    return np.ndarray(4, np.int64, memory.buf)


def farmer(fields_memory: SharedMemory, index: int) -> None:
    """What each farmer does."""
    fields = fields_in(fields_memory)
    for _ in range(1000):
        fields[index] += 1


def main() -> None:
    """Make what the processes share, start the processes and wait for them."""
    fields_memory = SharedMemory(create=True, size=4 * 8)
    try:
        processes = [
            multiprocessing.Process(
                target=farmer, args=(fields_memory, index), name=f"farmer-{index}"
            )
            for index in range(4)
        ]

        for process in processes:
            process.start()
        for process in processes:
            process.join()

        print(f"fields: {fields_in(fields_memory).tolist()}")

        if any(process.exitcode for process in processes):
            sys.exit("not every process has succeeded")
    finally:
        fields_memory.close()
        fields_memory.unlink()


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    main()
