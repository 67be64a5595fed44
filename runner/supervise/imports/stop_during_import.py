"""Handle the front's stop request while user code runs in the supervisor."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal

from runner.supervise.mp.companions import companion_pids
from runner.system.orphans import end_adopted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from runner.link.wire import Link


PATIENCE_S = 1.0
"""What an import has to give up in when the front is gone."""


class Interrupted(BaseException):
    """The front asked for a stop, or is gone, before anything was started."""


def heed(link: Link) -> None:
    """Raise `Interrupted` if that is what the front wants; it may just have asked for progress."""
    orders = [message["order"] for message, _ in link.receive()]
    if link.ended or "stop" in orders:
        raise Interrupted


@contextlib.contextmanager
def heeding(link: Link) -> Iterator[None]:
    """Within this, `Interrupted` is raised out of whatever Python code runs, once: the link sends us a signal.

    Code that catches it is ended with this process, soon after the front's death. Code that never comes back to Python
    hears nothing.
    """
    raised = False

    def come(_signal: int | None = None, _frame: FrameType | None = None) -> None:
        nonlocal raised
        if not raised:
            try:
                heed(link)
            except Interrupted:
                raised = True
                if link.ended:  # there is no front that would end us: let the system do it
                    end_adopted(companion_pids())
                    signal.signal(signal.SIGALRM, signal.SIG_DFL)
                    signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)
                raise

    before = signal.signal(signal.SIGIO, come)
    flags = fcntl.fcntl(link.fileno(), fcntl.F_GETFL)
    fcntl.fcntl(link.fileno(), fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(link.fileno(), fcntl.F_SETFL, flags | os.O_ASYNC)
    try:
        come()  # what came before this
        yield
    finally:
        raised = True
        if link.ended:
            signal.setitimer(signal.ITIMER_REAL, 0)
        fcntl.fcntl(link.fileno(), fcntl.F_SETFL, flags)
        signal.signal(signal.SIGIO, before)
