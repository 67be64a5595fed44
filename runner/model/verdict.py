"""Decide the outcome of a run and the exit status of the command: here, and nowhere else. Pure."""

from __future__ import annotations

import signal

from runner.model.errors import SupervisorFault
from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.model.plan import Declared
    from runner.model.words import RunOutcome, StopReason

OUTCOME_OF_STOP: Mapping[StopReason, RunOutcome] = {
    "time_limit": "timed_out",
    "holder_died": "failed",
    "deadlock": "failed",
    "standstill": "failed",
    "waits_for_ever": "failed",
    "stop_requested": "stopped",
}
"""The outcome of a run that is stopped for this reason; the other reasons stop only a process."""


@record(frozen=True, slots=True)
class Findings:
    """The facts about a run when it is over."""

    stop: StopReason | None = None
    """Why the run was stopped, if it was."""
    main_exit_code: int = 0
    has_unexpected_end: bool = False
    """A process ended in another way than its job declares, or could not be started."""
    has_failed_job: bool = False
    """A job type has reported that its job failed."""
    has_unmet: bool = False
    """Something that `expect`, of the file or of a job, declares did not come."""
    has_wrong_end: bool = False
    """A process ended in another way than its own `expect` declares: the run's `expect` does not excuse that."""
    supervisor_died: bool = False
    stopped_by: int | None = None
    """The signal that asked for the stop."""


@record(frozen=True, slots=True)
class Verdict:
    """The outcome of a run, and the exit status of `run-jobs`."""

    outcome: RunOutcome
    exit_status: int


def verdict(expect: Declared | None, found: Findings) -> Verdict:
    """Return the verdict; `expect` is what the file declares about the whole run."""
    outcome = _outcome(expect, found)
    is_as_declared = expect is not None and not found.has_unmet and not found.has_wrong_end
    if is_as_declared and outcome in ("failed", "timed_out"):
        return Verdict(outcome, 0)
    return Verdict(outcome, _exit_status(outcome, found.stopped_by))


def _outcome(expect: Declared | None, found: Findings) -> RunOutcome:
    if found.supervisor_died:
        return "faulted"
    is_wanted = found.stop == "deadlock" and expect is not None and expect.deadlock is True
    if found.stop is not None and not is_wanted:
        return OUTCOME_OF_STOP[found.stop]
    failures = (found.main_exit_code, found.has_unexpected_end, found.has_failed_job, found.has_unmet)
    return "failed" if any(failures) else "succeeded"


def _exit_status(outcome: RunOutcome, stopped_by: int | None) -> int:
    match outcome:
        case "succeeded":
            return 0
        case "stopped":
            return 128 + (stopped_by or signal.SIGTERM)
        case "faulted":
            return SupervisorFault.exit_status
        case "failed" | "timed_out":  # pragma: no branch  # mypy sees that there is no other
            return 1
