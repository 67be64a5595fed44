"""Fixtures for all tests; one of them sees that each leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# Who is started in the background has SIGINT and SIGQUIT ignored, who is under nohup SIGHUP, and passes that on.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
# How long an example takes says something of the machine alone.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
# readline, which pytest imports, sets them behind Python's back: commands that tests run would break lines there.
os.unsetenv("COLUMNS")
os.unsetenv("LINES")
os.environ["RUN_JOBS_TESTED_BY"] = str(os.getpid())
"""All processes of these tests have it, and none of another run of the tests beside this one."""
GOES_WITHIN_S = 2.0
"""When a supervisor was killed, what it had started follows it, but not in the same instant."""
SHARED_MEMORY = "shared memory"
START_METHODS = ("fork", "spawn", "forkserver")


@pytest.fixture(params=START_METHODS)
def start_method(request: pytest.FixtureRequest) -> str:
    """Each of multiprocessing's start methods in turn."""
    return str(request.param)


@pytest.fixture(autouse=True, scope="session")
def _the_same_everywhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Plans and what is temporary are kept in folders of the tests; any terminal is one like most."""
    # A short path: sockets lie in there.
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="tests-") as temporary:
        patch.setenv("TMPDIR", temporary)
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.setenv("TERM", "xterm-256color")
        patch.delenv("NO_COLOR", raising=False)
        yield


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    """After each test there is no process, descriptor, shared memory or zombie that was not there before."""
    before = _traces()
    yield
    deadline = time.monotonic() + GOES_WITHIN_S
    while (left := _left(before)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not left, f"left behind: {left}"


def _left(before: dict[str, set[str]]) -> dict[str, set[str]]:
    """What is there now and was not before."""
    new = {kind: found - before[kind] for kind, found in _traces().items()}
    if new[SHARED_MEMORY]:
        others = _mapped_by_others()
        new[SHARED_MEMORY] = {name for name in new[SHARED_MEMORY] if _inode(name) not in others}
    return {kind: found for kind, found in new.items() if found}


def _traces() -> dict[str, set[str]]:
    return {
        "children": _children(),
        "descriptors": _descriptors(),
        SHARED_MEMORY: {name for name in os.listdir("/dev/shm") if name.startswith(("run-jobs", "psm_", "sem."))},
        "temporary files": _files_below(os.environ["TMPDIR"]),
        "descendants": _descendants(),
    }


def _files_below(folder: str) -> set[str]:
    """All files and folders in there; what goes meanwhile is left out."""
    return {os.path.join(place, name) for place, folders, files in os.walk(folder) for name in (*folders, *files)}


def _children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def _descriptors() -> set[str]:
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            found.add(f"{number} {os.readlink(f'/proc/self/fd/{number}')}")
        except FileNotFoundError:  # the one that listed the folder
            continue
    return found


def _descendants() -> set[str]:
    """Processes that these tests have started, and those that these have, wherever they went."""
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            if _is_ours(pid) and pid != str(os.getpid()):
                found.add(pid)
    return found


def _inode(name: str) -> int | None:
    try:
        return os.stat(f"/dev/shm/{name}").st_ino
    except FileNotFoundError:
        return None


def _mapped_by_others() -> set[int | None]:
    """Inodes of shared memory of runs beside these tests: a process that is none of ours has it.

    A semaphore is mapped under another name than it has; what is gone is nobody's.
    """
    found: set[int | None] = {None}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            if not _is_ours(pid):
                found |= set(map(int, re.findall(r"(\d+) +/dev/shm/", Path(f"/proc/{pid}/maps").read_text())))
    return found


def _is_ours(pid: str) -> bool:
    mark = f"RUN_JOBS_TESTED_BY={os.getpid()}\0".encode()
    return pid == str(os.getpid()) or mark in Path(f"/proc/{pid}/environ").read_bytes()
