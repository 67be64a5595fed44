"""Assign unique process names: the given name, a numbered replica or multiprocessing's default."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from runner.describe.fields.placeholders import fill_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.describe.job_types import Draft
    from runner.describe.plan.jobs import Job
    from runner.describe.yaml.document import Document
    from runner.model.errors import Problem


def process_names(jobs: Sequence[Job]) -> list[str]:
    """Return the name of each process, in creation order."""
    names: list[str] = []
    for job in jobs:
        for index, draft in enumerate(job.expansion.processes):
            given = draft.name
            names.append(_default(draft, len(names) + 1) if given is None else fill_text(given, {"index": index}, {}))
    return names


def names_in_main(jobs: Sequence[Job], names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Return the names allowed in `main:`, with the processes that each stands for."""
    known: dict[str, tuple[int, ...]] = {name: (process,) for process, name in enumerate(names)}
    for job, processes in zip(jobs, numbers(jobs), strict=True):
        known[job.label] = tuple(processes)
    return known


def numbers(jobs: Sequence[Job]) -> list[range]:
    """Return the numbers of each job's processes."""
    found: list[range] = []
    end = 0
    for job in jobs:
        found.append(range(end, end := end + len(job.expansion.processes)))
    return found


def clashes(jobs: Sequence[Job], names: Sequence[str], document: Document) -> list[Problem]:
    """Return a problem for each name that two jobs, or two processes, share."""
    problems: list[Problem] = []
    owners: dict[str, Job] = {}
    for job, processes in zip(jobs, numbers(jobs), strict=True):
        own = [names[process] for process in processes]
        if len(set(own)) < len(own):
            name, _ = Counter(own).most_common(1)[0]
            message = f"several processes of this job are named `{name}`"
            problems.append(document.problem((*job.path, "name"), message, "put $index into the name", id="name-taken"))
        firsts = ((name, owners.setdefault(name, job)) for name in (job.label, *own))
        taken = next(((name, first) for name, first in firsts if first is not job), None)
        if taken is not None:
            problems.append(_clash(*taken, job, document))
    return list(dict.fromkeys(problems))


def _clash(name: str, first: Job, job: Job, document: Document) -> Problem:
    """Return the problem at the place where the name is written: the earlier job, if the later one has a default
    name."""
    if job.model.name is None:
        job, first = first, job
    line = document.line_of((*first.path, "name"))
    message = f"the name `{name}` is taken by the job in line {line}"
    return document.problem((*job.path, "name"), message, id="name-taken")


def _default(draft: Draft, number: int) -> str:
    class_name = "Process" if draft.cls is None else draft.cls.replace(":", ".").rpartition(".")[2]
    return f"{class_name}-{number}"
