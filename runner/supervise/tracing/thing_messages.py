"""Messages that a process sends about a shared thing: waiting, acquired, released.

Children import this module.
"""

from __future__ import annotations

from runner.system.clock import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from runner.supervise.tracing.table import Cell

    Tell: TypeAlias = Callable[[str], None]
    """Sends a message, a JSON array."""

REPORTED_AT_FIRST = 20
"""The first acquisitions of a thing by a process are all reported; after them the intervals grow by a fifth: 100,000
acquisitions make about 65 events."""


class Place:
    """Where a process records what it does with one thing: a cell of the table, and a source of reporters."""

    __slots__ = ("_row", "_tell", "cell")

    def __init__(self, row: int, cell: Cell, tell: Tell) -> None:
        self._row = row
        self._tell = tell
        self.cell = cell

    def thing_reporter(self) -> ThingReporter:
        """Return a new reporter."""
        return ThingReporter(self._row, self._tell)


class ThingReporter:
    """Reports what one process does with one thing; every message begins with its kind and the thing's row."""

    __slots__ = ("_dropped", "_extra", "_gap", "_had_since", "_has", "_reported", "_row", "_tell")

    def __init__(self, row: int, tell: Tell) -> None:
        self._row = row
        self._tell = tell
        self._dropped = 0
        self._reported = 0
        """The acquisitions up to the last one that was reported."""
        self._gap = 1
        self._extra = 0
        self._has = False
        """Whether an acquisition has been reported, and no release after it."""
        self._had_since = 0.0

    def waiting(self, operation: str, timeout: float | None, began: float) -> None:
        """Report that the process waits, since `began`."""
        at_most = "null" if timeout is None else f"{timeout:.6f}"
        self._tell(f'["waiting",{self._row},"{operation}",{began:.6f},{at_most}]')

    def acquired(self, operation: str, waited: float, left: int) -> int:
        """Report an acquisition; `left` more were not to be reported. Return the number of acquisitions until the next
        report."""
        now = monotonic()
        if not self._has:
            self._has, self._had_since = True, now
        skipped = self._gap - 1 - left
        self._tell(f'["acquired",{self._row},"{operation}",{now:.6f},{waited:.6f},{skipped}]')
        self._reported += skipped + 1
        self._gap = max(1, self._reported // 5) if self._reported >= REPORTED_AT_FIRST else 1
        return self._gap

    def went_on(self, operation: str, waited: float) -> None:
        """Report the end of a wait for something that has no owner: that is not counted, and not released."""
        self._tell(f'["acquired",{self._row},"{operation}",{monotonic():.6f},{waited:.6f},0]')

    def timed_out(self, operation: str, waited: float) -> None:
        """Report that the process gave up."""
        self._tell(f'["timed_out",{self._row},"{operation}",{monotonic():.6f},{waited:.6f}]')

    def released(self) -> None:
        """Report the release of all that was reported as acquired."""
        now = monotonic()
        self._has = False
        self._tell(f'["released",{self._row},{now:.6f},{now - self._had_since:.6f}]')

    def released_extra(self, free: int) -> None:
        """Report a release of what the process had not acquired; `free` permits are free now. Only some of many such
        releases are reported."""
        self._extra += 1
        if self._extra <= REPORTED_AT_FIRST or not self._extra & (self._extra - 1):
            self._tell(f'["extra",{self._row},{monotonic():.6f},{free}]')

    def dropped(self, error: BaseException) -> None:
        """Report that an item of a queue was dropped because of this exception. Only some of many are reported."""
        import json

        from runner.model.safe_repr import MAX_REPR, text_of, type_name

        self._dropped += 1
        if self._dropped <= REPORTED_AT_FIRST or not self._dropped & (self._dropped - 1):
            text = f"{type_name(error)}: {text_of(error)}"[:MAX_REPR]
            self._tell(json.dumps(["dropped", self._row, monotonic(), text]))
