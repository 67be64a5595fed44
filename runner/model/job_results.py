"""The process ends that a job type receives, and the result that it returns.

This is separate from `runner.describe.job_types`, so that code that shows results need not import pydantic.
"""

from __future__ import annotations

from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.json_types import Json


@record(frozen=True, slots=True)
class End:
    """How one process of a job ended.

    `outcome` is None for a process that was never started; `exit_code` is also None if it cannot be known (`lost`).
    `died_holding` names the shared semaphore or lock that the process held when it died.
    """

    process: str
    outcome: str | None
    exit_code: int | None
    died_holding: str | None = None


@record(frozen=True, slots=True)
class JobResult:
    """The result that a job type reports when the processes of its job have ended.

    `notes` are pairs of (about, text): the word that a program looks for, and the sentence that a person reads.
    `failed` means that the run has failed even if every process ended as expected.
    """

    values: dict[str, Json]
    notes: tuple[tuple[str, str], ...] = ()
    failed: bool = False
