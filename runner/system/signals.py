"""The signals that the supervisor handles, and the signal handlers that its children inherit.

What imports have set for other signals is for the children, too: a handler that raises would end the supervisor.

All of it is below the enums of `signal`, which cost more than the calls: what is touched between two forks is copied.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # the C half of `signal`, which has no stubs
import os

from runner.system.signal_senders import open_signals, read_signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    import selectors
    from collections.abc import Iterable, Mapping
    from types import FrameType
    from typing import Any

STOPPING = (int(_signal.SIGTERM), int(_signal.SIGINT), int(_signal.SIGHUP))
ENDING = tuple(
    int(getattr(_signal, name))
    for name in ("SIGQUIT", "SIGABRT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGIO", "SIGPWR")
    if hasattr(_signal, name)
)
"""Others that end a program that has not asked for them: a target may send them to its parent. They stop a run, too."""
PAUSING = (int(_signal.SIGTSTP), int(_signal.SIGTTIN), int(_signal.SIGTTOU))
"""They would pause the supervisor, and with it every limit of the run."""
CHILD_ENDED = int(_signal.SIGCHLD)
_READABLE = 1
"""`selectors.EVENT_READ`."""


class Signals:
    """SIGCHLD, and the signals that stop a run. In the supervisor each only makes a pipe readable.

    The latter are blocked around starts: one that came before a child is ready would run our handler there,
    or be lost.
    """

    __slots__ = (
        "_before",
        "_blocked",
        "_of_imports",
        "_sigint",
        "_stop_came",
        "_wake_up",
        "came",
        "handlers_of_imports",
        "stopping",
        "stops",
    )

    def __init__(self) -> None:
        """Nothing is changed until `take`; as SIGINT is now, children will find it."""
        self._sigint = _signal.getsignal(_signal.SIGINT)
        """Python's own handler, or none if run-jobs was started with SIGINT ignored."""
        self.stopping: tuple[int, ...] = STOPPING
        """The signals that stop the run."""
        self._stop_came = False
        self.came, self._wake_up = os.pipe()
        """`came` is readable when a signal has come."""
        for end in (self.came, self._wake_up):
            os.set_blocking(end, False)
        self.stops = open_signals((*STOPPING, *ENDING))
        """Readable when one that stops a run has come, from `attend` on; -1 where there is none."""
        self._blocked = False
        """Those that stop a run are read from `stops`."""
        self._before = handlers()
        self._of_imports: dict[int, Any] = {}
        """What children are to find that imports have set, and is no function: to ignore a signal, for example."""
        self.handlers_of_imports: dict[int, Any] = {}
        """The functions that imports have set, for forked children: one that raises is called nowhere else."""

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What a forked child inherits and has to close."""
        return (self.came, self._wake_up) if self.stops < 0 else (self.came, self._wake_up, self.stops)

    def attend(self, selector: selectors.BaseSelector) -> None:
        """Have this selector report "signals", and "stops" where senders are known.

        Those that stop a run are blocked from now on, and read from `stops`, unless a thread lets them through.
        """
        selector.register(self.came, _READABLE, "signals")
        if self.stops >= 0:
            self._blocked = True
            _signal.pthread_sigmask(_signal.SIG_BLOCK, self.stopping)
            selector.register(self.stops, _READABLE, "stops")

    def senders(self) -> list[tuple[int, int]]:
        """The signals that have come on `stops`, each with its sender's pid."""
        return read_signals(self.stops) if self._blocked else []

    def spare_us(self) -> None:
        """Keep handlers and timers that imports have set away from this process; forked children find the handlers."""
        stop_timers()
        found = handlers()
        set_by_imports = {number: each for number, each in found.items() if each is not self._before[number]}
        for number, each in set_by_imports.items():
            if each not in (_do_nothing, self._note_stop):
                (self.handlers_of_imports if callable(each) else self._of_imports)[number] = each
        ends = [number for number in ENDING if found[number] in (_signal.SIG_DFL, self._note_stop)]
        self.stopping = (*STOPPING, *ends)
        self._of_imports |= {number: _signal.SIG_DFL for number in PAUSING if found[number] == _signal.SIG_DFL}
        let_all_through()
        self.take()

    @property
    def stop_is_pending(self) -> bool:
        """Whether one that stops the run has come since the last time, be it held back or not."""
        return self._stop_came or self.held_back()

    def held_back(self) -> bool:
        """Whether one that stops the run has come and is held back."""
        return not _signal.sigpending().isdisjoint(self.stopping)

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
        for number in self.stopping:
            _signal.signal(number, self._note_stop)
        others = (*self._of_imports, *self.handlers_of_imports)
        set_aside((CHILD_ENDED, *others))
        _signal.pthread_sigmask(_signal.SIG_UNBLOCK, (*others, *(() if self._blocked else self.stopping)))

    def hold_back(self) -> None:
        """Have them wait, and be as children are to find them, but for `handlers_of_imports`."""
        _signal.pthread_sigmask(_signal.SIG_BLOCK, (*self.stopping, *self._of_imports, *self.handlers_of_imports))
        _signal.set_wakeup_fd(-1)
        restore(self._of_imports)
        restore(dict.fromkeys((*self.stopping, CHILD_ENDED), _signal.SIG_DFL))
        _signal.signal(_signal.SIGINT, self._sigint)

    def _note_stop(self, _number: int, _frame: FrameType | None) -> None:
        """Have it known at once, between two starts; what wakes the selector is the wake-up descriptor."""
        self._stop_came = True


def _do_nothing(_signal: int, _frame: FrameType | None) -> None:
    """The wake-up descriptor has done all that is needed."""


def handlers() -> dict[int, Any]:
    """What is done about each signal that imports may set a handler for, and that is not the supervisor's."""
    ours = (*STOPPING, CHILD_ENDED, int(_signal.SIGKILL), int(_signal.SIGSTOP))
    return {number: _signal.getsignal(number) for number in _signal.valid_signals() if number not in ours}


def set_aside(numbers: Iterable[int]) -> None:
    """Have these signals do nothing to this process."""
    for number in numbers:
        _signal.signal(number, _do_nothing)


def restore(found: Mapping[int, Any]) -> None:
    """Have these signals do what they did."""
    for number, handler in found.items():
        _signal.signal(number, handler)


def stop_timers() -> None:
    """Stop the interval timers and alarms of this process; no child inherits one."""
    for timer in (_signal.ITIMER_REAL, _signal.ITIMER_VIRTUAL, _signal.ITIMER_PROF):
        _signal.setitimer(timer, 0)


def let_all_through() -> None:
    """Have no signal wait."""
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
