"""Write the note on the end of the manager's process, in which dicts, lists and namespaces live. Pure."""

from __future__ import annotations

from runner.model.exit_codes import signal_name
from runner.model.shared_things import SharedManaged
from runner.notes.note import Note, listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.model.shared_things import SharedPlan


def of_dead_manager(shared: Iterable[SharedPlan], exit_code: int | None) -> Note:
    """Return the note on a manager whose process has ended while the run goes on."""
    things = listed([thing.name for thing in shared if isinstance(thing, SharedManaged)])
    return Note("manager_died", None, _MANAGER_DIED.format(things, _end(exit_code)))


def _end(exit_code: int | None) -> str:
    if exit_code is None:  # code of the user has waited for all children
        return "has ended"
    return f"was killed by {signal_name(-exit_code)}" if exit_code < 0 else f"ended with exit code {exit_code}"


_MANAGER_DIED = (
    "The manager's process, in which {0} lived, {1}: its contents are lost, and each use of it from "
    "now on raises EOFError, FileNotFoundError or a ConnectionError. The manager is not a process of "
    "the file: a target, or the system when memory was short, may have sent it the signal."
)
