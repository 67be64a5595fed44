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

    from runner.link.supervisor_deadline import SupervisorDeadline


class SupervisorProcess:
    """A supervisor that was started, until it has been reaped."""

    def __init__(self, pid: int, patience: SupervisorDeadline, end_descendants: Callable[[], object]) -> None:
        """`end_descendants` is called when the supervisor has ended, before the remains of its run are removed."""
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
        """Kill it, because its time is over."""
        self._patience.killed = True
        self.signal(signal.SIGKILL)

    def has_ended(self) -> bool:
        """Return whether it has ended, without waiting for that."""
        return let_end(self.pid, 0)

    @contextlib.contextmanager
    def watched(self) -> Iterator[int]:
        """Return a descriptor that becomes readable at its end; -1 if the system has none."""
        gone = pidfd_of(self.pid)
        try:
            yield -1 if gone is None else gone
        finally:
            if gone is not None:
                os.close(gone)

    def reap(self) -> None:
        """Wait until it has ended, once; block until its deadline at most.

        After an exception meanwhile, such as that of a second Ctrl-C, it stops at once what it stops in order.
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
        """Wait for its end after the end of its link; kill it if it does not end."""
        if not let_end(self.pid, self._patience.for_its_end_s):
            self.kill()
        with contextlib.suppress(ChildProcessError):  # SIGCHLD is ignored, or the program waits for all its children
            os.waitpid(self.pid, 0)
        self._reaped = True
        self._end_descendants()
        from runner.system.run_folder import sweep

        sweep()  # it may have died before it could remove the remains of its run
