"""Check each entry of `jobs:` with the model of its type, and expand it into process drafts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from runner.describe.fields import validation_errors
from runner.describe.fields.placeholders import fill_text
from runner.describe.job_types import DEFAULT, UnknownJobType, find
from runner.describe.plan.expansion_checks import check_expansion
from runner.describe.yaml.scalars import found
from runner.model.records import record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.describe.job_types import AnyJobType, Expansion, JobModel
    from runner.describe.yaml.document import Document, Path
    from runner.describe.yaml.scalars import Scalar, Value
    from runner.model.errors import Problem
    from runner.model.problem_ids import ProblemId

MAX_PROCESSES = 100_000
"""More processes than any machine runs; a typing error in `replicas` should not fill the memory."""


@record(frozen=True, slots=True)
class Job:
    """One entry of `jobs:`, checked. `label` is its name, with the environment filled in, or `jobs[i]`.

    `is_foreign` means that its type does not belong to this package.
    """

    index: int
    type: str
    model: JobModel
    label: str
    expansion: Expansion
    is_foreign: bool

    @property
    def path(self) -> Path:
        """The path of the entry in the document."""
        return ("jobs", self.index)

    def gives(self, field: str) -> bool:
        """Return whether the file sets this field."""
        return field in self.model.model_fields_set and getattr(self.model, field) is not None


class Jobs:
    """Checks jobs one after the other; each type is looked up once."""

    def __init__(self, document: Document, environ: Mapping[str, str], things: Mapping[str, str]) -> None:
        """`things` are the file's shared things, with their kinds."""
        self._document = document
        self._things = things
        self._environ = environ
        self._types: dict[str, AnyJobType] = {}
        self._processes = 0
        self.jobs: list[Job] = []
        self.problems: list[Problem] = []

    def read(self, entries: list[object]) -> None:
        """Add valid jobs to `jobs` and mistakes to `problems`."""
        for index, entry in enumerate(entries):
            job = self._checked(index, entry)
            if job is None:
                continue
            self.jobs.append(job)
            self._processes += len(job.expansion.processes)
            if self._processes > MAX_PROCESSES:
                self._report(job.path, f"more than {MAX_PROCESSES:,} processes", id="too-large")
                return

    def _checked(self, index: int, entry: object) -> Job | None:
        path: Path = ("jobs", index)
        if not isinstance(entry, dict):
            self._report(path, f"expected a job, found {found(entry)}", _instead_of(entry), id="wrong-type")
            return None
        job_type = self._type((*path, "type"), entry.get("type", DEFAULT))
        if job_type is None:
            return None
        model = self._model(path, entry, job_type)
        if model is None:
            return None
        label = f"jobs[{index}]"
        if model.name is not None:
            filled = fill_text(model.name, {"index": 0}, self._environ)
            if filled == "all" or "$" in filled or not filled.isprintable() or not filled.strip():
                message = f"the name becomes {filled!r}, which cannot be a name"
                self._report((*path, "name"), message, id="bad-name")
                return None
            label = fill_text(model.name, {}, self._environ)
            model = model.model_copy(update={"name": label})
        expansion = self._expansion(path, job_type, model, label)
        is_foreign = not type(job_type).__module__.startswith("runner.")
        return None if expansion is None else Job(index, job_type.name, model, label, expansion, is_foreign)

    def _expansion(self, path: Path, job_type: AnyJobType, model: JobModel, label: str) -> Expansion | None:
        try:
            expansion = job_type.expand(model, label)
            check_expansion(expansion, label, self._things)
        except Exception as error:  # another author's code may raise anything
            message = f"the job type `{job_type.name}` failed: {error.__class__.__name__}: {error}"
            self._report(path, message, "this is for its author to mend", id="job-type-fails")
            return None
        return expansion

    def _type(self, path: Path, name: object) -> AnyJobType | None:
        if not isinstance(name, str):
            self._report(path, f"`type`: expected text, found {found(name)}", id="wrong-type")
            return None
        if name not in self._types:
            try:
                self._types[name] = find(name)
            except UnknownJobType as error:
                self._report(path, str(error), error.help, id="unknown-job-type")
                return None
        return self._types[name]

    def _model(self, path: Path, entry: dict[Scalar, Value], job_type: AnyJobType) -> JobModel | None:
        try:
            return job_type.model.model_validate(entry, context={"environ": self._environ, "things": self._things})
        except ValidationError as error:
            where = f"in a `{job_type.name}` job"
            self.problems += validation_errors.problems(error, job_type.model, self._document, path, where)
            return None

    def _report(self, path: Path, message: str, help: str | None = None, *, id: ProblemId) -> None:
        self.problems.append(self._document.problem(path, message, help, id=id))


def _instead_of(entry: object) -> str | None:
    """Return what to write instead of a job that is not a mapping."""
    if not isinstance(entry, str):
        return None
    if len(entry.split()) < 2:
        return f"write - target: {entry}"
    from runner.describe.other_tools.entries import call, program
    from runner.describe.other_tools.yaml_text import flow

    return f"write - {flow(call(program(entry) or [entry]))}"
