"""One life of a process: its identity, its state, and the facts and orders that change it. Plain data."""

from __future__ import annotations

from enum import Enum

from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from runner.model.json_types import Error, Json
    from runner.model.plan import ProcessPlan
    from runner.model.words import EndedBy, StopReason

SIGTERM = 15
SIGKILL = 9

DECLARED_REASONS: frozenset[StopReason] = frozenset({"terminate_after", "main", "main_ended"})
"""Reasons for a stop that the file itself asks for."""


@record(frozen=True, slots=True)
class LifeId:
    """The identity of one life: the process's number, and which attempt at running it this is, from 1."""

    process: int
    attempt: int = 1


class LifePhase(Enum):
    """The phase of one operating-system process."""

    RUNNING = "running"
    TERMINATING = "terminating"
    KILLED = "killed"
    ENDED = "ended"


# Facts and orders that come in.


@record(frozen=True, slots=True)
class End:
    """The end of an operating-system process. `exit_code` is negative for a signal, None if it cannot be known.

    `ended_by` is `return`, `exception`, `sys_exit`, `unreported` or `signal`; `returned` the repr of the target's
    return value or of the argument of `sys.exit`; `result` the returned value, if JSON preserves it; `left_at` when it
    recorded that it leaves; `repr` that of the process's object now.
    """

    exit_code: int | None
    ended_by: EndedBy
    returned: str | None = None
    error: Error | None = None
    cpu_seconds: float | None = None
    max_rss: int | None = None
    result: Json = None
    left_at: float | None = None
    repr: str = ""


@record(frozen=True, slots=True)
class Due:
    """The life's timer of this generation has come due; an older generation is void."""

    generation: int


@record(frozen=True, slots=True)
class Terminate:
    """Stop the process: SIGTERM, and SIGKILL after the grace period."""

    reason: StopReason


@record(frozen=True, slots=True)
class Kill:
    """Stop the process with SIGKILL."""

    reason: StopReason


Fact: TypeAlias = End | Due | Terminate | Kill


@record(frozen=True, slots=True)
class Life:
    """The state of one life. `stop_reason` is that of the first signal that was sent.

    `declared` are the reasons for a stop that the file asks for.
    """

    id: LifeId
    plan: ProcessPlan
    grace_period: float
    declared: frozenset[StopReason] = DECLARED_REASONS
    phase: LifePhase = LifePhase.RUNNING
    started_at: float = 0.0
    generation: int = 0
    stop_reason: StopReason | None = None
    sent: frozenset[int] = frozenset()
    wakes: int = 0


class ImpossibleFact(Exception):
    """A fact that cannot come in this state: a fault of the supervisor itself."""
