"""The messages between the front and the supervisor: orders to the supervisor, and the facts that it reports.

Processes are numbers of the plan; main's is the one behind the last. `at` is when a fact was noticed, in seconds of the
monotonic clock. `runner.link.codec` makes lines of these records, driven by their annotations: a field is plain JSON, a
record that has its name here, the plan, or a tuple or a dict of those.
"""

from __future__ import annotations

from runner.model.orders import (
    Check,
    Checked,
    FreeRoom,
    ImportBegun,
    Interrupted,
    Looked,
    Peek,
    Progressed,
    Refusal,
    Refused,
    Run,
    Stop,
)
from runner.model.process_reports import (
    Exited,
    Joined,
    JoinTimedOut,
    Killed,
    MainEnded,
    MainSlept,
    MainStopped,
    ObjectState,
    Shown,
    Started,
    StartFailed,
    TargetReported,
    Terminating,
)
from runner.model.records import field, record
from runner.model.thing_reports import (
    Acquired,
    HolderDied,
    ItemDropped,
    ItemsUnsent,
    LackedRoom,
    Released,
    ReleasedExtra,
    Stuck,
    TimedOut,
    Wait,
    Waiting,
    WaitsAtTimeLimit,
)

__all__ = [
    "Acquired",
    "Added",
    "Begun",
    "Check",
    "Checked",
    "Ended",
    "Exited",
    "ForkedWithThreads",
    "ForkserverDied",
    "FreeRoom",
    "HolderDied",
    "ImportBegun",
    "Interrupted",
    "ItemDropped",
    "ItemsUnsent",
    "JoinTimedOut",
    "Joined",
    "Killed",
    "LackedRoom",
    "LastValues",
    "Looked",
    "MainEnded",
    "MainSlept",
    "MainStopped",
    "ManagerDied",
    "ObjectState",
    "Peek",
    "Progressed",
    "Refusal",
    "Refused",
    "Released",
    "ReleasedExtra",
    "Run",
    "Sender",
    "Shown",
    "StartBegun",
    "StartFailed",
    "Started",
    "Stop",
    "StopSent",
    "Stuck",
    "TargetReported",
    "Terminating",
    "TimedOut",
    "Wait",
    "Waiting",
    "WaitsAtTimeLimit",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from runner.model.json_types import Json
    from runner.model.words import StopReason


# Facts about the run.


@record(frozen=True, slots=True)
class Begun:
    """The run has begun, at this `time` in seconds since 1970.

    `reprs` are those of the objects of user classes, by the process's number. `samples` are those of an object without
    such a class, named `SAMPLE_NAME`: not a daemon, and a daemon.
    """

    at: float
    time: float
    samples: tuple[str, ...]
    reprs: dict[str, str] = field(default_factory=dict)


SAMPLE_NAME = "name"


@record(frozen=True, slots=True)
class ForkedWithThreads:
    """All processes are forked from a supervisor that has these threads."""

    at: float
    threads: tuple[str, ...]


@record(frozen=True, slots=True)
class StartBegun:
    """Code of the user is about to start this process, and may end the supervisor."""

    process: int


@record(frozen=True, slots=True)
class Sender:
    """The sender of a signal, as far as it is known; its pid is 0 if it cannot be seen.

    `process` is the process of the plan that sent it, or that started the sender if `was_started`; `command` is the
    sender's name, None once it has ended.
    """

    pid: int
    process: int | None
    was_started: bool
    command: str | None


@record(frozen=True, slots=True)
class StopSent:
    """A signal that stops the run was sent to the supervisor."""

    at: float
    signal: int
    sender: Sender


@record(frozen=True, slots=True)
class ManagerDied:
    """The process of the manager has ended while the run goes on."""

    at: float
    exit_code: int | None


@record(frozen=True, slots=True)
class ForkserverDied:
    """The forkserver has ended while the run goes on."""

    at: float
    exit_code: int | None


@record(frozen=True, slots=True)
class Added:
    """The sum that was added to a shared number, by which processes, and the guards that all of them held."""

    amount: float
    processes: tuple[int, ...]
    guards: tuple[str, ...]


@record(frozen=True, slots=True)
class LastValues:
    """The final state of shared things.

    `arrays` are the bytes of the jobs' arrays in base64, `things` the contents of the file's shared things, `added` the
    sums that were added to each number, and `holders` the processes that died owning a guard, each with the first one.
    """

    arrays: dict[str, str]
    things: dict[str, Json]
    added: dict[str, Added]
    holders: tuple[tuple[int, str], ...]


@record(frozen=True, slots=True)
class Ended:
    """The run is over; `stop` is why it was stopped, if it was.

    `threads` and `processes` are what imports left running, each with the module that started it, if known.
    """

    at: float
    stop: StopReason | None
    threads: tuple[tuple[str, str | None], ...]
    processes: tuple[tuple[str, str | None], ...]
    last: LastValues


if TYPE_CHECKING:
    Order: TypeAlias = Run | Check | Stop | Peek | FreeRoom
    OfProcess: TypeAlias = Started | StartFailed | Joined | JoinTimedOut | Shown | Terminating | Killed | Exited
    OfMain: TypeAlias = MainSlept | MainEnded | MainStopped
    OfUse: TypeAlias = Waiting | Acquired | TimedOut | Released
    Answer: TypeAlias = Refused | Checked | Interrupted | ImportBegun
    OfRun: TypeAlias = Begun | ForkedWithThreads | StartBegun | StopSent | ForkserverDied | LackedRoom | Ended
    Explained: TypeAlias = Stuck | WaitsAtTimeLimit | ReleasedExtra | ItemDropped | ItemsUnsent | ManagerDied
    OfThing: TypeAlias = OfUse | HolderDied | Explained
    Reported: TypeAlias = OfRun | OfProcess | TargetReported | OfMain | OfThing
    Told: TypeAlias = Answer | Progressed | Reported
