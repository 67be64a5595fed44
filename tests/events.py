"""Events for tests, by their names and their fields as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.model.event_json import from_json
from runner.model.events import Event

if TYPE_CHECKING:
    from collections.abc import Mapping


def event_of(seq: int, t: float, time: str, event: str, run: str, fields: Mapping[str, object]) -> Event:
    """Return the event of this name with these fields; those that are left out are None."""
    return Event(seq, t, time, run, from_json(event, fields))
