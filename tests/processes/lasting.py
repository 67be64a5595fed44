"""Targets that share memory which they make themselves."""

from __future__ import annotations

import os
import time
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

from runner.system.orphans import children
from tests.seeing import PROC


def create(name: str) -> None:
    """Make shared memory of this name, write to it and end."""
    memory = SharedMemory(name, create=True, size=8)
    (memory.buf or memoryview(b""))[0] = 42
    memory.close()


def attach(name: str) -> None:
    """Print what is in the shared memory of this name once only one resource tracker is left, and remove it."""
    while len([pid for pid in children(os.getppid()) if _is_a_tracker(pid)]) > 1:
        time.sleep(0.005)
    memory = SharedMemory(name)
    print("it has", (memory.buf or b"")[0])
    memory.close()
    memory.unlink()


def _is_a_tracker(pid: int) -> bool:
    try:
        return b"resource_tracker" in Path(f"{PROC}/{pid}/cmdline").read_bytes()
    except OSError:
        return False
