"""The facts about shared things that the supervisor reports to the front.

`process` is the number of a process in the plan; main's is the one behind the last. `at` is the time of the monotonic
clock at which a fact was noticed.
"""

from __future__ import annotations

from runner.model.records import record


@record(frozen=True, slots=True)
class Waiting:
    """A use of a thing has to wait, at most `timeout` seconds."""

    at: float
    process: int
    thing: str
    kind: str
    operation: str
    timeout: float | None


@record(frozen=True, slots=True)
class Acquired:
    """A process has acquired a thing, or an operation on it is done; `skipped` earlier ones were not reported."""

    at: float
    process: int
    thing: str
    kind: str
    operation: str
    waited: float
    skipped: int


@record(frozen=True, slots=True)
class TimedOut:
    """The wait for a thing has timed out."""

    at: float
    process: int
    thing: str
    kind: str
    operation: str
    waited: float


@record(frozen=True, slots=True)
class Released:
    """A process has released a thing that it held for `held` seconds."""

    at: float
    process: int
    thing: str
    kind: str
    held: float


@record(frozen=True, slots=True)
class ReleasedExtra:
    """A process has released a semaphore that it had not acquired: now `free` permits are free."""

    at: float
    process: int
    thing: str
    free: int


@record(frozen=True, slots=True)
class ItemDropped:
    """The feeder thread of a process was not able to pickle or to write an item of a queue."""

    at: float
    process: int
    thing: str
    error: str


@record(frozen=True, slots=True)
class ItemsUnsent:
    """A process ended before it had sent all items that it had put into a queue; it may have been `writing` the
    last."""

    at: float
    process: int
    thing: str
    items: int
    writing: bool


@record(frozen=True, slots=True)
class HolderDied:
    """A process has ended while it owned a guard."""

    at: float
    process: int
    guard: str


@record(frozen=True, slots=True)
class Wait:
    """A process waits to do an `operation` on a thing of a `kind`."""

    process: int
    thing: str
    kind: str
    operation: str


@record(frozen=True, slots=True)
class Stuck:
    """Processes wait for each other in circles, or for what no process can release, or the whole run stands still.

    `holders` are the processes that own each thing, `givers` those that can release it. `in_vain` are conditions that
    were notified when no process waited, `bereft` the processes whose wait no process can end, and `died` the things
    whose owner died. `without_room` are the processes that wait for room, if there is none for them; `room` is the
    number of processes that have room.
    """

    at: float
    waits: tuple[Wait, ...]
    holders: dict[str, tuple[int, ...]]
    givers: dict[str, tuple[int, ...]]
    circles: tuple[tuple[int, ...], ...]
    standstill: bool
    in_vain: tuple[str, ...]
    bereft: tuple[int, ...]
    died: tuple[str, ...]
    without_room: tuple[int, ...] = ()
    room: int | None = None


@record(frozen=True, slots=True)
class LackedRoom:
    """The process is the first one that waits for its start because `room` processes live."""

    at: float
    process: int
    room: int


@record(frozen=True, slots=True)
class WaitsAtTimeLimit:
    """The waits when the run's time limit was over, and the owners of each thing."""

    at: float
    waits: tuple[Wait, ...]
    holders: dict[str, tuple[int, ...]]
