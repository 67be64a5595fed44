"""Events: the facts of a run, as JSON objects with consecutive numbers."""

from __future__ import annotations

from runner.model.event_types import NAMES, from_json, from_kept, to_json
from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from runner.model.event_types import Fact
    from runner.model.plan import Json

VERSION = 1

MAIN_PROCESS = "MainProcess"
"""What multiprocessing calls the process that starts the others: what the supervisor writes comes from there."""


@record(frozen=True, slots=True)
class Event:
    """One fact. `t` is seconds since the run began (monotonic), `time` the same in UTC as ISO 8601."""

    seq: int
    t: float
    time: str
    run: str
    fact: Fact

    @classmethod
    def of(cls, seq: int, t: float, time: str, event: str, run: str, fields: Mapping[str, Json]) -> Event:
        """Return the event of this name that says `fields`: see `event_types.from_json`."""
        return cls(seq, t, time, run, from_json(event, fields))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Event:
        """Return the event that `to_json` gave, in this version or in another one: see `event_types.from_kept`."""
        return cls(data["seq"], data["t"], data["time"], data["run"], from_kept(data))

    @property
    def event(self) -> str:
        """The name of what happened, such as `process.exited`."""
        return NAMES[type(self.fact)]

    @property
    def fields(self) -> dict[str, Json]:
        """What the event says beside the common fields, as JSON data."""
        return to_json(self.fact)

    def to_json(self) -> dict[str, Json]:
        """The event as one flat JSON object, common fields first."""
        return {
            "v": VERSION,
            "seq": self.seq,
            "time": self.time,
            "t": self.t,
            "event": self.event,
            "run": self.run,
            **self.fields,
        }


@record(frozen=True, slots=True)
class Output:
    """Bytes that a process wrote, as they came: not cut into lines. `process` is None for the supervisor's own.

    `stream` is `stdout` or `stderr`. Empty `data` says that no more is to come on this stream for now, because the
    process has ended: an unfinished last line is to be shown. `at` is when it was read (monotonic), or when the process
    had ended, whichever was first; None where unknown. `written_at` has, for each line that ends in `data`, when
    it was written (monotonic), or None where that is not known; it is empty where none is.
    """

    process: int | None
    stream: str
    data: bytes
    at: float | None = None
    written_at: tuple[float | None, ...] = ()


@record(frozen=True, slots=True)
class ProgressMade:
    """How much of its work each process of a job has done, now."""

    job: str
    done: tuple[int, ...]


Item = Event | Output | ProgressMade
"""What a session yields."""
