"""The public names for authors of job types, and the built-in job types.

Names are imported when they are first used: children import their workers from this package.
"""

from __future__ import annotations

_HOMES = {
    "Draft": "runner.describe.job_types",
    "End": "runner.model.job_results",
    "Expansion": "runner.describe.job_types",
    "JobModel": "runner.describe.job_types",
    "JobResult": "runner.model.job_results",
    "JobType": "runner.describe.job_types",
    "Progress": "runner.model.plan",
    "SharedArray": "runner.model.shared_things",
    "SharedLock": "runner.model.shared_things",
    "SharedSemaphore": "runner.model.shared_things",
    "fault": "runner.describe.fields.validation_errors",
}

__all__ = [
    "Draft",
    "End",
    "Expansion",
    "JobModel",
    "JobResult",
    "JobType",
    "Progress",
    "SharedArray",
    "SharedLock",
    "SharedSemaphore",
    "fault",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.describe.fields.validation_errors import fault
    from runner.describe.job_types import Draft, Expansion, JobModel, JobType
    from runner.model.job_results import End, JobResult
    from runner.model.plan import Progress
    from runner.model.shared_things import SharedArray, SharedLock, SharedSemaphore

if not TYPE_CHECKING:  # pragma: no branch  # a type checker knows the names above, and no other

    def __getattr__(name: str) -> object:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(home), name)
