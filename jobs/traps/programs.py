"""The code of some files in this folder: ordinary functions without run-jobs."""

from __future__ import annotations

import os
import sys
import time
from io import TextIOWrapper
from multiprocessing import current_process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from multiprocessing.queues import Queue
    from typing import NoReturn

visitors = 0


def work_until_stop(letters: Queue[str]) -> None:
    """Take letters until one says `stop`."""
    for letter in iter(letters.get, "stop"):
        print(f"{current_process().name} has {letter}")


def count_visitor() -> None:
    """Count one more visitor in this module's global variable."""
    global visitors  # noqa: PLW0603  # this is the trap
    visitors += 1
    print(f"visitor {visitors}")


def print_and_leave(text: str, end: str) -> NoReturn:
    """Print, and leave by `os._exit`, which does not flush the buffer."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(write_through=False)  # where PYTHONUNBUFFERED is set, nothing would get lost
    print(text, end=end)
    os._exit(0)


def roll_dice() -> None:
    """Print three numbers of numpy's global generator."""
    import numpy as np

    print(*np.random.randint(1, 7, 3))  # this is the trap


def roll_own_dice() -> None:
    """Print three numbers of a generator that is created here."""
    import numpy as np

    print(*np.random.default_rng().integers(1, 7, 3))


def paint(begun: Queue[bool]) -> None:
    """Open the paint, print that, paint for a while, and close the paint whatever happens."""
    print("opens the paint")
    try:
        begun.put(True)
        for _ in range(600):  # Python raises nothing in a sleep that begins right after the signal
            time.sleep(0.1)
    finally:
        print("closes it")


def think_and_speak(index: int) -> None:
    """Think for a shorter time the higher the number is, and then speak."""
    think = 0.6 - 0.3 * index
    time.sleep(max(0.0, think))
    print(f"speaker-{index} speaks")
