"""Turn a file into a plan by resolving names, replicas, placeholders, references and main's steps."""

from __future__ import annotations

import gc
import math
import os
import sys
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import ValidationError

from runner.describe.fields import validation_errors
from runner.describe.plan import error_recovery, naming
from runner.describe.plan.fields_without_effect import without_effect
from runner.describe.plan.jobs import Job, Jobs
from runner.describe.plan.main_field import Script, default_steps
from runner.describe.plan.overrides import apply, parse_path
from runner.describe.plan.processes import Processes
from runner.describe.plan.spec import RunFile
from runner.describe.steps.reader import Scope
from runner.describe.steps.shared_things import read_things
from runner.describe.steps.thing_kinds import WITHOUT_VALUE
from runner.describe.yaml.loading import read
from runner.describe.yaml.scalars import found
from runner.describe.yaml.suggestions import suggestion, with_article
from runner.model.errors import InvalidFile, Problem
from runner.model.plan import START_METHODS, Declared, JobPlan, Plan
from runner.model.records import record
from runner.model.shared_things import SharedArray, SharedValue, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runner.describe.plan.spec import RunExpectModel
    from runner.describe.yaml.document import Document, Path
    from runner.model.json_types import Json
    from runner.model.plan import ProcessPlan, StartMethod, Step
    from runner.model.problem_ids import ProblemId
    from runner.model.shared_things import SharedPlan

STDIN = "-"
"""The file name for standard input; its folder is the current one."""


@record(frozen=True, slots=True)
class Described:
    """A plan, and the source position of each of its parts.

    `lasts` means that the plan depends on the file alone: not on a variable of the environment, a folder or a job type
    of another author.
    """

    plan: Plan
    lasts: bool
    _document: Document
    _jobs: tuple[int, ...]

    def problem(self, process: int | None, field: str, message: str, help: str | None, *, id: ProblemId) -> Problem:
        """Return a problem at a field of the process's job: `target`, `args[1]`, `kwargs.seconds`.

        Without a process it is a field of the whole file. If the file does not set that field, the problem is shown at
        the job, or at the beginning.
        """
        steps = parse_path(field) if field else []
        job: Path = () if process is None else ("jobs", self._jobs[process])
        path: Path = (*job, *(step for step, _ in steps))
        return self._document.problem(path, message, help, id=id)


def describe(
    text: bytes,
    *,
    file: str,
    overrides: Sequence[str] = (),
    start_method: str | None = None,
    environ: Mapping[str, str],
) -> Described:
    """Return the plan of a file. Raise `InvalidFile` with all problems of the first stage that finds any, and with
    those of `main` and `expect` that do not depend on it.

    `file` is its path, or `-`; `overrides` are the texts of `--set`; `start_method` has priority over the file's.
    """
    with _uncollected():
        document = apply(_read(text, file), overrides)
        return _Planner(document, file, _Environment(environ)).described(start_method)


def _read(text: bytes, file: str) -> Document:
    """Return the document in the text; a file of another tool, which may not be YAML, is one problem."""
    try:
        return read(text, file)
    except InvalidFile as invalid:
        from runner.describe.plan.other_tools_files import of_bytes

        raise (of_bytes(text, file, invalid) or invalid) from None


