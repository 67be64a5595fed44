"""The process ends that a job type receives, and the result that it returns.

Apart from `runner.describe.job_types`, so that who shows a result need not import pydantic.
"""

from __future__ import annotations

from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.plan import Json


@record(frozen=True, slots=True)
class End:
    """How one process of a job ended.

    `outcome` is None for a process that was never started; `exit_code` also where it cannot be known (`lost`).
    `died_holding` names the shared semaphore or lock that the process held when it died.
    """

    process: str
    outcome: str | None
    exit_code: int | None
    died_holding: str | None = None


@record(frozen=True, slots=True)
class JobResult:
    """What a job reports when its processes have ended.

    `notes` are pairs of (about, text): the word that a program looks for, and the sentence that a person reads.
    `failed` says that the run has failed even if every process ended as expected.
    """

    values: dict[str, Json]
    notes: tuple[tuple[str, str], ...] = ()
    failed: bool = False
