"""The reports of the job types on their jobs: this runs code of a type's author."""

from __future__ import annotations

import json

from runner.model.job_results import JobResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.model.job_results import End
    from runner.model.plan import JobPlan


def report_of(job: JobPlan, ends: Sequence[End], values: Mapping[str, bytes]) -> JobResult | None:
    """Return a job's report, None if its type reports nothing; an exception of the type is a failure of the job."""
    from runner.describe.job_types import find

    try:
        job_type = find(job.type)
        result = job_type.result(job_type.model.model_validate(job.options), values, ends)
        if result is None:
            return None
        values_of_author: object = result.values
        json.dumps(values_of_author)
        if not isinstance(values_of_author, dict) or not all(isinstance(name, str) for name in values_of_author):
            raise TypeError("the values of a JobResult are a dict with text as keys")
        notes = tuple((str(about), str(text)) for about, text in result.notes)
        return JobResult(result.values, notes, result.failed)
    except Exception as error:  # the author's code may raise anything
        what = f"the job type `{job.type}` failed: {type(error).__name__}: {error}"
        return JobResult({"error": what}, failed=True)
