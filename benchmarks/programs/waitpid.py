"""A blocking waitpid: starts so many children that sleep, prints their pids, then the moment of each end."""

import multiprocessing
import os
import sys
import time

if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    processes = [multiprocessing.Process(target=time.sleep, args=(600,)) for _ in range(int(sys.argv[1]))]
    for process in processes:
        process.start()
    print(*(process.pid for process in processes), flush=True)
    for _ in processes:
        os.waitpid(-1, 0)
        print(time.time(), flush=True)
    os._exit(0)  # multiprocessing would wait for children that are gone