class _Environment(Mapping[str, str]):
    """The environment's variables, which records whether any was read."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.was_asked = False

    def __getitem__(self, name: str) -> str:
        self.was_asked = True
        return self._variables[name]

    def __iter__(self) -> Iterator[str]:
        self.was_asked = True
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Disable garbage collection: 10,000 jobs are a million objects, and none of them garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@dataclass(slots=True)
class _Planner:
    document: Document
    file: str
    environ: _Environment
    problems: list[Problem] = field(default_factory=list)
    things: dict[str, str] = field(default_factory=dict)
    """The file's shared things, with their kinds."""

    def described(self, start_method: str | None) -> Described:
        run = self._top()
        shared = self._shared()
        jobs = self._jobs()
        if self.problems:
            self.problems += error_recovery.problems(self.document, jobs, Scope(self.things, self.environ, ()))
            if run.expect is not None:
                self._declared(run.expect)
        self._stop_if_wrong()
        here = self._current_folder()
        names = naming.process_names(jobs)
        self.problems += naming.clashes(jobs, names, self.document)
        processes = self._processes(jobs, names, shared)
        self.problems += without_effect(jobs, self.document, scripted=run.main is not None)
        steps = default_steps(jobs) if run.main is None else self._scripted(run.main, jobs, names)
        declared = None if run.expect is None else self._declared(run.expect)
        self._stop_if_wrong()
        plan = Plan(
            file=self.file,
            start_method=_start_method(start_method or run.start_method),
            processes=processes,
            steps=tuple(steps),
            jobs=tuple(_job_plan(job, numbers) for job, numbers in zip(jobs, naming.numbers(jobs), strict=True)),
            title=run.title,
            mp_log=run.mp_log,
            grace_period=run.grace_period,
            time_limit=run.time_limit,
            preload=tuple(run.preload),
            paths=tuple(dict.fromkeys((self._folder(), here))),
            shared=(*shared, *(thing for job in jobs for thing in job.expansion.shared)),
            expect=declared,
        )
        lasts = not (
            self.environ.was_asked or any(process.cwd for process in processes) or any(job.is_foreign for job in jobs)
        )
        numbers = tuple(job.index for job in jobs for _ in job.expansion.processes)
        return Described(plan, lasts, self.document, numbers)

    def _top(self) -> RunFile:
        value = self.document.value
        if not isinstance(value, dict):
            self._stop_if_foreign()
            help = "write the jobs below the key `jobs:`" if isinstance(value, list) else None
            self._report((), f"expected a mapping with `jobs:`, found {found(value)}", help, id="wrong-type")
            self._stop_if_wrong()
        try:
            return RunFile.model_validate(value, context={"environ": self.environ, "things": {}})
        except ValidationError as error:
            self._stop_if_foreign()
            self.problems += validation_errors.problems(error, RunFile, self.document, (), "in the file")
            return RunFile.model_construct(jobs=[], main=None)

    def _stop_if_foreign(self) -> None:
        """Raise `InvalidFile` with one problem if the file belongs to another tool."""
        from runner.describe.plan.other_tools_files import of_document

        self.problems += of_document(self.document, self.file)
        self._stop_if_wrong()

    def _shared(self) -> list[SharedPlan]:
        """Read the file's own shared things."""
        if "shared" not in self.document.value:
            return []
        things, faults = read_things(value := self.document.value["shared"])
        self.problems += [fault.problem(self.document, ("shared",)) for fault in faults]
        # A value that is wrong by itself still exists for the steps that use it.
        known = {str(name): "" for name in value} if isinstance(value, dict) else {}
        self.things |= known | {thing.name: kind_of(thing) for thing in things}
        return things

    def _jobs(self) -> list[Job]:
        entries = self.document.value.get("jobs")
        reader = Jobs(self.document, self.environ, self.things)
        if isinstance(entries, list):
            reader.read(entries)
        self.problems += reader.problems
        return reader.jobs

    def _processes(
        self, jobs: Sequence[Job], names: Sequence[str], shared: Sequence[SharedPlan]
    ) -> tuple[ProcessPlan, ...]:
        dtypes = {thing.name: thing.dtype for thing in shared if isinstance(thing, SharedValue | SharedArray)}
        maker = Processes(self.document, self._folder(), self.environ, self.things, dtypes, names)
        processes = maker.of(jobs)
        self.problems += maker.problems
        return processes

    def _scripted(self, main: Sequence[object], jobs: Sequence[Job], names: Sequence[str]) -> list[Step]:
        timeouts = [job.model.join_timeout for job in jobs for _ in job.expansion.processes]
        scope = Scope(self.things, self.environ, ())
        script = Script(self.document, naming.names_in_main(jobs, names), names, timeouts, scope)
        script.read(main)
        self.problems += script.problems
        return script.steps

    def _declared(self, said: RunExpectModel) -> Declared:
        """Return what the file declares about the run."""
        for name in said.values:
            path = ("expect", "values", name)
            kind = self.things.get(name)
            if kind is None:
                valued = [thing for thing, kind in self.things.items() if kind not in WITHOUT_VALUE]
                help = suggestion(name, valued, "things with a value") or "declare it under `shared:`"
                self._report(path, f"there is no shared thing `{name}`", help, id="unknown-thing")
            elif kind in WITHOUT_VALUE:
                message = f"`{name}` is {with_article(kind)}, which has no value in the end"
                self._report(path, message, "remove it", id="wrong-thing")
        values = {name: _as_reported(value) for name, value in said.values.items()}
        return Declared(said.outcome, said.deadlock, values, tuple(said.notes))

    def _folder(self) -> str:
        return os.getcwd() if self.file == STDIN else os.path.dirname(os.path.abspath(self.file))

    def _current_folder(self) -> str:
        try:
            return os.getcwd()
        except OSError:
            message = "the current folder, in which the processes would run, is gone"
            help = "change to an existing one: cd"
            raise InvalidFile((Problem(self.file, 0, 0, 0, "", message, help, "missing-folder"),)) from None

    def _report(self, path: Path, message: str, help: str | None, *, id: ProblemId) -> None:
        self.problems.append(self.document.problem(path, message, help, id=id, key=True))

    def _stop_if_wrong(self) -> None:
        if self.problems:
            raise InvalidFile(tuple(sorted(self.problems, key=self._place)))

    def _place(self, problem: Problem) -> tuple[bool, int, int]:
        return problem.file != self.file, problem.line, problem.column


def _as_reported(value: object) -> Json:
    """Return a value as last values are reported: the repr of values that JSON does not have."""
    match value:
        case list():
            return [_as_reported(item) for item in value]
        case dict():
            return {key if isinstance(key, str) else repr(key): _as_reported(item) for key, item in value.items()}
        case None | bool() | int() | str():
            return value
        case float() if math.isfinite(value):
            return value
    return repr(value)


def _job_plan(job: Job, processes: range) -> JobPlan:
    options = job.model.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return JobPlan(job.label, job.type, tuple(processes), options, job.expansion.progress)


def _start_method(given: str | None) -> StartMethod:
    if given is None:
        return "fork" if sys.platform == "linux" else "spawn"
    if given in START_METHODS:
        return given
    help = suggestion(given, START_METHODS, "start methods")
    message = f"there is no start method `{given}`"
    raise InvalidFile((Problem("--start-method", 1, 1, max(1, len(given)), given, message, help, "unknown-choice"),))
