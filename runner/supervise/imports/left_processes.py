"""Find and name the processes that imports started in the supervisor and left running."""

from __future__ import annotations

import contextlib
import os
from multiprocessing import process as processes

from runner.system.orphans import children

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from typing import Any

MOST_OF_A_COMMAND = 60
MOST_NAMES = 100


def pids() -> set[int]:
    """Return the pids of our children, those that only multiprocessing lists included."""
    return children() | {each._popen.pid for each in _of_multiprocessing()}


def left(started_by: Mapping[int, str], spared: Container[int]) -> list[tuple[str, str | None]]:
    """Return the name of each that runs, with its pid, and the module whose import started it, where that is known.

    `started_by` are children that there were after imports, each with the module; `spared` are none of an import's.
    """
    names = {each._popen.pid: str(each.name) for each in _of_multiprocessing() if each._popen.poll() is None}
    for pid in children().intersection(started_by):
        if pid not in names and (command := _command(pid)):
            names[pid] = command
    named = [(f"{name} (pid {pid})", started_by.get(pid)) for pid, name in names.items() if pid not in spared]
    return named[:MOST_NAMES]


def _of_multiprocessing() -> list[Any]:
    """The processes that multiprocessing knows as ours; those of the run are none of them."""
    return [each for each in list(processes._children) if each._popen is not None]  # type: ignore[attr-defined]  # there is no public way


def _command(pid: int) -> str:
    """What a process runs, as far as the system says; empty if it has ended."""
    with contextlib.suppress(OSError):
        words, own = (_words(each) for each in (pid, os.getpid()))
        return "a fork of the supervisor" if words == own else words[:MOST_OF_A_COMMAND]
    return ""


def _words(pid: int) -> str:
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read().replace(b"\0", b" ").decode(errors="replace").strip()
