"""The public interface for job types. The built-in types use the same interface as users' types.

A type is a class with a model of its fields, `expand` (fields to processes and shared things) and `result`
(final bytes and ends to a report). It is found by the entry point of its name in `run_jobs.job_types`.
"""

from __future__ import annotations

import importlib
import signal
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from runner.describe.fields.checking import fault
from runner.describe.fields.types import Duration, Limit, Name, Size, Template, Variable
from runner.describe.yaml.durations import MOST_S
from runner.describe.yaml.scalars import found
from runner.describe.yaml.suggestions import suggestion
from runner.model.errors import RunJobsError
from runner.model.records import field, record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Self

    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema

    from runner.model.arguments import Encoded
    from runner.model.job_results import End, JobResult
    from runner.model.plan import Progress, SharedPlan

GROUP = "run_jobs.job_types"
DEFAULT = "process"
MOST_FILES = 1_000_000_000
"""Above what any system lets a process open."""
_BUILT_IN = {DEFAULT: "runner.jobtypes.process:Process"}


def _exit_code(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return -signal.Signals[value]
    except KeyError:
        names = [one.name for one in signal.Signals]
        raise fault(
            f"expected a whole number or the name of a signal, found {found(value)}",
            suggestion(value, names, "signals"),
            id="unknown-choice",
        ) from None


class Model(BaseModel):
    """A mapping of the file: strict, frozen, no key that it does not know, built when it is first used."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", defer_build=True)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The schema with the fields' docstrings as descriptions.

        pydantic's `use_attribute_docstrings` would read and parse the sources whenever the class is made: 25 ms.
        """
        from runner.describe.fields.docstrings import attribute_docstrings

        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema)["properties"]
        for name, text in attribute_docstrings(cls).items():
            if name in cls.model_fields:
                properties[cls.model_fields[name].alias or name].setdefault("description", text)
        return schema


class ExpectModel(Model):
    """How a process is declared to end. Anything else is unexpected and fails the run."""

    exit_code: Annotated[
        int | None,
        BeforeValidator(_exit_code),
        WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^SIG[A-Z0-9+-]+$"}]}),
    ] = None
    """The exit code: negative for a death by that signal, which may be written by name (`SIGTERM` is -15)."""

    outcome: Literal["succeeded", "failed", "terminated", "killed", "timed_out", "out_of_memory"] | None = None
    """The outcome."""

    output: list[str] | None = None
    """All lines that it writes on stdout, in order."""

    before: list[str] = Field(default_factory=list)
    """Processes that end after it."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.exit_code is None and self.outcome is None and self.output is None and not self.before:
            raise fault("`exit_code`, `outcome`, `output` or `before` is needed here", id="missing-key")
        return self


class LimitsModel(Model):
    """What the system lets each process have. What is not given is as it is for run-jobs itself."""

    memory: Size | None = None
    """The most memory of its own; shared memory does not count. Beyond it Python raises MemoryError."""

    cpu_seconds: Annotated[int, Field(ge=1, le=MOST_S)] | None = None
    """The most processor time, in seconds. Then SIGXCPU ends the process, and a second later SIGKILL."""

    open_files: Annotated[int, Field(ge=0, le=MOST_FILES)] | None = None
    """The most descriptors open at once."""

    core: Size | None = None
    """The largest core dump; 0 for none."""


class JobModel(Model):
    """The fields that jobs of every type have. A type adds its own, and makes `type` a `Literal`."""

    type: str = DEFAULT
    """The job type: `process` unless said."""

    name: Name | None = None
    """The job's name: how `main` and the output call it. May hold `$index` and `${env.NAME}`."""

    daemon: bool = False
    """Whether the processes are daemons: terminated when main ends, not waited for."""

    join: bool | None = None
    """Whether main joins the processes at its end, in order: true unless `daemon`. Not with `main`."""

    join_timeout: Limit = None
    """How long main waits in each join; no process is stopped by it. Needs a join: a daemon's has to be asked
    for with `join: true`. With `main`, the timeout of join steps that give none."""

    start_delay: Duration = 0.0
    """How long main sleeps right before each start. Not with `main`."""

    terminate_after: Limit = None
    """How long after its own start a process is sent SIGTERM (and after the grace period SIGKILL)."""

    timeout: Limit = None
    """How long a process may run: then it is stopped like any other (SIGTERM, after the grace period SIGKILL), its
    outcome is `timed_out`, and the run fails. Not with `terminate_after`, which is an end that is wanted."""

    on_terminate: Literal["die", "unwind"] = "die"
    """What SIGTERM does: `die` at once, as in plain multiprocessing, or `unwind`: let `finally` run first."""

    env: dict[Variable, Template] = Field(default_factory=dict)
    """Variables added to the environment. Values may hold `$index` and `${env.NAME}`."""

    expect: ExpectModel | None = None
    """How the processes are declared to end. Without it: with exit code 0, or stopped because the file
    asked for it."""

    limits: LimitsModel | None = None
    """What the system lets each process have: memory, processor time, open files."""

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if self.timeout is not None and self.terminate_after is not None:
            message = "a process has `terminate_after` or `timeout`, not both"
            help = "keep `terminate_after` if that end is wanted, `timeout` if it is a failure"
            raise fault(message, help, path=("timeout",), key=True, id="conflicting-keys")
        return self

    @property
    def joined(self) -> bool:
        """Whether main, where the file has none, joins the processes."""
        return not self.daemon if self.join is None else self.join


