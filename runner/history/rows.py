"""Convert runs to database rows and back. Long values are stored as compressed JSON."""

from __future__ import annotations

import json

from runner.history.runs import KeptRun, RunLine, edit_of, line_of
from runner.model.json_types import list_in
from runner.model.records import fields_of, from_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.history.runs import OutputPiece
    from runner.model.json_types import Json

HEAD = ("run", "file", "title", "began", "duration", "outcome", "exit_status", "processes", "overrides")
COLUMNS = (
    *HEAD,
    "start_method",
    "python",
    "version",
    "events_cut",
    "output_cut",
    "text",
    "events",
    "output",
)
_FASTEST = 1
"""A zlib level: it reduces events to a tenth of their size; the other levels gain little more."""


def to_row(run: KeptRun) -> dict[str, object]:
    """Return a run's values by the names of their columns."""
    return fields_of(run) | {
        "file": stored(run.file),
        "title": None if run.title is None else stored(run.title),
        "overrides": json.dumps(run.overrides),
        "processes": line_of(run).processes,
        "text": _packed(run.text),
        "events": _packed(run.events),
        "output": _packed(run.output),
    }


def from_row(row: Mapping[str, object]) -> KeptRun:
    """Return the run that `to_row` turned into this row. Raise any exception for other rows."""
    piece: Callable[..., OutputPiece] = _piece
    read = {
        **_named(row),
        "overrides": tuple(json.loads(str(row["overrides"]))),
        "text": _unpacked(row["text"]),
        "events": tuple(list_in(_unpacked(row["events"]))),
        "output": tuple(piece(*list_in(values)) for values in list_in(_unpacked(row["output"]))),
    }
    return from_fields(KeptRun, {name: value for name, value in row.items() if name != "processes"} | read)


def line_from_row(row: Mapping[str, object]) -> RunLine:
    """Return the summary of a run, from a row that has the columns of `HEAD`."""
    named = _named(row)
    edit = edit_of(named["title"], json.loads(str(row["overrides"])))
    values = {name: value for name, value in row.items() if name != "overrides"}
    return from_fields(RunLine, {**values, **named, "edit": edit})


def stored(text: str) -> bytes:
    """Return text as it is stored: a file's name may have bytes that are not text, which SQLite refuses."""
    return text.encode(errors="surrogatepass")


def _named(row: Mapping[str, object]) -> dict[str, str | None]:
    found = {name: row[name] for name in ("file", "title")}
    return {
        name: None if value is None else _blob(value).decode(errors="surrogatepass") for name, value in found.items()
    }


def _blob(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"expected bytes, found {value!r}")
    return value


def _piece(
    t: float, process: str, stream: str, text: str, moments: list[float | None] | float | None = None
) -> OutputPiece:
    """Return a piece of output. Earlier versions stored each line separately: with its time, if that was known, or
    without it."""
    each = moments if isinstance(moments, list) else [] if moments is None else [moments]
    return t, process, stream, text, tuple(each)


def _packed(data: object) -> bytes:
    import zlib

    return zlib.compress(json.dumps(data, separators=(",", ":")).encode(), _FASTEST)


def _unpacked(data: object) -> Json:
    import zlib

    unpacked: Json = json.loads(zlib.decompress(_blob(data)))
    return unpacked
