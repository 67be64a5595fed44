"""Find and name the processes that imports started in the supervisor and left running."""

from __future__ import annotations

import contextlib
import os
from multiprocessing import process as processes

from runner.system.orphans import children

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from runner.model.multiprocessing_protocols import Process

MAX_COMMAND = 60
MAX_NAMES = 100


def pids() -> set[int]:
    """Return the pids of our children, including those that only multiprocessing lists."""
    return children() | {each._popen.pid for each in _of_multiprocessing()}


def left(started_by: Mapping[int, str], spared: Container[int]) -> list[tuple[str, str | None]]:
    """Return the name and pid of each that runs, and the module whose import started it, if known.

    `started_by` maps children that existed after imports to the module; `spared` were not started by an import.
    """
    names = {each._popen.pid: str(each.name) for each in _of_multiprocessing() if each._popen.poll() is None}
    for pid in children().intersection(started_by):
        if pid not in names and (command := _command(pid)):
            names[pid] = command
    named = [(f"{name} (pid {pid})", started_by.get(pid)) for pid, name in names.items() if pid not in spared]
    return named[:MAX_NAMES]


def _of_multiprocessing() -> list[Process]:
    """Return the processes that multiprocessing lists as ours; those of the run are not among them."""
    return [each for each in list(processes._children) if each._popen is not None]  # type: ignore[attr-defined]  # there is no public way


def _command(pid: int) -> str:
    """Return the command line of a process, if the system shows it; empty if the process has ended."""
    with contextlib.suppress(OSError):
        words, own = (_words(each) for each in (pid, os.getpid()))
        return "a fork of the supervisor" if words == own else words[:MAX_COMMAND]
    return ""


def _words(pid: int) -> str:
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read().replace(b"\0", b" ").decode(errors="replace").strip()
