"""Ways to end a process: targets, and a program that runs one of them with `multiprocessing` alone."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from multiprocessing import util


def exit_from_a_finalizer() -> None:
    """Leave half a line in the buffer; a finalizer calls `sys.exit`."""
    util.Finalize(None, sys.exit, args=(3,), exitpriority=1)
    print("half a line", end="")


def exit_from_a_handler_while_a_child_is_waited_for() -> None:
    """Return; the process's own child sends a signal whose handler calls `sys.exit`, and a thread goes on."""
    signal.signal(signal.SIGUSR1, lambda *_: sys.exit(4))
    threading.Thread(target=_say_later).start()
    child = multiprocessing.get_context("fork").Process(target=_signal_the_parent)
    child.start()
    print("has a child")


def _say_later() -> None:
    time.sleep(6)
    print("from a thread")


def _signal_the_parent() -> None:
    time.sleep(3)
    os.kill(os.getppid(), signal.SIGUSR1)
    time.sleep(1)


def log() -> None:
    """Have the logger of `multiprocessing` write on stderr."""
    multiprocessing.log_to_stderr(10)


def exit_with_text() -> None:
    """Call `sys.exit` with a text."""
    sys.exit("so long")


def exit_with_a_number_beyond_all() -> None:
    """Call `sys.exit` with a number that no exit code can be."""
    sys.exit(256 + 7)


def start_a_child() -> None:
    """Start a process that says its name."""
    child = multiprocessing.get_context("fork").Process(target=_say_its_name)
    child.start()


def _say_its_name() -> None:
    print(multiprocessing.current_process().name)


if __name__ == "__main__":
    started = multiprocessing.get_context("fork").Process(target=globals()[sys.argv[1]], name="p")
    started.start()
    started.join()
    sys.exit(started.exitcode or 0)
