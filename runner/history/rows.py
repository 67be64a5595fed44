"""Convert runs to database rows and back. Long values are stored as compressed JSON."""

from __future__ import annotations

import json

from runner.history.runs import KeptRun, RunLine, edit_of, line_of
from runner.model.records import fields_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from runner.history.runs import OutputPiece

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
"""Of zlib's levels: events become a tenth of their size by it, and little less by the others."""


def to_row(run: KeptRun) -> dict[str, Any]:
    """A run's values by the names of their columns."""
    return fields_of(run) | {
        "file": stored(run.file),
        "title": None if run.title is None else stored(run.title),
        "overrides": json.dumps(run.overrides),
        "processes": line_of(run).processes,
        "text": _packed(run.text),
        "events": _packed(run.events),
        "output": _packed(run.output),
    }


def from_row(row: Mapping[str, Any]) -> KeptRun:
    """The run that `to_row` made a row of. Raises whatever comes of another one."""
    values = {name: value for name, value in row.items() if name != "processes"}
    return KeptRun(
        **values
        | {
            **_named(row),
            "overrides": tuple(json.loads(row["overrides"])),
            "text": _unpacked(row["text"]),
            "events": tuple(_unpacked(row["events"])),
            "output": tuple(_piece(*values) for values in _unpacked(row["output"])),
        }
    )


def line_from_row(row: Mapping[str, Any]) -> RunLine:
    """The run in short, of a row that has the columns of `HEAD`."""
    values = {name: value for name, value in row.items() if name != "overrides"} | _named(row)
    return RunLine(**values, edit=edit_of(values["title"], json.loads(row["overrides"])))


def stored(text: str) -> bytes:
    """Text as it is stored: a file's name may have bytes that are no text, which SQLite refuses."""
    return text.encode(errors="surrogatepass")


def _named(row: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: None if row[name] is None else row[name].decode(errors="surrogatepass") for name in ("file", "title")}


def _piece(
    t: float, process: str, stream: str, text: str, moments: list[float | None] | float | None = None
) -> OutputPiece:
    """A piece of output. Earlier versions kept each line apart: with its moment, if that was known, or without any."""
    each = moments if isinstance(moments, list) else [] if moments is None else [moments]
    return t, process, stream, text, tuple(each)


def _packed(data: object) -> bytes:
    import zlib

    return zlib.compress(json.dumps(data, separators=(",", ":")).encode(), _FASTEST)


def _unpacked(data: bytes) -> Any:
    import zlib

    return json.loads(zlib.decompress(data))
