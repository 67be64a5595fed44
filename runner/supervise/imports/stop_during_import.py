"""Handle the front's stop request while user code runs in the supervisor."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal

from runner.model.messages import Stop
from runner.supervise.mp.companions import mp_helper_pids
from runner.system.orphans import kill_orphans

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from runner.link.wire import ToFront


PATIENCE_S = 1.0
"""The time for an import to give up after the front is gone."""


class Interrupted(BaseException):
    """The front asked for a stop, or is gone, before any process was started."""


def heed(link: ToFront) -> None:
    """Raise `Interrupted` if the front asks for a stop or is gone; it may have asked only for progress."""
    orders = [order for order, _ in link.receive()]
    if link.ended or Stop() in orders:
        raise Interrupted


@contextlib.contextmanager
def interruptible(link: ToFront) -> Iterator[None]:
    """Within this context, `Interrupted` is raised once out of any running Python code: the link sends a signal.

    Code that catches it is killed with this process, soon after the front's death. Code that never returns to Python is
    not interrupted.
    """
    raised = False

    def come(_signal: int | None = None, _frame: FrameType | None = None) -> None:
        nonlocal raised
        if not raised:
            try:
                heed(link)
            except Interrupted:
                raised = True
                if link.ended:  # there is no front that would end us: the system does it
                    kill_orphans(mp_helper_pids())
                    signal.signal(signal.SIGALRM, signal.SIG_DFL)
                    signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)
                raise

    before = signal.signal(signal.SIGIO, come)
    flags = fcntl.fcntl(link.fileno(), fcntl.F_GETFL)
    fcntl.fcntl(link.fileno(), fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(link.fileno(), fcntl.F_SETFL, flags | os.O_ASYNC)
    try:
        come()  # sent before this context
        yield
    finally:
        raised = True
        if link.ended:
            signal.setitimer(signal.ITIMER_REAL, 0)
        fcntl.fcntl(link.fileno(), fcntl.F_SETFL, flags)
        signal.signal(signal.SIGIO, before)
