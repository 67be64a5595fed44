"""The supervisor as a child process of the front: signal it, watch it and wait for it."""

from __future__ import annotations

import contextlib
import os
import signal

from runner.system.orphans import let_end
from runner.system.pidfds import pidfd_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runner.session.stop_deadline import Patience


class SupervisorProcess:
    """A supervisor that was started, until it has been reaped."""

    def __init__(self, pid: int, patience: Patience, end_descendants: Callable[[], object]) -> None:
        """`end_descendants` is called when the supervisor has ended, before what is left of its run is taken away."""
        self.pid = pid
        self._patience = patience
        self._end_descendants = end_descendants
        self._reaped = False

    def signal(self, number: int) -> None:
        """Send it a signal, as long as it has not been reaped. Safe in a signal handler."""
        if not self._reaped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it, whose time is over."""
        self._patience.killed = True
        self.signal(signal.SIGKILL)

    def has_ended(self) -> bool:
        """Return whether it has ended, without waiting for that."""
        return let_end(self.pid, 0)

    @contextlib.contextmanager
    def watched(self) -> Iterator[int]:
        """Give a descriptor that gets readable at its end; -1 where there is no such thing."""
        gone = pidfd_of(self.pid)
        try:
            yield -1 if gone is None else gone
        finally:
            if gone is not None:
                os.close(gone)

    def reap(self) -> None:
        """Wait until it has ended, once; blocks for the patience that there is with it at most.

        An exception meanwhile, such as that of a second Ctrl-C, makes it stop at once what it stops in order.
        """
        if self._reaped:
            return
        try:
            self._wait()
        except BaseException:
            self.signal(signal.SIGTERM)
            self._wait()
            raise

    def _wait(self) -> None:
        """It ends when its link has ended; it is killed if it does not."""
        if not let_end(self.pid, self._patience.for_its_end_s):
            self.kill()
        with contextlib.suppress(ChildProcessError):  # SIGCHLD is ignored, or the program waits for all its children
            os.waitpid(self.pid, 0)
        self._reaped = True
        self._end_descendants()
        from runner.system.run_folder import sweep

        sweep()  # it may have died before it could take away what was its run's
