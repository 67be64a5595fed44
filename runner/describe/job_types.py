"""The public interface for job types. The built-in types use the same interface as users' types.

A type is a class with a model of its fields, `expand` (from fields to processes and shared things) and `result` (from
final bytes and ends to a report). It is found by the entry point of its name in `run_jobs.job_types`.
"""

from __future__ import annotations

import importlib
import signal
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from runner.describe.fields.types import Duration, Limit, Name, Size, Template, Variable
from runner.describe.fields.validation_errors import fault
from runner.describe.yaml.durations import MAX_DURATION_S
from runner.describe.yaml.scalars import found
from runner.describe.yaml.suggestions import suggestion
from runner.model.errors import RunJobsError
from runner.model.records import field, record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

    from runner.model.job_results import End, JobResult
    from runner.model.json_types import Encoded
    from runner.model.plan import Progress
    from runner.model.shared_things import SharedPlan

GROUP = "run_jobs.job_types"
DEFAULT = "process"
MAX_FILES = 1_000_000_000
"""More files than any system lets a process open."""
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
    """A mapping of the file: strict, frozen, without unknown keys, built when it is first used."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", defer_build=True)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return the schema with the fields' docstrings as descriptions.

        pydantic's `use_attribute_docstrings` would read and parse the sources whenever the class is created: 25 ms.
        """
        from runner.describe.fields.docstrings import attribute_docstrings

        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema)["properties"]
        for name, text in attribute_docstrings(cls).items():
            if name in cls.model_fields:
                properties[cls.model_fields[name].alias or name].setdefault("description", text)
        return schema


class ExpectModel(Model):
    """The declared end of a process. Every other end is unexpected and fails the run."""

    exit_code: Annotated[
        int | None,
        BeforeValidator(_exit_code),
        WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^SIG[A-Z0-9+-]+$"}]}),
    ] = None
    """The exit code: negative for a death by that signal, which may be written by name (`SIGTERM` is -15)."""

    outcome: Literal["succeeded", "failed", "terminated", "killed", "timed_out", "out_of_memory"] | None = None
    """The outcome."""

    output: list[str] | None = None
    """All lines that it writes to stdout, in order."""

    before: list[str] = Field(default_factory=list)
    """Processes that end after it."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.exit_code is None and self.outcome is None and self.output is None and not self.before:
            raise fault("`exit_code`, `outcome`, `output` or `before` is needed here", id="missing-key")
        return self


class LimitsModel(Model):
    """The resources that the system lets each process have. A limit that is not given is inherited from run-jobs."""

    memory: Size | None = None
    """The most private memory; shared memory does not count. Beyond it Python raises MemoryError."""

    cpu_seconds: Annotated[int, Field(ge=1, le=MAX_DURATION_S)] | None = None
    """The most processor time, in seconds. Then SIGXCPU ends the process, and a second later SIGKILL."""

    open_files: Annotated[int, Field(ge=0, le=MAX_FILES)] | None = None
    """The largest number of descriptors open at once."""

    core: Size | None = None
    """The largest core dump; 0 for none."""


class JobModel(Model):
    """The fields that jobs of every type have. A type adds its own, and makes `type` a `Literal`."""

    type: str = DEFAULT
    """The job type: `process` by default."""

    name: Name | None = None
    """The job's name in `main` and in the output. May contain `$index` and `${env.NAME}`."""

    daemon: bool = False
    """Whether the processes are daemons: terminated when main ends, not waited for."""

    join: bool | None = None
    """Whether main joins the processes at its end, in order: true unless `daemon`. Not with `main`."""

    join_timeout: Limit = None
    """How long main waits in each join; it never stops a process. Needs a join: for a daemon, `join: true`. With
    `main`, the timeout of join steps that have none."""

    start_delay: Duration = 0.0
    """How long main sleeps right before each start. Not with `main`."""

    terminate_after: Limit = None
    """How long after its own start a process is sent SIGTERM (and after the grace period SIGKILL)."""

    timeout: Limit = None
    """How long a process may run: then it is stopped like any other (SIGTERM, after the grace period SIGKILL), its
    outcome is `timed_out`, and the run fails. Not with `terminate_after`, which is for a wanted end."""

    on_terminate: Literal["die", "unwind"] = "die"
    """The effect of SIGTERM: `die` at once, as in plain multiprocessing, or `unwind`: let `finally` run first."""

    env: dict[Variable, Template] = Field(default_factory=dict)
    """Variables added to the environment. Values may contain `$index` and `${env.NAME}`."""

    expect: ExpectModel | None = None
    """The declared end of the processes. Without it: exit code 0, or stopped because the file asked for it."""

    limits: LimitsModel | None = None
    """The resources that the system lets each process have: memory, processor time, open files."""

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if self.timeout is not None and self.terminate_after is not None:
            message = "a process has `terminate_after` or `timeout`, not both"
            help = "keep `terminate_after` if that end is wanted, `timeout` if it is a failure"
            raise fault(message, help, path=("timeout",), key=True, id="conflicting-keys")
        return self

    @property
    def joined(self) -> bool:
        """Whether main joins the processes, if the file has no `main`."""
        return not self.daemon if self.join is None else self.join


