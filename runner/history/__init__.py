"""The history: a bounded store of this user's latest runs, to be listed, shown and compared.

It is a file of SQLite's, private and bounded. Whatever is wrong with it, no run is disturbed: `History.keep` says so
and raises nothing.
"""

from __future__ import annotations

import os
import re

from runner.history.bounds import BOUNDS, Bounds
from runner.history.database import BrokenHistory, UnusableHistory, readable, writable
from runner.history.rows import COLUMNS, HEAD, from_row, line_from_row, stored, to_row
from runner.history.runs import KeptRun, RunLine, line_of
from runner.model.errors import RunJobsError
from runner.model.records import record
from runner.notes.lives import listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection
    from typing import Any

__all__ = ["History", "Keeping", "KeptRun", "NoSuchRun", "RunLine", "UnusableHistory", "history_folder", "line_of"]


class NoSuchRun(RunJobsError):
    """No run is kept that is meant, or several may be."""

    exit_status = 2


@record(frozen=True, slots=True)
class Keeping:
    """Whether a run was kept.

    `remark` is what there is to say of it. Where the run is kept all the same, the user has to know: the history was
    broken, and begins anew. Otherwise it says why the run was not kept, for who wants to know.
    """

    is_kept: bool
    remark: str | None = None


def history_folder() -> str | None:
    """Where this user's history is kept; None if there is no place for such things."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(state, "run-jobs") if os.path.isabs(state) else None


class History:
    """The runs that are kept in one folder. It is opened anew for each call, and holds nothing between two."""

    def __init__(self, folder: str | None, bounds: Bounds = BOUNDS) -> None:
        """With `folder` None nothing is kept, nor found."""
        self._folder = folder
        self._bounds = bounds

    def keep(self, run: KeptRun) -> Keeping:
        """Keep the run, as far as the bounds let it; a run of the same number is replaced. Raises nothing.

        What processes wrote is kept as `output` alone, without its events.
        """
        if self._folder is None:
            return Keeping(False, "there is no folder to keep runs in")
        try:
            return self._keep(self._folder, run)
        except BrokenHistory as broken:
            told = str(broken)
        except RunJobsError as reason:
            return Keeping(False, str(reason))
        try:
            self._keep(self._folder, run)
        except RunJobsError as reason:
            return Keeping(False, f"{told}; {reason}")
        return Keeping(True, told)

    def _keep(self, folder: str, run: KeptRun) -> Keeping:
        row = to_row(self._bounds.cut(run))
        with writable(folder) as connection:
            connection.execute("DELETE FROM runs WHERE run = ?", (run.run,))
            self._bounds.make_room(connection, row)
            names = ", ".join(COLUMNS)
            places = ", ".join(f":{name}" for name in COLUMNS)
            connection.execute(f"INSERT INTO runs ({names}) VALUES ({places})", row)
        return Keeping(True)

    def runs(self, file: str | None = None, limit: int = 20) -> list[RunLine]:
        """The runs that were kept last, newest first; with `file`, an absolute path or `-`, only those of that file."""
        where, values = ("", ()) if file is None else ("WHERE file = ?", (stored(file),))
        rows = self._found(f"SELECT {', '.join(HEAD)} FROM runs {where} ORDER BY number DESC LIMIT ?", *values, limit)
        return [line_from_row(row) for row in rows]

    def find(self, number: str) -> KeptRun:
        """The run whose number begins so; `last` is the one that was kept last, `last~1` the one before it.

        Raises `NoSuchRun`, with what else there is.
        """
        if counted := _FROM_THE_LAST.fullmatch(number):
            return self._from_the_last(number, int(counted[1] or 0))
        begin = number.lower()
        if not _BEGIN.fullmatch(begin):
            raise NoSuchRun(f"`{number}` is no number of a run: {self._advice()}")
        query = "SELECT run FROM runs WHERE substr(run, 1, ?) = ? ORDER BY number DESC"
        found = [str(row["run"]) for row in self._found(query, len(begin), begin)]
        if not found:
            raise NoSuchRun(f"no run is kept whose number begins with `{number}`: {self._advice()}")
        if len(found) > 1 and begin not in found:
            raise NoSuchRun(f"`{number}` is how the numbers of {len(found)} runs begin: {listed(found)}")
        return self._read(begin if begin in found else found[0])

    def last_two(self, file: str) -> tuple[KeptRun, KeptRun]:
        """The last two runs of a file, the older one first. Raises `NoSuchRun` if there are not as many."""
        lines = self.runs(file, 2)
        if len(lines) < 2:
            kept = "only one run" if lines else "no run"
            raise NoSuchRun(f"{kept} of {file} is kept: it takes two to compare them")
        after, before = lines
        return self._read(before.run), self._read(after.run)

    def _from_the_last(self, number: str, back: int) -> KeptRun:
        found = self._found("SELECT run FROM runs ORDER BY number DESC LIMIT 1 OFFSET ?", back)
        if found:
            return self._read(str(found[0]["run"]))
        (row,) = self._found("SELECT count(*) AS runs FROM runs") or [{"runs": 0}]
        kept = {0: "no run is kept yet", 1: "only one run is kept"}.get(
            row["runs"], f"only {row['runs']} runs are kept"
        )
        raise NoSuchRun(f"`{number}`: {kept}")

    def _read(self, run: str) -> KeptRun:
        rows = self._found(f"SELECT {', '.join(COLUMNS)} FROM runs WHERE run = ?", run)
        if not rows:
            raise NoSuchRun(f"the run {run} has just been forgotten: others have taken its place")
        try:
            return from_row(rows[0])
        except Exception as error:  # whatever the disk has made of it
            raise UnusableHistory(f"the run {run} cannot be read any more: {error}") from error

    def _found(self, query: str, *values: object) -> list[dict[str, Any]]:
        """The rows that a query finds; none where nothing was ever kept. Raises `UnusableHistory`."""
        if self._folder is None:
            return []
        with readable(self._folder) as connection:
            return _rows(connection, query, values) if connection is not None else []

    def _advice(self) -> str:
        newest = self.runs(limit=1)
        if not newest:
            return "no run is kept yet"
        return f"say how it begins, such as `{newest[0].run}`, or `last`, or `last~1`"


def _rows(connection: Connection, query: str, values: tuple[object, ...]) -> list[dict[str, Any]]:
    cursor = connection.execute(query, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


_FROM_THE_LAST = re.compile(r"last(?:~(\d{1,9}))?", re.ASCII)
_BEGIN = re.compile(r"[0-9a-f]{1,8}")
