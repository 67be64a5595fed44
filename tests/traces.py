"""What a test or a random trial may leave behind: processes, descriptors, shared memory, files."""

from __future__ import annotations

import contextlib
import os
import re
import time
from pathlib import Path

from tests.seeing import PROC, SHM

GOES_WITHIN_S = 10.0
"""What a killed supervisor had started follows it, but not at once: it takes seconds on a busy machine."""
MEMORY_GOES_WITHIN_S = 20.0
"""The resource tracker of a run beside these tests, whose owner was killed, takes as long on a busy machine."""
SHARED_MEMORY = "shared memory"
MARK = "RUN_JOBS_TESTED_BY"
"""All processes of these tests have this variable, and none of another run of the tests beside this one."""


def mark() -> None:
    """Mark the processes that this one will start."""
    os.environ[MARK] = str(os.getpid())


def left_after_a_while(before: dict[str, set[str]]) -> dict[str, set[str]]:
    """What is there now, was not there before, and does not go within some seconds.

    Shared memory that appears meanwhile belongs to a run beside these tests. So may semaphores of multiprocessing whose
    owner has been killed, as long as a resource tracker lives that is none of ours: their names do not tell.
    """
    began = time.monotonic()
    left = _left(before)
    while left and time.monotonic() < began + (MEMORY_GOES_WITHIN_S if SHARED_MEMORY in left else GOES_WITHIN_S):
        time.sleep(0.02)
        earlier, left = left, _left(before)
        left[SHARED_MEMORY] = left.get(SHARED_MEMORY, set()) & earlier.get(SHARED_MEMORY, set())
        left = {kind: found for kind, found in left.items() if found}
    if SHARED_MEMORY in left and _has_foreign_tracker():
        left[SHARED_MEMORY] = {name for name in left[SHARED_MEMORY] if "run-jobs" in name}
    return {kind: found for kind, found in left.items() if found}


def traces() -> dict[str, set[str]]:
    """What is there now, by its kind."""
    return {
        "children": _children(),
        "descriptors": _descriptors(),
        SHARED_MEMORY: {name for name in os.listdir(SHM) if name.startswith(("run-jobs", "psm_", "sem."))},
        "temporary files": _files_below(os.environ["TMPDIR"]),
        "descendants": _descendants(),
    }


def _left(before: dict[str, set[str]]) -> dict[str, set[str]]:
    new = {kind: found - before[kind] for kind, found in traces().items()}
    if new[SHARED_MEMORY]:
        others = _mapped_by_others()
        new[SHARED_MEMORY] = {name for name in new[SHARED_MEMORY] if _inode(name) not in others}
    return {kind: found for kind, found in new.items() if found}


def _files_below(folder: str) -> set[str]:
    """All files and folders in there; what is removed meanwhile is left out."""
    return {os.path.join(place, name) for place, folders, files in os.walk(folder) for name in (*folders, *files)}


def _children() -> set[str]:
    return set(Path(f"{PROC}/self/task/{os.getpid()}/children").read_text().split())


def _descriptors() -> set[str]:
    found = set()
    for number in os.listdir(f"{PROC}/self/fd"):
        try:
            found.add(f"{number} {os.readlink(f'{PROC}/self/fd/{number}')}")
        except FileNotFoundError:  # the one that listed the folder
            continue
    return found


def _descendants() -> set[str]:
    """Processes that these tests have started, and the descendants of these, wherever they went."""
    found = set()
    for pid in filter(str.isdigit, os.listdir(PROC)):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            if _is_ours(pid) and pid != str(os.getpid()):
                found.add(pid)
    return found


def _inode(name: str) -> int | None:
    try:
        return os.stat(f"{SHM}/{name}").st_ino
    except FileNotFoundError:
        return None


def _mapped_by_others() -> set[int | None]:
    """Inodes of shared memory of runs beside these tests: a process that is none of ours maps it.

    A semaphore is mapped under another name than it has. None is for what is gone.
    """
    found: set[int | None] = {None}
    for pid in filter(str.isdigit, os.listdir(PROC)):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            if not _is_ours(pid):
                found |= set(map(int, re.findall(r"(\d+) +/dev/shm/", Path(f"{PROC}/{pid}/maps").read_text())))
    return found


def _has_foreign_tracker() -> bool:
    """Whether a resource tracker lives that neither these tests nor those beside them in other workers started."""
    suite = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"{MARK}={os.getpid()}").encode()
    for pid in filter(str.isdigit, os.listdir(PROC)):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            is_tracker = b"resource_tracker" in Path(f"{PROC}/{pid}/cmdline").read_bytes()
            if is_tracker and suite not in Path(f"{PROC}/{pid}/environ").read_bytes():
                return True
    return False


def _is_ours(pid: str) -> bool:
    mark = f"{MARK}={os.getpid()}\0".encode()
    with open(f"{PROC}/{pid}/environ", "rb", buffering=0) as environment:  # of all processes, twice for each test
        return pid == str(os.getpid()) or mark in environment.readall()
