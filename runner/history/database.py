"""The SQLite file of the history: private to the user, opened for each operation, set aside when broken."""

from __future__ import annotations

import contextlib
import os
import stat

from runner.model.errors import RunJobsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from sqlite3 import Connection, DatabaseError
    from typing import TypeAlias

    Identity: TypeAlias = tuple[int, int]
    """A file's device and inode number, which stay the same when it is renamed."""

NAME = "history.sqlite3"
BROKEN = f"{NAME}.broken"
_JOURNAL = "-journal"
"""The suffix of SQLite's file for undoing an incomplete transaction."""
VERSION = 1
"""The version of the tables."""
BUSY_S = 1.0
"""How long to wait for other writers."""
_SCHEMA = """
CREATE TABLE runs (
    number INTEGER PRIMARY KEY,
    run TEXT NOT NULL UNIQUE,
    file BLOB NOT NULL,
    title BLOB,
    began TEXT NOT NULL,
    duration REAL NOT NULL,
    outcome TEXT NOT NULL,
    exit_status INTEGER NOT NULL,
    processes INTEGER NOT NULL,
    start_method TEXT NOT NULL,
    overrides TEXT NOT NULL,
    python TEXT NOT NULL,
    version TEXT NOT NULL,
    events_cut INTEGER NOT NULL,
    output_cut INTEGER NOT NULL,
    text BLOB NOT NULL,
    events BLOB NOT NULL,
    output BLOB NOT NULL
)
"""


class UnusableHistory(RunJobsError):
    """The history cannot be used; the text is the reason. The file is not changed."""


class BrokenHistory(UnusableHistory):
    """The history was broken: it has been renamed, and a new one begins."""


@contextlib.contextmanager
def writable(folder: str) -> Iterator[Connection]:
    """Open the history for one transaction: at its end everything is written, or after an exception nothing.

    Create folder and file if they do not exist. Raise `UnusableHistory`.
    """
    path = os.path.join(folder, NAME)
    with _explained(path):
        _make(folder, path)
    with _opened(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        if _version(connection) == 0:
            connection.execute(_SCHEMA)
            connection.execute(f"PRAGMA user_version = {VERSION}")
        yield connection
        connection.execute("COMMIT")


@contextlib.contextmanager
def readable(folder: str) -> Iterator[Connection | None]:
    """Open the history for reading; None if nothing was ever stored. Raise `UnusableHistory`."""
    path = os.path.join(folder, NAME)
    if not os.path.lexists(path):
        yield None
        return
    with _opened(path) as connection:
        yield connection if _version(connection) else None


@contextlib.contextmanager
def _opened(path: str) -> Iterator[Connection]:
    import sqlite3

    with _explained(path):
        _check(os.path.dirname(path), stat.S_IFDIR)
        identity = _check(path, stat.S_IFREG)
    try:
        # Closing it rolls back what has not been committed.
        with contextlib.closing(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)) as connection:
            yield connection
    except sqlite3.DatabaseError as error:
        if _says_broken(error):
            raise _put_aside(path, identity) from error
        raise UnusableHistory(f"{path}: {error}") from error


@contextlib.contextmanager
def _explained(path: str) -> Iterator[None]:
    """Turn a refusal of the system into a reason not to use the history."""
    try:
        yield
    except OSError as error:
        raise UnusableHistory(f"{path}: {(error.strerror or str(error)).lower()}") from error


def _make(folder: str, path: str) -> None:
    """Create what does not exist yet, for this user alone; make what exists and is ours private."""
    os.makedirs(folder, mode=0o700, exist_ok=True)
    _check(folder, stat.S_IFDIR)
    os.chmod(folder, 0o700)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    _check(path, stat.S_IFREG)
    os.chmod(path, 0o600)


def _check(path: str, kind: int) -> Identity:
    """Return the identity of the file. Raise `UnusableHistory` if it is not a folder or a file, such as a link, or not
    ours."""
    found = os.lstat(path)
    if stat.S_IFMT(found.st_mode) != kind:
        raise UnusableHistory(f"{path} is not a {'folder' if kind == stat.S_IFDIR else 'file'}")
    if found.st_uid != os.geteuid():
        raise UnusableHistory(f"{path} belongs to another user")
    return found.st_dev, found.st_ino


def _version(connection: Connection) -> int:
    """Return the version of the existing tables; 0 if there are none. Raise `UnusableHistory` if they are newer than we
    are."""
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found > VERSION:
        raise UnusableHistory(f"a newer run-jobs has written the history (version {found}; this one knows {VERSION})")
    return found


def _says_broken(error: DatabaseError) -> bool:
    """Return whether the file itself is broken, rather than its surroundings, such as a full disk or another process's
    lock."""
    import sqlite3

    # SQLITE_ERROR: a table or a column does not exist, or there are others.
    broken = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_INTERNAL) & 0xFF in broken


def _put_aside(path: str, identity: Identity) -> BrokenHistory:
    """Rename the broken history, unless another command has just done so; return the message about it."""
    folder = os.path.dirname(path)
    broken = os.path.join(folder, BROKEN)
    with _explained(path):
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            import fcntl  # here: the package can be imported on a Python without sqlite3

            fcntl.flock(lock, fcntl.LOCK_EX)
            with contextlib.suppress(FileNotFoundError):
                if _check(path, stat.S_IFREG) == identity:
                    os.replace(path, broken)
                    # Otherwise it would be taken for that of the new file.
                    os.replace(path + _JOURNAL, broken + _JOURNAL)
        finally:
            os.close(lock)
    return BrokenHistory(f"the history of runs was broken: it was renamed to {broken}, and a new one begins")
