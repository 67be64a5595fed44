"""Plain multiprocessing: so many idle children by a start method."""

import multiprocessing
import sys
import time

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    processes = [multiprocessing.Process(target=time.sleep, args=(600,), daemon=True) for _ in range(int(sys.argv[2]))]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
