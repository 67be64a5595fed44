"""Plain multiprocessing: processes that print, with their own clocks; prints each one's start and end (monotonic)."""

import multiprocessing
import sys
import time


def work(ends):
    print("x")
    ends.send(time.monotonic())


if __name__ == "__main__":
    count, method = int(sys.argv[1]), sys.argv[2]
    multiprocessing.set_start_method(method)
    started, processes, pipes = [], [], []
    for _ in range(count):
        ours, theirs = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.Process(target=work, args=(theirs,))
        started.append(time.monotonic())
        process.start()
        theirs.close()
        processes.append(process)
        pipes.append(ours)
    for process in processes:
        process.join()
    for began, ours in zip(started, pipes, strict=True):
        print(began, ours.recv(), file=sys.stderr)
