"""Snapshots for deadlock detection: the schedule's state (`Moment`) and the waiters found (`Picture`). Pure."""

from __future__ import annotations

from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from runner.supervise.core.deadlocks import MainsState


@record(frozen=True, slots=True)
class Moment:
    """What the schedule knows at a moment: what lives, what main does and has yet to do, what the run's timers end."""

    alive: frozenset[int]
    main: MainsState
    ending: frozenset[int] = frozenset()
    mains_steps: tuple[Any, ...] = ()
    """The steps on shared things that main has left."""


@record(frozen=True, slots=True)
class Picture:
    """What was found: who waits for what, who has what, the circles, and whether all stand still.

    Processes are numbers (main's is the highest), things are names. `givers` are the processes that can release a
    thing that is waited for. `in_vain` are conditions that were notified when no process waited. `bereft` are the
    processes that wait for what no process can release.
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

    def to_json(self) -> dict[str, Any]:
        """The picture as the front gets it."""
        return {
            "waits": [[process, *wait] for process, wait in self.waits.items()],
            "holders": {name: list(holders) for name, holders in self.holders.items()},
            "givers": {name: list(givers) for name, givers in self.givers.items()},
            "circles": [list(circle) for circle in self.circles],
            "standstill": self.standstill,
            "joined": self.joined,
            "in_vain": list(self.in_vain),
            "main_ended": self.ended,
            "bereft": list(self.bereft),
        }
