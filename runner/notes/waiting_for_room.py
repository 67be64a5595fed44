"""Explain that processes wait for their starts because there is no room for more of them. Pure."""

from __future__ import annotations

from runner.notes.note import Note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LACKS_ROOM = (
    "There is room for {1} at once: the limit of open files (`ulimit -n`) allows no more. {0} and the"
    " processes started after it wait until others have ended. Raise the limit to run more at once."
)
_NEVER_ROOM = (
    "{0} cannot be started: there is room for {1} at once (the limit of open files, `ulimit -n`), and"
    " those that run wait for ever. Raise the limit."
)
MEETS = "at the barrier {0}: {1:,} are to meet there, and only {2:,} have room (`ulimit -n`)."


def of_lacking_room(name: str, room: int) -> Iterator[Note]:
    """Return the note that a process is the first that waits for room; `room` is how many can live at once."""
    yield Note("no_room", name, _LACKS_ROOM.format(name, _processes(room)))


def of_never_getting_room(name: str, count: int, room: int) -> Note:
    """Return the note that processes without room, of which this is the first, wait for ever as all that run do."""
    return Note("no_room", name, _NEVER_ROOM.format(_processes(count), _processes(room)), "standstill")


def _processes(number: int) -> str:
    return "1 process" if number == 1 else f"{number:,} processes"