@record(frozen=True, slots=True)
class Draft:
    """One process that a job type asks for. Exactly one of `target`, `cls` and `do` is given.

    `args` and `kwargs` are encoded (see `runner.model.arguments`, and `placeholders.encode`). `do` are steps as
    `runner.describe.steps.reader` reads them. `cwd` and the values of `env` may contain `$index` and `${env.NAME}`,
    `name` may contain `$index`: the draft's index among those of the job.
    """

    name: str | None = None
    target: str | None = None
    cls: str | None = None
    args: tuple[Encoded, ...] = ()
    kwargs: Mapping[str, Encoded] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str | None = None
    do: Sequence[Mapping[str, object]] | None = None


@record(frozen=True, slots=True)
class Expansion:
    """The expansion of a job: its processes in creation order, and the shared things made for them."""

    processes: tuple[Draft, ...]
    shared: tuple[SharedPlan, ...] = ()
    progress: Progress | None = None


M = TypeVar("M", bound=JobModel)


class JobType(ABC, Generic[M]):
    """A kind of job. `name` is the value of `type:`, `model` the fields."""

    name: str
    model: type[M]

    @abstractmethod
    def expand(self, job: M, label: str) -> Expansion:
        """Return the processes and shared things of a job. `label` is the job's name, unique in the run."""

    def result(self, job: M, values: Mapping[str, bytes], ends: Sequence[End]) -> JobResult | None:
        """Return the job's report, from the final bytes of its shared arrays, by name, and the ends."""
        return None


AnyJobType = JobType[JobModel]


class UnknownJobType(RunJobsError):
    """There is no such job type, or it cannot be loaded; `help` is what to do."""

    def __init__(self, message: str, help: str | None) -> None:
        super().__init__(message)
        self.help = help


def find(type: str) -> AnyJobType:
    """Return the job type of this name. Raise `UnknownJobType`.

    Entry points are looked up only for a type that is not built in: that takes 30 ms.
    """
    place = _BUILT_IN.get(type) or _installed().get(type)
    if place is None:
        help = suggestion(type, names(), "job types")
        raise UnknownJobType(f"there is no job type `{type}`", help)
    module, _, name = place.partition(":")
    try:
        job_type: AnyJobType = getattr(importlib.import_module(module), name)()
    except Exception as error:  # the import of another author's module may raise anything
        what = f"{error.__class__.__name__}: {error}"
        raise UnknownJobType(f"the job type `{type}` ({place}) cannot be loaded: {what}", None) from error
    return job_type


def names() -> list[str]:
    """Return the names of all job types, the built-in one first."""
    return [*_BUILT_IN, *sorted(_installed().keys() - _BUILT_IN.keys())]


def _installed() -> dict[str, str]:
    from importlib.metadata import entry_points

    return {point.name: point.value for point in entry_points(group=GROUP)}
