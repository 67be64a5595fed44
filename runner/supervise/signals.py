"""The signals that matter to the supervisor: how it gets them, and how its children find them.

All of it is below the enums of `signal`, which cost more than the calls: what is touched between two forks is copied.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # the C half of `signal`, which has no stubs
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

STOPPING = (int(_signal.SIGTERM), int(_signal.SIGINT), int(_signal.SIGHUP))
CHILD_ENDED = int(_signal.SIGCHLD)


class Signals:
    """SIGTERM, SIGINT, SIGHUP and SIGCHLD. In the supervisor each only makes a pipe readable.

    Those that stop a run are blocked around starts: one that came before a child is ready would run our handler there,
    or be lost.
    """

    __slots__ = ("_sigint", "_stop_came", "_wake_up", "came")

    def __init__(self) -> None:
        """Nothing is changed until `take`; as SIGINT is now, children will find it."""
        self._sigint = _signal.getsignal(_signal.SIGINT)
        """Python's own handler, or none if run-jobs was started with SIGINT ignored."""
        self._stop_came = False
        self.came, self._wake_up = os.pipe()
        """`came` is readable when a signal has come."""
        for end in self.descriptors:
            os.set_blocking(end, False)

    @property
    def descriptors(self) -> tuple[int, int]:
        """What a forked child inherits and has to close."""
        return self.came, self._wake_up

    @property
    def stop_is_pending(self) -> bool:
        """Whether one that stops the run has come since the last time, be it held back or not."""
        return self._stop_came or self.held_back()

    @staticmethod
    def held_back() -> bool:
        """Whether one that stops the run has come and is held back."""
        return not _signal.sigpending().isdisjoint(STOPPING)

    def clear(self) -> frozenset[int]:
        """Those that have come since the last time, and others that a preload has handlers for. Never blocks."""
        self._stop_came = False
        try:
            return frozenset(os.read(self.came, 512))
        except BlockingIOError:
            return frozenset()

    def take(self) -> None:
        """Have them come to us, and those that have waited, too."""
        _signal.set_wakeup_fd(self._wake_up, warn_on_full_buffer=False)
        for number in STOPPING:
            _signal.signal(number, self._note_stop)
        _signal.signal(CHILD_ENDED, _do_nothing)
        _signal.pthread_sigmask(_signal.SIG_UNBLOCK, STOPPING)

    def hold_back(self) -> None:
        """Have them wait, and be as children are to find them: those only have to let them through."""
        _signal.pthread_sigmask(_signal.SIG_BLOCK, STOPPING)
        _signal.set_wakeup_fd(-1)
        _signal.signal(_signal.SIGTERM, _signal.SIG_DFL)
        _signal.signal(_signal.SIGHUP, _signal.SIG_DFL)
        _signal.signal(CHILD_ENDED, _signal.SIG_DFL)
        _signal.signal(_signal.SIGINT, self._sigint)

    def _note_stop(self, _number: int, _frame: FrameType | None) -> None:
        """Have it known at once, between two starts; what wakes the selector is the wake-up descriptor."""
        self._stop_came = True


def _do_nothing(_signal: int, _frame: FrameType | None) -> None:
    """The wake-up descriptor has done all that is needed."""


def let_all_through() -> None:
    """Have no signal wait."""
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
