"""Apply the file's resource limits in the child itself.

Only children with limits import this module.
"""

from __future__ import annotations

import mmap
import resource

RESERVE = 4 << 20
"""Bytes to unwind, to import `traceback` and to record the end with, where there is a limit of memory."""
LAST_WORD_S = 1
"""What is left of processor time after SIGXCPU, to who ignores it."""


def take(limits: dict[str, int]) -> mmap.mmap | None:
    """Have the system hold this process to its limits; gives memory that it has on top, to be let go at its end.

    They cannot be raised again by the target. A limit that is already lower stays.
    """
    reserve = None
    for name, most in limits.items():
        match name:
            case "memory":
                # Private, so that it counts; never touched, so that it takes none.
                reserve = mmap.mmap(-1, RESERVE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
                # What is private and can be written: RLIMIT_AS would count libraries and what threads only set apart.
                _set(resource.RLIMIT_DATA, most + RESERVE, most + RESERVE)
            case "cpu_seconds":
                _set(resource.RLIMIT_CPU, most, most + LAST_WORD_S)
            case "open_files":
                _set(resource.RLIMIT_NOFILE, most, most)
            case "core":
                _set(resource.RLIMIT_CORE, most, most)
            case _:
                raise AssertionError(f"no such limit: {name}")
    return reserve


def _set(which: int, soft: int, hard: int) -> None:
    _, highest = resource.getrlimit(which)
    if highest != resource.RLIM_INFINITY:
        soft, hard = min(soft, highest), min(hard, highest)
    resource.setrlimit(which, (soft, hard))
