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
    from typing import Any

    from runner.history.runs import KeptRun, OutputPiece
    from runner.model.plan import Json

_MARGIN = 1 << 16
"""What a row may take beyond its values: pages that are not full, and those of the tree."""
_OF_RUN = frozenset(NAMES[kind] for kind in (RunStarted, JobReported, RunFinished))
_ENDS = frozenset(NAMES[kind] for kind in (ProcessCreated, StartFailed, ProcessExited, MainEnded))
"""What is kept of the events longest: what there was, and how it ended."""


class TooLarge(RunJobsError):
    """A run that would not fit if it were the only one."""


@record(frozen=True, slots=True)
class Bounds:
    """How much is kept: runs, and bytes of the whole file; of one run so many events, bytes of events and of output."""

    runs: int = 200
    bytes: int = 64 << 20
    events: int = 20_000
    bytes_of_events: int = 16 << 20
    bytes_of_output: int = 1 << 20

    def cut(self, run: KeptRun) -> KeptRun:
        """The run without what is too much of it, which is counted.

        Of the events, what was told of shared things goes first, then what is neither a process's beginning or end nor
        the run's: of each the latest. Of the output the earliest lines go.
        """
        told = [event for event in run.events if event["event"] != NAMES[LineWritten]]
        events = self._events_kept(told)
        output, lines_cut = self._output_kept(run.output)
        return replace(
            run,
            events=events,
            output=output,
            events_cut=run.events_cut + len(told) - len(events),
            output_cut=run.output_cut + lines_cut,
        )

    def _events_kept(self, events: list[dict[str, Json]]) -> tuple[dict[str, Json], ...]:
        order = sorted(range(len(events)), key=lambda index: (_rank(events[index]), index))[: self.events]
        sizes = (_size(events[index]) for index in order)
        kept = sorted(order[: _fitting(sizes, self.bytes_of_events)])
        return tuple([events[index] for index in kept])

    def _output_kept(self, output: tuple[OutputPiece, ...]) -> tuple[tuple[OutputPiece, ...], int]:
        """The latest lines, and how many others there were."""
        sizes = [_size(piece) for piece in output]
        whole = _fitting(reversed(sizes), self.bytes_of_output)
        if whole == len(output):
            return output, 0
        first = len(output) - whole
        rest = _latest_lines(output[first - 1], self.bytes_of_output - sum(sizes[first:]))
        lines_cut = sum(map(_lines_in, output[:first])) - sum(map(_lines_in, rest))
        return (*rest, *output[first:]), lines_cut

    def make_room(self, connection: Connection, row: Mapping[str, Any]) -> None:
        """Forget the oldest runs until there is room for one more, this row. Raises `TooLarge` if there never is."""
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
    """How late an event is cut: the lowest are kept longest. What the run came to is kept before what processes did."""
    kind = str(event["event"])
    return 0 if kind in _OF_RUN else 1 if kind in _ENDS else 3 if kind.startswith("shared.") else 2


def _size(data: object) -> int:
    return len(_encode(data)) + 1


_encode = json.JSONEncoder(check_circular=False).encode


def _lines_in(piece: OutputPiece) -> int:
    return piece[3].count("\n") + 1


def _latest_lines(piece: OutputPiece, most: int) -> tuple[OutputPiece, ...]:
    """As many of the piece's last lines as have room; no piece if none has."""
    t, process, stream, text, moments = piece
    lines = text.split("\n")
    latest = ((lines[place], moments[place : place + 1]) for place in reversed(range(len(lines))))
    count = _fitting((_size((t, process, stream, *each)) for each in latest), most)
    first = len(lines) - count
    return ((t, process, stream, "\n".join(lines[first:]), moments[first:]),) if count else ()


def _fitting(sizes: Iterable[int], most: int) -> int:
    """How many of these, from the first on, have room."""
    count = 0
    for size in sizes:
        most -= size
        if most < 0:
            break
        count += 1
    return count


def _used(connection: Connection) -> int:
    """Bytes of the file that are in use; the others are used again before it grows."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)
