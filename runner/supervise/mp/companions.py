"""Find, end and reap multiprocessing's helper processes: the forkserver and the resource tracker."""

from __future__ import annotations

import contextlib
import os
import signal
import sys

from runner.supervise.mp.resource_tracker import remove_semaphores
from runner.system.orphans import let_end, reaped_within

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.model.multiprocessing_protocols import ForkServer, ResourceTracker

PATIENCE_S = 0.5
"""The time for a helper process to end by itself."""
DYING_S = 0.05
"""The time from the moment when a forkserver has closed its pipes to its end."""

_exit_codes: list[int] = []
"""The exit code of the last forkserver that ended, if it is known."""


def mp_helper_pids() -> set[int]:
    """Return the pids of the helper processes."""
    pids = {getattr(companion, pid) for companion, pid, _ in _companions()}
    return pids - {None}


def end_mp_helpers() -> None:
    """End the helper processes and reap them: by themselves they end some time after us, or never.

    Modules that are preloaded in a forkserver may have left threads there, which its interpreter waits for.
    """
    if "multiprocessing.forkserver" in sys.modules:
        from multiprocessing import forkserver

        # A pool that an import has left starts another forkserver when its workers end with this one.
        forkserver.set_forkserver_preload([])
    remove_semaphores()
    for companion, pid, alive in _companions():
        if getattr(companion, pid) is None:
            continue
        with contextlib.suppress(ChildProcessError):  # it was killed, and has been reaped
            # Its `_stop` closes the pipe that keeps it alive, and waits for ever.
            its_end = getattr(companion, alive)
            with contextlib.suppress(OSError):  # user code has closed it
                os.close(its_end)  # first of all: there may be no other descriptor
            null = os.open(os.devnull, os.O_WRONLY)
            if null != its_end:
                os.dup2(null, its_end, inheritable=False)
                os.close(null)
            if not let_end(getattr(companion, pid), PATIENCE_S):
                os.kill(getattr(companion, pid), signal.SIGKILL)
            companion._stop()


def forkserver_has_ended(within_s: float = DYING_S) -> bool:
    """Return whether the forkserver ends within this time: it is reaped, and the next start creates another one."""
    from multiprocessing import forkserver

    server: ForkServer = vars(forkserver)["_forkserver"]  # there is no public way
    if server._forkserver_pid is None or server._forkserver_alive_fd is None:
        return False
    try:
        exit_code = reaped_within(server._forkserver_pid, within_s)
    except ChildProcessError:  # reaped elsewhere: multiprocessing could start nothing any more
        _exit_codes.clear()
    else:
        if exit_code is None:
            return False
        _exit_codes[:] = [exit_code]
    with contextlib.suppress(OSError):  # user code has closed it
        os.close(server._forkserver_alive_fd)
    server._forkserver_address = server._forkserver_alive_fd = server._forkserver_pid = None
    return True


def last_exit_code_of_forkserver() -> int | None:
    """Return the exit code of the forkserver that ended last; None if it is not known."""
    return _exit_codes[0] if _exit_codes else None


def _companions() -> Iterator[tuple[ForkServer | ResourceTracker, str, str]]:
    """Return each helper whose module was imported, with the names of its pid and of the pipe end that keeps it
    alive."""
    if "multiprocessing.forkserver" in sys.modules:
        from multiprocessing import forkserver

        yield vars(forkserver)["_forkserver"], "_forkserver_pid", "_forkserver_alive_fd"  # there is no public way
    if "multiprocessing.resource_tracker" in sys.modules:
        from multiprocessing import resource_tracker

        yield vars(resource_tracker)["_resource_tracker"], "_pid", "_fd"  # there is no public way
