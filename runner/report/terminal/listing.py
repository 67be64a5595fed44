"""Format the list of stored runs as a table."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING

from runner.report.terminal.formatting import duration, harmless

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.history import RunLine

MIN_FILE = 12
"""The least characters of a file's name in the list, however little room there is."""
_HEADINGS = ("run", "when", "file", "outcome", "time", "processes")
_FILE = _HEADINGS.index("file")
_RIGHT = frozenset({_HEADINGS.index("time"), _HEADINGS.index("processes")})


def history_lines(runs: Sequence[RunLine], width: int) -> list[str]:
    """Return a table of runs: headings, a line for each run, and one for the edit of its file.

    The name of a file below the current folder is relative to it.
    """
    if not runs:
        return ["No run is stored."]
    moments = [local(run.began) for run in runs]
    year = max(moments).year
    table = [list(_HEADINGS)]
    for run, moment in zip(runs, moments, strict=True):
        when = f"{moment:%d %b %H:%M:%S}" if moment.year == year else f"{moment:%d %b %Y}"
        took = duration(run.duration)
        table.append([run.run, when, harmless(_from_here(run.file)), run.outcome, took, str(run.processes)])
    excess = max(map(len, columns(table, _RIGHT))) - width
    room = max(MIN_FILE, max(len(row[_FILE]) for row in table) - max(0, excess))
    for row in table:
        row[_FILE] = end_of(row[_FILE], room)
    headings, *lines = columns(table, _RIGHT)
    before = headings.index(_HEADINGS[_FILE])
    listed = [headings]
    for run, line in zip(runs, lines, strict=True):
        listed.append(line)
        if run.edit is not None:
            listed.append(f"{'':{before}}{start_of(f'edit: {harmless(run.edit)}', width - before)}")
    return listed


def columns(rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> list[str]:
    """Return rows as lines with aligned columns; the columns in `right` are aligned to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            f"{cell:>{width}}" if index in right else f"{cell:<{width}}"
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def end_of(text: str, room: int) -> str:
    """Return the text, or the end of a long one."""
    return text if len(text) <= room else f"…{text[1 - room :]}"


def start_of(text: str, room: int) -> str:
    """Return the text, or the start of a long one."""
    return text if len(text) <= room else f"{text[: max(0, room - 1)]}…"


def local(moment: str) -> datetime:
    """Return a moment of ISO 8601 in local time."""
    return datetime.fromisoformat(moment).astimezone()


def _from_here(file: str) -> str:
    """Return a file's name relative to the current folder, if it is below that."""
    try:
        here = os.path.join(os.getcwd(), "")
    except OSError:  # the folder is gone
        return file
    return file.removeprefix(here)
