"""Plain multiprocessing: start so many processes that do nothing, join them; prints processes a second."""

import multiprocessing
import sys
import time


def noop():
    pass


if __name__ == "__main__":
    if sys.argv[2:]:
        import numpy
        import pydantic
        import structlog
    multiprocessing.set_start_method("fork")
    count = int(sys.argv[1])
    began = time.monotonic()
    processes = [multiprocessing.Process(target=noop) for _ in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    print(count / (time.monotonic() - began))
