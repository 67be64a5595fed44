"""File to plan: names, replicas, placeholders, references and main's steps become final."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import ValidationError

from runner.describe import checking, naming, targets
from runner.describe.jobs import Job, Jobs
from runner.describe.loading import read
from runner.describe.overrides import apply, parse_path
from runner.describe.placeholders import fill, fill_text
from runner.describe.scalars import found
from runner.describe.script import Script
from runner.describe.shared import read_things
from runner.describe.spec import RunFile
from runner.describe.steps import Scope, filled
from runner.describe.suggestions import suggestion
from runner.errors import InvalidFile, Problem
from runner.plan import (
    START_METHODS,
    Declared,
    Expect,
    JobPlan,
    Join,
    Limits,
    Plan,
    ProcessPlan,
    Sleep,
    Start,
    Step,
)
from runner.records import record
from runner.things import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from runner.describe.document import Document, Path
    from runner.describe.jobtype import Draft, ExpectModel
    from runner.plan import Json, StartMethod
    from runner.things import SharedPlan

STDIN = "-"
"""The file name that stands for standard input; its folder is the current one."""


@record(frozen=True, slots=True)
class Described:
    """A plan, and the way back from it to the places in the file.

    `lasts` says that the plan follows from the file alone: no variable of the environment, no folder and no job type
    of somebody else's had a part in it.
    """

    plan: Plan
    lasts: bool
    _document: Document
    _jobs: tuple[int, ...]

    def problem(self, process: int | None, field: str, message: str, help: str | None = None) -> Problem:
        """A problem at a field of the job that made the process: `target`, `args[1]`, `kwargs.seconds`.

        Without a process it is a field of the whole file. Where the file does not give that field, it is shown at
        the job, or at the beginning.
        """
        steps = parse_path(field) if field else []
        job: Path = () if process is None else ("jobs", self._jobs[process])
        path: Path = (*job, *(step for step, _ in steps))
        return self._document.problem(path, message, help)


def describe(
    text: bytes,
    *,
    file: str,
    overrides: Sequence[str] = (),
    start_method: str | None = None,
    environ: Mapping[str, str],
) -> Described:
    """The plan of a file. Raises `InvalidFile` with all problems of the first stage that finds any.

    `file` is its path, or `-`; `overrides` are the texts of `--set`; `start_method` wins over the file's.
    """
    with _uncollected():
        document = apply(read(text, file), overrides)
        return _Planner(document, file, _Environment(environ)).described(start_method)


class _Environment(Mapping[str, str]):
    """Variables, and whether any has been asked for."""

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
    """Without garbage collection: 10,000 jobs are a million objects, and none of them garbage."""
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
    names: list[str] = field(default_factory=list)
    """Those of the processes."""

    def described(self, start_method: str | None) -> Described:
        run = self._top()
        shared = self._shared()
        jobs = self._jobs()
        self._stop_if_wrong()
        here = self._current_folder()
        names = self.names = naming.process_names(jobs)
        self.problems += naming.clashes(jobs, names, self.document)
        processes = self._processes(jobs, names)
        self._check_effects(jobs, scripted=run.main is not None)
        steps = _default_steps(jobs) if run.main is None else self._scripted(run.main, jobs, names)
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
            expect=self._declared(run, names),
        )
        lasts = not (
            self.environ.was_asked or any(process.cwd for process in processes) or any(job.is_foreign for job in jobs)
        )
        numbers = tuple(job.index for job in jobs for _ in job.expansion.processes)
        return Described(plan, lasts, self.document, numbers)

    def _top(self) -> RunFile:
        value = self.document.value
        if not isinstance(value, dict):
            help = "write the jobs below the key `jobs:`" if isinstance(value, list) else None
            self._report((), f"expected a mapping with `jobs:`, found {found(value)}", help)
            self._stop_if_wrong()
        try:
            return RunFile.model_validate(value, context={"environ": self.environ, "things": {}})
        except ValidationError as error:
            self.problems += checking.problems(error, RunFile, self.document, (), "in the file")
            return RunFile.model_construct(jobs=[], main=None)

    def _shared(self) -> list[SharedPlan]:
        """The file's own shared things."""
        value = self.document.value.get("shared")
        if value is None:
            return []
        things, faults = read_things(value)
        self.problems += [fault.problem(self.document, ("shared",)) for fault in faults]
        # What is wrong by itself is there all the same for who uses it.
        known = {str(name): "" for name in value} if isinstance(value, dict) else {}
        self.things |= known | {thing.name: kind_of(thing) for thing in things}
        return things

    def _declared(self, run: RunFile, names: Sequence[str]) -> Declared | None:
        """What the file says that the run comes to."""
        if run.expect is None:
            return None
        for name in run.expect.values:
            if name not in self.things:
                help = suggestion(name, self.things, "shared things")
                self._report(("expect", "values", name), f"there is no shared thing `{name}`", help, key=True)
        self._stop_if_wrong()
        said = run.expect
        return Declared(said.outcome, said.deadlock, dict(said.values), tuple(said.notes))  # type: ignore[arg-type]  # of YAML

    def _jobs(self) -> list[Job]:
        entries = self.document.value.get("jobs")
        reader = Jobs(self.document, self.environ, self.things)
        if isinstance(entries, list):
            reader.read(entries)
        self.problems += reader.problems
        return reader.jobs

    def _processes(self, jobs: Sequence[Job], names: Sequence[str]) -> tuple[ProcessPlan, ...]:
        unused = iter(names)
        return tuple(
            self._process(job, draft, index, next(unused))
            for job in jobs
            for index, draft in enumerate(job.expansion.processes)
        )

    def _process(self, job: Job, draft: Draft, index: int, name: str) -> ProcessPlan:
        model = job.model
        known: dict[str, int | str] = {"name": name, "index": index}
        text_known = {"index": index}
        expect, limits = model.expect, model.limits
        return ProcessPlan(
            name=name,
            job=job.label,
            target=None if draft.target is None else targets.normalized_target(draft.target),
            cls=None if draft.cls is None else targets.normalized_class(draft.cls),
            do=None if draft.do is None else self._filled(job, draft.do, known),
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
            expect=None if expect is None else self._expected(job, expect),
            limits=None
            if limits is None
            else Limits(limits.memory, limits.cpu_seconds, limits.open_files, limits.core),
        )

    def _filled(self, job: Job, do: Sequence[Mapping[str, Any]], known: Mapping[str, int | str]) -> tuple[Json, ...]:
        """The steps of one process, with what is known of it filled in."""
        steps: list[Json] = []
        for place, step in enumerate(do):
            data, faults = filled(dict(step), known, self.environ, self.things, (*job.path, "do", place))
            steps.append(data)
            for fault in faults:
                self._add(fault.problem(self.document, ()))
        return tuple(steps)

    def _expected(self, job: Job, said: ExpectModel) -> Expect:
        for place, name in enumerate(said.before):
            if name not in self.names:
                help = suggestion(name, self.names, "processes")
                self._report((*job.path, "expect", "before", place), f"there is no process named `{name}`", help)
        output = None if said.output is None else tuple(said.output)
        return Expect(said.exit_code, said.outcome, output, tuple(said.before))

    def _cwd(self, job: Job, text: str) -> str:
        folder = os.path.normpath(os.path.join(self._folder(), text))
        if not os.path.isdir(folder):
            what = "is not a folder" if os.path.exists(folder) else "does not exist"
            self._report((*job.path, "cwd"), f"the folder `{text}` {what}", "it is relative to the file's folder")
        return folder

    def _folder(self) -> str:
        return os.getcwd() if self.file == STDIN else os.path.dirname(os.path.abspath(self.file))

    def _current_folder(self) -> str:
        try:
            return os.getcwd()
        except OSError:
            message = "the current folder, in which the processes would run, is gone"
            raise InvalidFile((Problem(self.file, 0, 0, 0, "", message, "go to one that is there: cd"),)) from None

    def _check_effects(self, jobs: Sequence[Job], *, scripted: bool) -> None:
        for job in jobs:
            if not scripted:
                if job.gives("join_timeout") and not job.model.joined:
                    message = "`join_timeout` has no effect: this job is not joined"
                    self._report((*job.path, "join_timeout"), message, "add join: true", key=True)
                continue
            for key, instead in (("join", "- join: "), ("start_delay", "- sleep: ")):
                if job.gives(key):
                    help = f"remove it, and write {instead}… where main should do it"
                    message = f"`{key}` has no effect: `main` says what happens when"
                    self._report((*job.path, key), message, help, key=True)

    def _scripted(self, main: Sequence[object], jobs: Sequence[Job], names: Sequence[str]) -> list[Step]:
        timeouts = [job.model.join_timeout for job in jobs for _ in job.expansion.processes]
        scope = Scope(self.things, self.environ, ())
        script = Script(self.document, naming.names_in_main(jobs, names), names, timeouts, scope)
        script.read(main)
        self.problems += script.problems
        return script.steps

    def _report(self, path: Path, message: str, help: str | None = None, *, key: bool = False) -> None:
        self._add(self.document.problem(path, message, help, key=key))

    def _add(self, problem: Problem) -> None:
        if problem not in self.problems:
            self.problems.append(problem)

    def _stop_if_wrong(self) -> None:
        if self.problems:
            raise InvalidFile(tuple(sorted(self.problems, key=self._place)))

    def _place(self, problem: Problem) -> tuple[bool, int, int]:
        return problem.file != self.file, problem.line, problem.column


def _default_steps(jobs: Sequence[Job]) -> list[Step]:
    """What main does without a script: start each, join each that is joined."""
    starts: list[Step] = []
    joins: list[Step] = []
    for job, processes in zip(jobs, naming.numbers(jobs), strict=True):
        for process in processes:
            starts += [Sleep(job.model.start_delay)] if job.model.start_delay else []
            starts.append(Start(process))
            joins += [Join(process, job.model.join_timeout)] if job.model.joined else []
    return starts + joins


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
    raise InvalidFile((Problem("--start-method", 1, 1, max(1, len(given)), given, message, help),))
