"""pebble.concurrent: so many calls that do nothing, each in a process of its own; prints processes a second."""

import sys
import time

from pebble import concurrent


@concurrent.process
def noop():
    pass


if __name__ == "__main__":
    count = int(sys.argv[1])
    began = time.monotonic()
    futures = [noop() for _ in range(count)]
    for future in futures:
        future.result()
    print(count / (time.monotonic() - began))
