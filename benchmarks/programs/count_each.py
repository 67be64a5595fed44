"""By hand: two processes add each increment under a semaphore; prints the seconds of counting."""

import sys
import time
from multiprocessing import Process, Semaphore, SimpleQueue, set_start_method
from multiprocessing.shared_memory import SharedMemory

import numpy as np


def count(semaphore, memory, n, moments):
    array = np.ndarray(1, np.int64, memory.buf)
    began = time.monotonic()
    for i in range(n):
        with semaphore:
            array[0] += 1
    moments.put((began, time.monotonic()))


if __name__ == "__main__":
    set_start_method("fork")
    n = int(sys.argv[1])
    memory = SharedMemory(create=True, size=8)
    semaphore, moments = Semaphore(1), SimpleQueue()
    processes = [Process(target=count, args=(semaphore, memory, n, moments)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    found = [moments.get() for _ in processes]
    assert int.from_bytes(memory.buf[:8], "little") == 2 * n
    memory.close()
    memory.unlink()
    print(max(end for _, end in found) - min(begin for begin, _ in found))
