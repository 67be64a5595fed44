"""The facts about processes, and about main, that the supervisor reports to the front.

A process is its number in the plan, and `at` the time of the monotonic clock at which a fact was noticed.
"""

from __future__ import annotations

from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from runner.model.json_types import Error, Json
    from runner.model.words import EndedBy, EndSource, Outcome, StopReason, TargetWord


# Facts about a process.


@record(frozen=True, slots=True)
class ObjectState:
    """A `Process` object as multiprocessing shows it: `pid` is None before the start, `exit_code` before the end."""

    pid: int | None
    state: Literal["initial", "started", "stopped"]
    alive: bool
    exit_code: int | None
    repr: str


@record(frozen=True, slots=True)
class Started:
    """The process was started; its stdout and stderr come along."""

    at: float
    process: int
    pid: int
    repr: str


@record(frozen=True, slots=True)
class StartFailed:
    """The process could not be started."""

    at: float
    process: int
    error: Error


@record(frozen=True, slots=True)
class Joined:
    """Main has joined the process; the join took `waited` seconds."""

    at: float
    process: int
    waited: float


@record(frozen=True, slots=True)
class JoinTimedOut:
    """Main's join of the process has timed out, after `timeout` seconds."""

    at: float
    process: int
    timeout: float


@record(frozen=True, slots=True)
class Shown:
    """Main shows the process; `state` is None after its end, when it has no object any more."""

    at: float
    process: int
    state: ObjectState | None
    label: str


@record(frozen=True, slots=True)
class Terminating:
    """The process was sent SIGTERM."""

    at: float
    process: int
    signal: str
    reason: StopReason


@record(frozen=True, slots=True)
class Killed:
    """The process was sent SIGKILL."""

    at: float
    process: int
    reason: StopReason


@record(frozen=True, slots=True)
class Exited:
    """The process has ended; the fields are those of the event `process.exited`."""

    at: float
    process: int
    exit_code: int | None
    repr: str
    outcome: Outcome
    expected: bool
    ended_by: EndedBy
    stop_reason: StopReason | None
    duration: float
    cpu_seconds: float | None
    max_rss: int | None
    returned: str | None
    error: Error | None
    limit: str | None
    result: Json
    ended_at: float
    ended_at_from: EndSource


@record(frozen=True, slots=True)
class TargetReported:
    """A process reports something about its target, which `word` names: `runner.notes.targets` explains it."""

    at: float
    process: int
    word: TargetWord
    said: tuple[Json, ...]


# Facts about main.


@record(frozen=True, slots=True)
class MainSlept:
    """Main has slept."""

    at: float
    seconds: float


@record(frozen=True, slots=True)
class MainEnded:
    """Main has ended, or an exception has ended it."""

    at: float
    exit_code: int
    error: Error | None


@record(frozen=True, slots=True)
class MainStopped:
    """A stop has interrupted main, which was `joining` this process for `waited` seconds."""

    at: float
    joining: int | None
    waited: float | None
