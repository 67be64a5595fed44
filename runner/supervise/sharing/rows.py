"""The rows of the table of waiters: one row for each role of each traced thing."""

from __future__ import annotations

from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.shared_things import SharedPlan


@record(frozen=True, slots=True)
class Row:
    """A row of the table: its thing, and the role of the row (see `handles.ROLES`)."""

    thing: SharedPlan
    role: str

    @property
    def is_guard(self) -> bool:
        """Whether a waiter needs a process to release it: not so for items and notifications."""
        return self.role not in ("items", "notified")
