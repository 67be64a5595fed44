"""Turn process drafts into planned processes with final names, placeholders, folders, steps and ends."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from runner.describe.fields import targets
from runner.describe.fields.placeholders import fill, fill_text
from runner.describe.steps.fitting import filled, too_large
from runner.describe.yaml.suggestions import suggestion
from runner.model.arguments import references
from runner.model.plan import Expect, Limits, ProcessPlan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.describe.job_types import Draft, ExpectModel, LimitsModel
    from runner.describe.plan.jobs import Job
    from runner.describe.yaml.document import Document, Path
    from runner.model.errors import Problem
    from runner.model.json_types import Encoded, StepData
    from runner.model.problem_ids import ProblemId


@dataclass(slots=True)
class Processes:
    """Makes the processes of jobs one by one, and collects problems, each once.

    `folder` is the file's, `things` are its shared things with their kinds, `dtypes` are those of its numbers, `names`
    those of all processes.
    """

    document: Document
    folder: str
    environ: Mapping[str, str]
    things: Mapping[str, str]
    dtypes: Mapping[str, str]
    names: Sequence[str]
    problems: list[Problem] = field(default_factory=list)

    def of(self, jobs: Sequence[Job]) -> tuple[ProcessPlan, ...]:
        """Return the processes of all jobs, in creation order."""
        unused = iter(self.names)
        return tuple(
            self._process(job, draft, index, next(unused))
            for job in jobs
            for index, draft in enumerate(job.expansion.processes)
        )

    def _process(self, job: Job, draft: Draft, index: int, name: str) -> ProcessPlan:
        model = job.model
        if draft.cls is not None:
            self._refuse_arrays(job, draft)
        known: dict[str, int | str] = {"name": name, "index": index}
        text_known = {"index": index}
        return ProcessPlan(
            name=name,
            job=job.label,
            target=None if draft.target is None else targets.normalized_target(draft.target),
            cls=None if draft.cls is None else targets.normalized_class(draft.cls),
            do=None if draft.do is None else self._steps(job, cast("Sequence[StepData]", draft.do), known),
            args=tuple(fill(value, known, self.environ) for value in draft.args),
            kwargs={key: fill(value, known, self.environ) for key, value in draft.kwargs.items()},
            daemon=model.daemon,
            env={
                key: fill_text(value, text_known, self.environ)
                for key, value in (*model.env.items(), *draft.env.items())
            },
            cwd=None if draft.cwd is None else self._cwd(job, fill_text(draft.cwd, text_known, self.environ)),
            terminate_after=model.terminate_after,
            timeout=model.timeout,
            on_terminate=model.on_terminate,
            expect=None if model.expect is None else self._expected(job, model.expect, name),
            limits=None if model.limits is None else _limits(model.limits),
        )

    def _refuse_arrays(self, job: Job, draft: Draft) -> None:
        """Refuse arrays for an object of a class, which is created here and pickled: its process would have a copy."""
        given: list[tuple[Path, Encoded]] = [(("args", place), value) for place, value in enumerate(draft.args)]
        given += [(("kwargs", key), value) for key, value in draft.kwargs.items()]
        for path, value in given:
            arrays = [name for name in sorted(references(value)) if self.things.get(name) == "array"]
            if arrays:
                message = f"`${arrays[0]}` is an array, which cannot be passed on with an object of a class"
                help = "write `target:` and a function, which can receive it"
                self._report((*job.path, *path), message, help, id="wrong-thing")

    def _steps(self, job: Job, do: Sequence[StepData], known: Mapping[str, int | str]) -> tuple[StepData, ...]:
        """Return the steps of one process, with its known values inserted."""
        steps: list[StepData] = []
        for place, step in enumerate(do):
            path: Path = (*job.path, "do", place)
            data, faults = filled(step, known, self.environ, self.things, path)
            steps.append(data)
            for fault in (*faults, *too_large(data, self.dtypes, path)):
                self._add(fault.problem(self.document, ()))
        return tuple(steps)

    def _cwd(self, job: Job, text: str) -> str:
        folder = os.path.normpath(os.path.join(self.folder, text))
        if not os.path.isdir(folder):
            what = "is not a folder" if os.path.exists(folder) else "does not exist"
            help = "it is relative to the file's folder"
            self._report((*job.path, "cwd"), f"the folder `{text}` {what}", help, id="missing-folder")
        return folder

    def _expected(self, job: Job, said: ExpectModel, name: str) -> Expect:
        for place, other in enumerate(said.before):
            path: Path = (*job.path, "expect", "before", place)
            if other == name:
                self._report(path, f"`{name}` cannot end before itself", "name another process", id="wrong-order")
            elif other not in self.names:
                help = suggestion(other, self.names, "processes")
                self._report(path, f"there is no process named `{other}`", help, id="unknown-process")
        output = None if said.output is None else tuple(said.output)
        return Expect(said.exit_code, said.outcome, output, tuple(said.before))

    def _report(self, path: Path, message: str, help: str | None, *, id: ProblemId) -> None:
        self._add(self.document.problem(path, message, help, id=id))

    def _add(self, problem: Problem) -> None:
        if problem not in self.problems:
            self.problems.append(problem)


def _limits(said: LimitsModel) -> Limits:
    return Limits(said.memory, said.cpu_seconds, said.open_files, said.core)
