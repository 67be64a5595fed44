"""Snapshots for deadlock detection: the schedule's state (`Moment`) and the waiters found (`Picture`). Pure."""

from __future__ import annotations

from runner.model.records import record
from runner.supervise.core.deadlocks import UNLIMITED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.model.json_types import StepData
    from runner.supervise.core.deadlocks import MainsState, Room


@record(frozen=True, slots=True)
class Moment:
    """The schedule's state at a moment: the living processes, what main does and has yet to do, what the run's timers
    end."""

    alive: frozenset[int]
    main: MainsState
    ending: frozenset[int] = frozenset()
    mains_steps: tuple[StepData, ...] = ()
    """The steps on shared things that main has left."""
    requested: frozenset[int] = frozenset()
    """The processes that wait for their starts."""
    room: Room = UNLIMITED


@record(frozen=True, slots=True)
class Picture:
    """The waiters and owners that were found, the circles, and whether all stand still.

    Processes are numbers (main's is the highest), things are names. `givers` are the processes that can release a thing
    that is waited for. `in_vain` are conditions that were notified when no process waited. `bereft` are the processes
    that wait for what no process can release.
    """

    waits: Mapping[int, tuple[str, str, str]]
    holders: Mapping[str, tuple[int, ...]]
    givers: Mapping[str, tuple[int, ...]]
    joined: int | None
    in_vain: tuple[str, ...]
    ended: bool
    """Main has ended."""
    circles: tuple[tuple[int, ...], ...] = ()
    standstill: bool = False
    bereft: tuple[int, ...] = ()
    without_room: tuple[int, ...] = ()
    """The processes that wait for room, if that has none for them."""
    room: int | None = None
    """How many processes can run at once, if some wait for that."""
