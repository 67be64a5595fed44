"""Events: the facts of a run, as JSON objects with consecutive numbers."""

from __future__ import annotations

from runner.model.event_json import from_kept, to_json
from runner.model.event_types import NAMES
from runner.model.records import from_fields, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.model.event_types import Fact
    from runner.model.json_types import Json

VERSION = 1

MAIN_PROCESS = "MainProcess"
"""What multiprocessing calls the parent process: the supervisor's own output has this name."""


@record(frozen=True, slots=True)
class Event:
    """One fact. `t` is the seconds since the run began (monotonic), `time` the same moment in UTC as ISO 8601."""

    seq: int
    t: float
    time: str
    run: str
    fact: Fact

    @classmethod
    def from_json(cls, data: Mapping[str, Json]) -> Event:
        """Return the event that `to_json` returned, in this version or in another one: see `event_types.from_kept`."""
        common = {name: data[name] for name in ("seq", "t", "time", "run")}
        return from_fields(cls, {**common, "fact": from_kept(data)})

    @property
    def event(self) -> str:
        """The name of the event, such as `process.exited`."""
        return NAMES[type(self.fact)]

    @property
    def fields(self) -> dict[str, Json]:
        """The event's own fields, without the common ones, as JSON data."""
        return to_json(self.fact)

    def to_json(self) -> dict[str, Json]:
        """Return the event as one flat JSON object, with the common fields first."""
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
    """Bytes that a process wrote, as they were read: not split into lines. `process` is None for the supervisor's own.

    `stream` is `stdout` or `stderr`. Empty `data` means that the process has ended and nothing more will come on this
    stream for now: an unfinished last line should be shown. `at` is the time (monotonic) of the reading or of the
    process's end, whichever came first; None if unknown. `written_at` has the time at which each line that ends in
    `data` was written (monotonic), or None for a line whose time is unknown; it is empty if no time is known.
    """

    process: int | None
    stream: str
    data: bytes
    at: float | None = None
    written_at: tuple[float | None, ...] = ()
    lines: bytes = b""
    """The lines that this piece completes, each with its line end: a session splits output, once for all that need
    lines."""


@record(frozen=True, slots=True)
class ProgressMade:
    """The current progress of each process of a job."""

    job: str
    done: tuple[int, ...]


Item = Event | Output | ProgressMade
"""What a session yields."""
