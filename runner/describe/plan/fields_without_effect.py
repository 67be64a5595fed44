"""Find `join`, `join_timeout` and `start_delay` of jobs that have no effect, because `main` or a missing join."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runner.describe.plan.jobs import Job
    from runner.describe.yaml.document import Document
    from runner.model.errors import Problem


def without_effect(jobs: Sequence[Job], document: Document, *, scripted: bool) -> Iterator[Problem]:
    """Return a problem for each field of a job that has no effect; `scripted` means that there is a `main`."""
    for job in jobs:
        yield from _beside_main(job, document) if scripted else _without_join(job, document)


def _without_join(job: Job, document: Document) -> Iterator[Problem]:
    if job.gives("join_timeout") and not job.model.joined:
        message = "`join_timeout` has no effect: this job is not joined"
        yield document.problem((*job.path, "join_timeout"), message, "add join: true", id="no-effect", key=True)


def _beside_main(job: Job, document: Document) -> Iterator[Problem]:
    for key, instead in (("join", "- join: "), ("start_delay", "- sleep: ")):
        if job.gives(key):
            help = f"remove it, and write {instead}… where main should do it"
            message = f"`{key}` has no effect: `main` decides what happens when"
            yield document.problem((*job.path, key), message, help, id="no-effect", key=True)