@record(frozen=True, slots=True)
class Draft:
    """One process that a job type asks for. Exactly one of `target`, `cls` and `do` is given.

    `args` and `kwargs` are encoded (see `runner.model.arguments`, and `placeholders.encode`). `do` are steps as
    `runner.describe.steps.reader` reads them. `cwd` and the values of
    `env` may hold `$index` and `${env.NAME}`, `name` may hold `$index`: the place among the job's drafts.
    """

    name: str | None = None
    target: str | None = None
    cls: str | None = None
    args: tuple[Encoded, ...] = ()
    kwargs: Mapping[str, Encoded] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str | None = None
    do: Sequence[Mapping[str, Any]] | None = None


@record(frozen=True, slots=True)
class Expansion:
    """What a job becomes: its processes in creation order, and the shared things made for them."""

    processes: tuple[Draft, ...]
    shared: tuple[SharedPlan, ...] = ()
    progress: Progress | None = None


M = TypeVar("M", bound=JobModel)


class JobType(ABC, Generic[M]):
    """A kind of job. `name` is what `type:` says, `model` the fields."""

    name: str
    model: type[M]

    @abstractmethod
    def expand(self, job: M, label: str) -> Expansion:
        """The processes and shared things of a job. `label` is the job's name, unique in the run."""

    def result(self, job: M, values: Mapping[str, bytes], ends: Sequence[End]) -> JobResult | None:
        """What the job reports, from the final bytes of its shared arrays, by name, and the ends."""
        return None


AnyJobType = JobType[JobModel]


class UnknownJobType(RunJobsError):
    """There is no such job type, or it cannot be loaded; `help` says what to do."""

    def __init__(self, message: str, help: str | None) -> None:
        super().__init__(message)
        self.help = help


def find(type: str) -> AnyJobType:
    """The job type of this name. Raises `UnknownJobType`.

    Entry points are looked up only for a type that is not built in: that takes 30 ms.
    """
    place = _BUILT_IN.get(type) or _installed().get(type)
    if place is None:
        help = suggestion(type, names(), "job types")
        raise UnknownJobType(f"there is no job type `{type}`", help)
    module, _, name = place.partition(":")
    try:
        job_type: AnyJobType = getattr(importlib.import_module(module), name)()
    except Exception as error:  # anything may happen in the import of another author's module
        what = f"{error.__class__.__name__}: {error}"
        raise UnknownJobType(f"the job type `{type}` ({place}) cannot be loaded: {what}", None) from error
    return job_type


def names() -> list[str]:
    """The names of all job types, the built-in one first."""
    return [*_BUILT_IN, *sorted(_installed().keys() - _BUILT_IN.keys())]


def _installed() -> dict[str, str]:
    from importlib.metadata import entry_points

    return {point.name: point.value for point in entry_points(group=GROUP)}
