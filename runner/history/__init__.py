"""The history: a bounded store of this user's latest runs, to be listed, shown and compared.

It is a SQLite file, private and bounded. A broken history disturbs no run: `History.keep` reports it and raises
nothing.
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
from runner.notes.note import listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection

__all__ = ["History", "Keeping", "KeptRun", "NoSuchRun", "RunLine", "UnusableHistory", "history_folder", "line_of"]


class NoSuchRun(RunJobsError):
    """No stored run matches, or several do."""

    exit_status = 2


@record(frozen=True, slots=True)
class Keeping:
    """Whether a run was stored.

    `remark` is a message about it. If the run was stored all the same, the user has to see it: the history was broken,
    and a new one begins. Otherwise it is the reason that the run was not stored, shown on request.
    """

    is_kept: bool
    remark: str | None = None


def history_folder() -> str | None:
    """Return the folder of this user's history; None if there is no place for it."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(state, "run-jobs") if os.path.isabs(state) else None


class History:
    """The runs that are stored in one folder. It is opened again for each call, and keeps nothing open between two."""

    def __init__(self, folder: str | None, bounds: Bounds = BOUNDS) -> None:
        """If `folder` is None, nothing is stored or found."""
        self._folder = folder
        self._bounds = bounds

    def keep(self, run: KeptRun) -> Keeping:
        """Store the run, within the bounds; a run with the same number is replaced. Raise nothing.

        The processes' output is stored only as `output`, without its events.
        """
        if self._folder is None:
            return Keeping(False, "there is no folder to store runs in")
        try:
            return self._keep(self._folder, run)
        except BrokenHistory as broken:
            remark = str(broken)
        except RunJobsError as reason:
            return Keeping(False, str(reason))
        try:
            self._keep(self._folder, run)
        except RunJobsError as reason:
            return Keeping(False, f"{remark}; {reason}")
        return Keeping(True, remark)

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
        """Return the runs that were stored last, newest first; with `file`, an absolute path or `-`, only those of that
        file."""
        where, values = ("", ()) if file is None else ("WHERE file = ?", (stored(file),))
        rows = self._found(f"SELECT {', '.join(HEAD)} FROM runs {where} ORDER BY number DESC LIMIT ?", *values, limit)
        return [line_from_row(row) for row in rows]

    def find(self, number: str) -> KeptRun:
        """Return the run whose number begins like this; `last` is the newest stored run, `last~1` the one before it.

        Raise `NoSuchRun`, with the numbers that exist.
        """
        if counted := _FROM_THE_LAST.fullmatch(number):
            return self._from_the_last(number, int(counted[1] or 0))
        begin = number.lower()
        if not _BEGIN.fullmatch(begin):
            raise NoSuchRun(f"`{number}` is not the number of a run: {self._advice()}")
        query = "SELECT run FROM runs WHERE substr(run, 1, ?) = ? ORDER BY number DESC"
        found = [str(row["run"]) for row in self._found(query, len(begin), begin)]
        if not found:
            raise NoSuchRun(f"no stored run has a number that begins with `{number}`: {self._advice()}")
        if len(found) > 1 and begin not in found:
            raise NoSuchRun(f"`{number}` is the beginning of the numbers of {len(found)} runs: {listed(found)}")
        return self._read(begin if begin in found else found[0])

    def last_two(self, file: str) -> tuple[KeptRun, KeptRun]:
        """Return the last two runs of a file, the older one first. Raise `NoSuchRun` if there are fewer."""
        lines = self.runs(file, 2)
        if len(lines) < 2:
            kept = "only one run" if lines else "no run"
            raise NoSuchRun(f"{kept} of {file} is stored: a comparison needs two")
        after, before = lines
        return self._read(before.run), self._read(after.run)

    def _from_the_last(self, number: str, back: int) -> KeptRun:
        found = self._found("SELECT run FROM runs ORDER BY number DESC LIMIT 1 OFFSET ?", back)
        if found:
            return self._read(str(found[0]["run"]))
        (row,) = self._found("SELECT count(*) AS runs FROM runs") or [{"runs": 0}]
        few: dict[object, str] = {0: "no run is stored yet", 1: "only one run is stored"}
        kept = few.get(row["runs"], f"only {row['runs']} runs are stored")
        raise NoSuchRun(f"`{number}`: {kept}")

    def _read(self, run: str) -> KeptRun:
        rows = self._found(f"SELECT {', '.join(COLUMNS)} FROM runs WHERE run = ?", run)
        if not rows:
            raise NoSuchRun(f"the run {run} has just been deleted to make room for others")
        try:
            return from_row(rows[0])
        except Exception as error:  # the data on the disk may be damaged in any way
            raise UnusableHistory(f"the run {run} cannot be read any more: {error}") from error

    def _found(self, query: str, *values: object) -> list[dict[str, object]]:
        """Return the rows that a query finds; none if nothing was ever stored. Raise `UnusableHistory`."""
        if self._folder is None:
            return []
        with readable(self._folder) as connection:
            return _rows(connection, query, values) if connection is not None else []

    def _advice(self) -> str:
        newest = self.runs(limit=1)
        if not newest:
            return "no run is stored yet"
        return f"give its beginning, such as `{newest[0].run}`, or `last`, or `last~1`"


def _rows(connection: Connection, query: str, values: tuple[object, ...]) -> list[dict[str, object]]:
    cursor = connection.execute(query, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


_FROM_THE_LAST = re.compile(r"last(?:~(\d{1,9}))?", re.ASCII)
_BEGIN = re.compile(r"[0-9a-f]{1,8}")
