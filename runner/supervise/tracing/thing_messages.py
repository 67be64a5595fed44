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
    """Takes what is to be told, as a JSON array."""

ALL_OF_THE_FIRST = 20
"""So many acquisitions of a thing by a process are told; then each time a fifth more: 100,000 make some 65 events."""


class Place:
    """Where a process notes what it does with one thing: a cell of the table, and voices for it."""

    __slots__ = ("_row", "_tell", "cell")

    def __init__(self, row: int, cell: Cell, tell: Tell) -> None:
        self._row = row
        self._tell = tell
        self.cell = cell

    def voice(self) -> Voice:
        """A new voice."""
        return Voice(self._row, self._tell)


class Voice:
    """Tells what one process does with one thing; every message begins with its kind and the thing's row."""

    __slots__ = ("_dropped", "_extra", "_gap", "_had_since", "_has", "_row", "_tell", "_told")

    def __init__(self, row: int, tell: Tell) -> None:
        self._row = row
        self._tell = tell
        self._dropped = 0
        self._told = 0
        """Acquisitions up to the last one that was told."""
        self._gap = 1
        self._extra = 0
        self._has = False
        """It has been told to have something, and not to have let go of it."""
        self._had_since = 0.0

    def waiting(self, operation: str, timeout: float | None, began: float) -> None:
        """It waits, since `began`."""
        at_most = "null" if timeout is None else f"{timeout:.6f}"
        self._tell(f'["waiting",{self._row},"{operation}",{began:.6f},{at_most}]')

    def acquired(self, operation: str, waited: float, left: int) -> int:
        """It has it; `left` of those that were not to be told are left. Gives when the next one is to be told."""
        now = monotonic()
        if not self._has:
            self._has, self._had_since = True, now
        skipped = self._gap - 1 - left
        self._tell(f'["acquired",{self._row},"{operation}",{now:.6f},{waited:.6f},{skipped}]')
        self._told += skipped + 1
        self._gap = max(1, self._told // 5) if self._told >= ALL_OF_THE_FIRST else 1
        return self._gap

    def went_on(self, operation: str, waited: float) -> None:
        """It has waited for what has no holder: that is not counted, and not released."""
        self._tell(f'["acquired",{self._row},"{operation}",{monotonic():.6f},{waited:.6f},0]')

    def timed_out(self, operation: str, waited: float) -> None:
        """It gave up."""
        self._tell(f'["timed_out",{self._row},"{operation}",{monotonic():.6f},{waited:.6f}]')

    def released(self) -> None:
        """It let go of all that it was told to have."""
        now = monotonic()
        self._has = False
        self._tell(f'["released",{self._row},{now:.6f},{now - self._had_since:.6f}]')

    def released_extra(self, free: int) -> None:
        """It released what it had not acquired; so many permits are free now. Of many such only some are told."""
        self._extra += 1
        if self._extra <= ALL_OF_THE_FIRST or not self._extra & (self._extra - 1):
            self._tell(f'["extra",{self._row},{monotonic():.6f},{free}]')

    def dropped(self, error: BaseException) -> None:
        """An item of a queue was dropped because of this exception. Of many such only some are told."""
        import json

        from runner.model.safe_repr import MOST_OF_A_REPR, text_of, type_name

        self._dropped += 1
        if self._dropped <= ALL_OF_THE_FIRST or not self._dropped & (self._dropped - 1):
            text = f"{type_name(error)}: {text_of(error)}"[:MOST_OF_A_REPR]
            self._tell(json.dumps(["dropped", self._row, monotonic(), text]))
