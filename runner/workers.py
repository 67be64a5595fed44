"""Built-in workers: targets that a file names without a module, for experiments without code.

Children import this module, so it imports little.
"""

from __future__ import annotations

import os
import signal
import time
from multiprocessing import current_process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

__all__ = [
    "abort",
    "allocate",
    "crash",
    "exit_at_once",
    "exit_with",
    "fail",
    "heartbeat",
    "ignore_sigterm",
    "noop",
    "report",
    "return_value",
    "say",
    "sleep",
    "spin",
]

_MIB = 1 << 20


def noop() -> None:
    """Do nothing."""


def say(*words: object) -> None:
    """Print the words as one line."""
    print(*words)


def report(seconds: float = 0, before: str | None = None, after: str | None = None) -> None:
    """Print a line, sleep, and print another: by default `Starting: <name>` and `Exiting : <name>`."""
    name = current_process().name
    print(f"Starting: {name}" if before is None else before)
    time.sleep(seconds)
    print(f"Exiting : {name}" if after is None else after)


def sleep(seconds: float = 1) -> None:
    """Sleep."""
    time.sleep(seconds)


def spin(seconds: float = 1) -> None:
    """Keep a processor busy for this number of seconds of its time."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def allocate(mebibytes: int = 100, seconds: float = 0) -> None:
    """Allocate and touch this much memory, and keep it for this number of seconds."""
    memory = bytearray(mebibytes * _MIB)
    memory[::4096] = b"\1" * len(memory[::4096])
    time.sleep(seconds)


def heartbeat(every: float = 1, times: int | None = None) -> None:
    """Print `<name>: beat N` every `every` seconds, `times` times or for ever."""
    name = current_process().name
    beat = 0
    while times is None or beat < times:
        beat += 1
        print(f"{name}: beat {beat}")
        time.sleep(every)


def fail(message: str = "There was an error!") -> NoReturn:
    """Raise a RuntimeError."""
    raise RuntimeError(message)


def exit_with(code: int | str | None = 0) -> NoReturn:
    """End by `sys.exit(code)`."""
    raise SystemExit(code)


def exit_at_once(code: int = 0) -> NoReturn:
    """End by `os._exit(code)`: nothing is flushed, no `finally` runs."""
    os._exit(code)


def return_value(value: object = 1) -> object:
    """Return a value, which does not set the exit code."""
    return value


def crash() -> None:
    """Die of a segmentation fault: read from address 0."""
    import ctypes

    _leave_no_core_file()
    ctypes.string_at(0)


def abort() -> NoReturn:
    """Die of SIGABRT, as a failed assertion in C does."""
    _leave_no_core_file()
    os.abort()


def ignore_sigterm(seconds: float = 60) -> None:
    """Ignore SIGTERM, print that, and sleep: before its time only SIGKILL ends it."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print(f"{current_process().name} ignores SIGTERM")
    time.sleep(seconds)


def _leave_no_core_file() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
