"""Receive the signals that stop a run. While the front waits, it also learns their senders."""

from __future__ import annotations

import contextlib
import signal

from runner.system.signal_senders import open_signals, read_signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Stops:
    """Signals that a handler handles, too: while the front waits they are blocked and read, which reveals the
    sender."""

    def __init__(self, numbers: Iterable[int], come: Callable[[int], None]) -> None:
        """`come` is called with each signal that is read, as the handler is with each other one."""
        self._numbers = frozenset(numbers)
        self.come = come
        self.descriptor = open_signals(self._numbers)
        """Readable when a blocked signal has come; -1 if the system has no such descriptor."""

    @contextlib.contextmanager
    def held_back(self) -> Iterator[None]:
        """Within this context, the signals are blocked and wait to be read."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, self._numbers)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def take(self) -> list[tuple[int, int]]:
        """Return the signals that have come while they were blocked, each with its sender's pid: 0 for the terminal."""
        return read_signals(self.descriptor)
