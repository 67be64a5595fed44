"""Launch the supervisor's process. Imports little, so that it starts while the front still imports."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys

_BOOT = "from runner.supervise.__main__ import main; main()"
"""What the supervisor's interpreter runs: `-m runner.supervise` would import `runpy` first, for a tenth of its boot."""


class Launched:
    """A supervisor's process that waits for its order: our end of its socket, and of its stdout and stderr."""

    __slots__ = ("link", "pid", "stderr", "stdout", "taken")

    def __init__(self, pid: int, link: socket.socket, stdout: int, stderr: int) -> None:
        self.pid = pid
        self.link = link
        self.stdout = stdout
        self.stderr = stderr
        self.taken = False
        """Whether a session has it, and is responsible for its end."""

    def abandon(self) -> None:
        """Let it end, if no session has taken it: it has nothing to stop."""
        if not self.taken:
            self.taken = True
            self.link.close()
            os.close(self.stdout)
            os.close(self.stderr)
            with contextlib.suppress(ChildProcessError):  # SIGCHLD is ignored
                os.waitpid(self.pid, 0)


def can_launch() -> bool:
    """Return whether this system has what a supervisor needs."""
    return hasattr(socket, "AF_UNIX") and hasattr(os, "posix_spawn")


def launch() -> Launched:
    """Start a supervisor; it ends by itself when our end of the socket is closed. Raise `UnsupportedPlatform`."""
    if not can_launch():
        from runner.model.errors import UnsupportedPlatform

        raise UnsupportedPlatform("running a file needs Linux or macOS; `check`, `schema` and `explain` work here")
    with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
        here, there = socket.socketpair()
        ours.callback(here.close)
        theirs.callback(there.close)
        stdout, to_stdout = _pipe(ours, theirs)
        stderr, to_stderr = _pipe(ours, theirs)
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-P", "-c", _BOOT],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, there.fileno(), 0),
                (os.POSIX_SPAWN_DUP2, to_stdout, 1),
                (os.POSIX_SPAWN_DUP2, to_stderr, 2),
            ],
            # A terminal's Ctrl-C is for the front alone; until the supervisor has a session of its own it has to wait.
            setsigmask=[signal.SIGINT, signal.SIGTERM, signal.SIGHUP],
        )
        ours.pop_all()
        return Launched(pid, here, stdout, stderr)


def _pipe(ours: contextlib.ExitStack, theirs: contextlib.ExitStack) -> tuple[int, int]:
    """Create a pipe to read from here and to write to there; each end is closed with its side."""
    read, write = os.pipe()
    ours.callback(os.close, read)
    theirs.callback(os.close, write)
    return read, write
