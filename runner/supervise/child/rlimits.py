"""Apply the file's resource limits in the child itself.

Only children with limits import this module.
"""

from __future__ import annotations

import mmap
import resource

RESERVE = 4 << 20
"""Bytes to unwind, to import `traceback` and to record the end, if there is a limit of memory."""
CPU_GRACE_S = 1
"""The processor time left after SIGXCPU for a process that ignores the signal."""


def take(limits: dict[str, int]) -> mmap.mmap | None:
    """Set this process's limits; return memory on top of them, to be freed at its end.

    The target cannot raise them again. A lower limit is kept.
    """
    reserve = None
    for name, most in limits.items():
        match name:
            case "memory":
                # Private, so that it counts; never touched, so that it takes no memory.
                reserve = mmap.mmap(-1, RESERVE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
                # RLIMIT_DATA counts what is private and writable: RLIMIT_AS would also count libraries and memory that
                # threads only reserve.
                _set(resource.RLIMIT_DATA, most + RESERVE, most + RESERVE)
            case "cpu_seconds":
                _set(resource.RLIMIT_CPU, most, most + CPU_GRACE_S)
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
