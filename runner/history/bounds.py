"""Limits on the size of each stored run and on the number of runs. The oldest runs are deleted first."""

from __future__ import annotations

import json

from runner.model.errors import RunJobsError
from runner.model.event_types import (
    NAMES,
    JobReported,
    LineWritten,
    MainEnded,
    ProcessCreated,
    ProcessExited,
    RunFinished,
    RunStarted,
    StartFailed,
)
from runner.model.records import record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from sqlite3 import Connection

    from runner.history.runs import KeptRun, OutputPiece
    from runner.model.json_types import Json

_MARGIN = 1 << 16
"""The bytes of a row beyond its values: pages that are not full, and those of the tree."""
_OF_RUN = frozenset(NAMES[kind] for kind in (RunStarted, JobReported, RunFinished))
_ENDS = frozenset(NAMES[kind] for kind in (ProcessCreated, StartFailed, ProcessExited, MainEnded))
"""The events that are kept longest: the processes, and how they ended."""


class TooLarge(RunJobsError):
    """A run that would not fit even if it were the only one."""


@record(frozen=True, slots=True)
class Bounds:
    """The limits of the store: runs, and bytes of the whole file; and for one run its events, bytes of events and of
    output."""

    runs: int = 200
    bytes: int = 64 << 20
    events: int = 20_000
    bytes_of_events: int = 16 << 20
    bytes_of_output: int = 1 << 20

    def cut(self, run: KeptRun) -> KeptRun:
        """Return the run within the limits, with the number of what was cut.

        Of the events, those about shared things are cut first, then all except the beginning and end of a process or
        the run: the latest are kept. Of the output the earliest lines are cut.
        """
        candidates = [event for event in run.events if event["event"] != NAMES[LineWritten]]
        events = self._events_kept(candidates)
        output, lines_cut = self._output_kept(run.output)
        return replace(
            run,
            events=events,
            output=output,
            events_cut=run.events_cut + len(candidates) - len(events),
            output_cut=run.output_cut + lines_cut,
        )

    def _events_kept(self, events: list[dict[str, Json]]) -> tuple[dict[str, Json], ...]:
        order = sorted(range(len(events)), key=lambda index: (_rank(events[index]), index))[: self.events]
        sizes = (_size(events[index]) for index in order)
        kept = sorted(order[: _fitting(sizes, self.bytes_of_events)])
        return tuple([events[index] for index in kept])

    def _output_kept(self, output: tuple[OutputPiece, ...]) -> tuple[tuple[OutputPiece, ...], int]:
        """Return the latest lines, and the number of the others."""
        sizes = [_size(piece) for piece in output]
        whole = _fitting(reversed(sizes), self.bytes_of_output)
        if whole == len(output):
            return output, 0
        first = len(output) - whole
        rest = _latest_lines(output[first - 1], self.bytes_of_output - sum(sizes[first:]))
        lines_cut = sum(map(_lines_in, output[:first])) - sum(map(_lines_in, rest))
        return (*rest, *output[first:]), lines_cut

    def make_room(self, connection: Connection, row: Mapping[str, object]) -> None:
        """Delete the oldest runs until there is room for this row. Raise `TooLarge` if there never is."""
        needed = _MARGIN + sum(len(value) for value in row.values() if isinstance(value, bytes | str))
        connection.execute(
            "DELETE FROM runs WHERE number NOT IN (SELECT number FROM runs ORDER BY number DESC LIMIT ?)",
            (self.runs - 1,),
        )
        while _used(connection) + needed > self.bytes:
            if not connection.execute("DELETE FROM runs WHERE number = (SELECT min(number) FROM runs)").rowcount:
                raise TooLarge(f"the run is too large to be kept: {needed:,} bytes of {self.bytes:,}")


BOUNDS = Bounds()


def _rank(event: dict[str, Json]) -> int:
    """Return the rank of an event: the lowest are kept longest. The run's end is kept before those of processes."""
    kind = str(event["event"])
    return 0 if kind in _OF_RUN else 1 if kind in _ENDS else 3 if kind.startswith("shared.") else 2


def _size(data: object) -> int:
    return len(_encode(data)) + 1


_encode = json.JSONEncoder(check_circular=False).encode


def _lines_in(piece: OutputPiece) -> int:
    return piece[3].count("\n") + 1


def _latest_lines(piece: OutputPiece, most: int) -> tuple[OutputPiece, ...]:
    """Return as many of the piece's last lines as fit; no piece if none fits."""
    t, process, stream, text, moments = piece
    lines = text.split("\n")
    latest = ((lines[place], moments[place : place + 1]) for place in reversed(range(len(lines))))
    count = _fitting((_size((t, process, stream, *each)) for each in latest), most)
    first = len(lines) - count
    return ((t, process, stream, "\n".join(lines[first:]), moments[first:]),) if count else ()


def _fitting(sizes: Iterable[int], most: int) -> int:
    """Return how many of these, from the first on, fit."""
    count = 0
    for size in sizes:
        most -= size
        if most < 0:
            break
        count += 1
    return count


def _used(connection: Connection) -> int:
    """Return the bytes of the file that are in use; free ones are used again before it grows."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)
