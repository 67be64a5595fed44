"""The signals that the supervisor handles, and the signal handlers that its children inherit.

Handlers that imports have set for other signals are meant for the children too: one that raises would end the
supervisor.

This module avoids the enums of `signal`, which cost more than the calls: pages touched between two forks are copied.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # the C half of `signal`, which has no stubs
import os

from runner.system.signal_senders import open_signals, read_signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    import selectors
    from collections.abc import Callable, Iterable, Mapping
    from types import FrameType
    from typing import TypeAlias

    Handler: TypeAlias = Callable[[int, FrameType | None], object] | int | None
    """What `signal.getsignal` returns."""

STOPPING = (int(_signal.SIGTERM), int(_signal.SIGINT), int(_signal.SIGHUP))
ENDING = tuple(
    int(getattr(_signal, name))
    for name in ("SIGQUIT", "SIGABRT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGIO", "SIGPWR")
    if hasattr(_signal, name)
)
"""Other signals whose default action ends a program: a target may send them to its parent. They also stop a run."""
PAUSING = (int(_signal.SIGTSTP), int(_signal.SIGTTIN), int(_signal.SIGTTOU))
"""These would pause the supervisor, and with it every limit of the run."""
CHILD_ENDED = int(_signal.SIGCHLD)
_READABLE = 1
"""`selectors.EVENT_READ`."""


class Signals:
    """SIGCHLD, and the signals that stop a run. In the supervisor each of them only makes a pipe readable.

    The stop signals are blocked around starts: one that came before a child is ready would run our handler there, or be
    lost.
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
        """Change nothing until `take`; children will inherit the present handling of SIGINT."""
        self._sigint = _signal.getsignal(_signal.SIGINT)
        """Python's own handler, or SIG_IGN if run-jobs was started with SIGINT ignored."""
        self.stopping: tuple[int, ...] = STOPPING
        """The signals that stop the run."""
        self._stop_came = False
        self.came, self._wake_up = os.pipe()
        """`came` is readable when a signal has come."""
        for end in (self.came, self._wake_up):
            os.set_blocking(end, False)
        self.stops = open_signals((*STOPPING, *ENDING))
        """Readable when a stop signal has come, from `attend` on; -1 if there is no `signalfd`."""
        self._blocked = False
        """Whether the stop signals are blocked and read from `stops`."""
        self._before = handlers()
        self._of_imports: dict[int, Handler] = {}
        """The settings by imports that are not functions, for children: SIG_IGN, for example."""
        self.handlers_of_imports: dict[int, Handler] = {}
        """The functions that imports have set, for forked children: a function that raises is called only there."""

    @property
    def descriptors(self) -> tuple[int, ...]:
        """The descriptors that a forked child inherits and has to close."""
        return (self.came, self._wake_up) if self.stops < 0 else (self.came, self._wake_up, self.stops)

    def attend(self, selector: selectors.BaseSelector) -> None:
        """Have this selector report "signals", and "stops" if senders can be read.

        Stop signals are blocked from now on, and read from `stops`, unless a thread does not block them.
        """
        selector.register(self.came, _READABLE, "signals")
        if self.stops >= 0:
            self._blocked = True
            _signal.pthread_sigmask(_signal.SIG_BLOCK, self.stopping)
            selector.register(self.stops, _READABLE, "stops")

    def senders(self) -> list[tuple[int, int]]:
        """Return the signals that have come on `stops`, each with its sender's pid."""
        return read_signals(self.stops) if self._blocked else []

    def remove_foreign_handlers(self) -> None:
        """Remove from this process the handlers and timers that imports have set; forked children get the handlers
        back."""
        stop_timers()
        found = handlers()
        set_by_imports = {number: each for number, each in found.items() if each is not self._before[number]}
        for number, each in set_by_imports.items():
            if each not in (_do_nothing, self._note_stop):
                (self.handlers_of_imports if callable(each) else self._of_imports)[number] = each
        ends = [number for number in ENDING if found[number] in (_signal.SIG_DFL, self._note_stop)]
        self.stopping = (*STOPPING, *ends)
        self._of_imports |= {number: _signal.SIG_DFL for number in PAUSING if found[number] == _signal.SIG_DFL}
        unblock_all()
        self.take()

    @property
    def stop_is_pending(self) -> bool:
        """Whether a stop signal has come since the last call, even one that is blocked."""
        return self._stop_came or self.held_back()

    def held_back(self) -> bool:
        """Return whether a stop signal has come and is blocked."""
        return not _signal.sigpending().isdisjoint(self.stopping)

    def clear(self) -> frozenset[int]:
        """Return the signals that have come since the last call, and others that a preload has handlers for. Never
        block."""
        self._stop_came = False
        try:
            return frozenset(os.read(self.came, 512))
        except BlockingIOError:
            return frozenset()

    def take(self) -> None:
        """Install our handlers, and unblock the signals that have waited."""
        _signal.set_wakeup_fd(self._wake_up, warn_on_full_buffer=False)
        for number in self.stopping:
            _signal.signal(number, self._note_stop)
        others = (*self._of_imports, *self.handlers_of_imports)
        ignore_signals((CHILD_ENDED, *others))
        _signal.pthread_sigmask(_signal.SIG_UNBLOCK, (*others, *(() if self._blocked else self.stopping)))

    def block_stops(self) -> None:
        """Block the stop signals, and set their handling to what children inherit, except for `handlers_of_imports`."""
        _signal.pthread_sigmask(_signal.SIG_BLOCK, (*self.stopping, *self._of_imports, *self.handlers_of_imports))
        _signal.set_wakeup_fd(-1)
        restore(self._of_imports)
        restore(dict.fromkeys((*self.stopping, CHILD_ENDED), _signal.SIG_DFL))
        _signal.signal(_signal.SIGINT, self._sigint)

    def _note_stop(self, _number: int, _frame: FrameType | None) -> None:
        """Record the stop at once, between two starts; the selector is woken by the wake-up descriptor."""
        self._stop_came = True


def _do_nothing(_signal: int, _frame: FrameType | None) -> None:
    """Do nothing: the wake-up descriptor has done everything."""


def handlers() -> dict[int, Handler]:
    """Return the handling of each signal that imports may set a handler for and the supervisor does not use."""
    ours = (*STOPPING, CHILD_ENDED, int(_signal.SIGKILL), int(_signal.SIGSTOP))
    return {number: _signal.getsignal(number) for number in _signal.valid_signals() if number not in ours}


def ignore_signals(numbers: Iterable[int]) -> None:
    """Have this process ignore these signals."""
    for number in numbers:
        _signal.signal(number, _do_nothing)


def restore(found: Mapping[int, Handler]) -> None:
    """Restore the handling of these signals."""
    for number, handler in found.items():
        _signal.signal(number, handler)


def stop_timers() -> None:
    """Stop the interval timers and alarms of this process; no child inherits them."""
    for timer in (_signal.ITIMER_REAL, _signal.ITIMER_VIRTUAL, _signal.ITIMER_PROF):
        _signal.setitimer(timer, 0)


def unblock_all() -> None:
    """Unblock all signals."""
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
