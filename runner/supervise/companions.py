"""multiprocessing's own processes beside a supervisor: the forkserver and the resource tracker, where they run."""

from __future__ import annotations

import contextlib
import os
import signal
import sys

from runner.adopted import let_end, reaped_within

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

PATIENCE_S = 0.5
"""What one of them is given to end by itself."""
DYING_S = 0.05
"""Between the moment in which a forkserver has closed its pipes and its end."""


def companion_pids() -> set[int]:
    """Their pids."""
    pids = {getattr(companion, pid) for companion, pid, _ in _companions()}
    return pids - {None}


def end_companions() -> None:
    """End them and wait for them: by themselves they end some time after us, or never.

    What is preloaded in a forkserver may have left threads there, which its interpreter waits for.
    """
    for companion, pid, alive in _companions():
        if getattr(companion, pid) is None:
            continue
        with contextlib.suppress(ChildProcessError):  # it was killed, and has been waited for
            # Its `_stop` closes the pipe that keeps it alive, and waits for ever.
            its_end = getattr(companion, alive)
            os.close(its_end)  # first of all: there may be no other descriptor
            null = os.open(os.devnull, os.O_WRONLY)
            if null != its_end:
                os.dup2(null, its_end, inheritable=False)
                os.close(null)
            if not let_end(getattr(companion, pid), PATIENCE_S):
                os.kill(getattr(companion, pid), signal.SIGKILL)
            companion._stop()


def exit_code_of_forkserver() -> int | None:
    """The exit code of a forkserver that is dead or about to die; None where it is not known.

    It is reaped, and multiprocessing starts another one for the next process.
    """
    from multiprocessing import forkserver

    server: Any = forkserver._forkserver  # there is no public way
    exit_code = None
    with contextlib.suppress(ChildProcessError):
        if server._forkserver_pid is not None:
            exit_code = reaped_within(server._forkserver_pid, DYING_S)
    if exit_code is not None:
        os.close(server._forkserver_alive_fd)
        server._forkserver_address = server._forkserver_alive_fd = server._forkserver_pid = None
    return exit_code


def _companions() -> Iterator[tuple[Any, str, str]]:
    """Each that was imported, and the names of its pid and of the end of a pipe that keeps it alive."""
    if "multiprocessing.forkserver" in sys.modules:
        from multiprocessing import forkserver

        yield forkserver._forkserver, "_forkserver_pid", "_forkserver_alive_fd"  # there is no public way
    if "multiprocessing.resource_tracker" in sys.modules:
        from multiprocessing import resource_tracker

        yield resource_tracker._resource_tracker, "_pid", "_fd"  # there is no public way
