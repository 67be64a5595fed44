"""The orders that the front sends to the supervisor, and the answers to them."""

from __future__ import annotations

from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.plan import Plan
    from runner.model.problem_ids import ProblemId


# Orders.


@record(frozen=True, slots=True)
class Run:
    """Run the plan, if `preflight` finds that it can be; `run` is the run's id.

    `room` is the number of processes for which the front has descriptors. The pipe for the times of lines accompanies
    it, if a process of the plan reports them.
    """

    plan: Plan
    preflight: bool
    run: str
    room: int


@record(frozen=True, slots=True)
class Check:
    """Import the targets of the plan and bind their arguments, and start nothing."""

    plan: Plan


@record(frozen=True, slots=True)
class Stop:
    """Stop the run in order; at once, if this comes a second time."""


@record(frozen=True, slots=True)
class Peek:
    """Report how much of its work each job has done."""


@record(frozen=True, slots=True)
class FreeRoom:
    """Start other processes in the place of these: their outputs are closed, and they take no room once they end."""

    processes: tuple[int, ...]


# Answers to an order.


@record(frozen=True, slots=True)
class Refusal:
    """A reason not to start. `process` is None for a reason that concerns the whole file.

    `runs_nothing` means that a plain program would do nothing instead, and end as if all were well.
    """

    process: int | None
    field: str
    message: str
    help: str | None
    id: ProblemId
    runs_nothing: bool = False


@record(frozen=True, slots=True)
class Looked:
    """The preflight child's result for one process; `is_async` is None if its target might return a coroutine.

    The child sends it to the supervisor.
    """

    refusal: Refusal | None
    target: str
    is_async: bool | None


@record(frozen=True, slots=True)
class Refused:
    """Nothing was started, for these reasons."""

    refusals: tuple[Refusal, ...]


@record(frozen=True, slots=True)
class Checked:
    """The plan can be run. `coroutines` are its targets that return coroutines: False for those that might."""

    coroutines: dict[str, bool]


@record(frozen=True, slots=True)
class Interrupted:
    """A stop was requested before anything was started."""


@record(frozen=True, slots=True)
class ImportBegun:
    """Code of the user, this module or class, is about to run in the supervisor, and may end it."""

    what: str


@record(frozen=True, slots=True)
class Progressed:
    """The answer to `Peek`: how much each process of a job has done, for each job that counts it."""

    done: dict[str, list[int]]
