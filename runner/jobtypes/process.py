"""The job type `process`: run one target or `Process` subclass in one or more processes."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Literal, cast

from pydantic import Field, model_validator

from runner.describe.fields.placeholders import encode
from runner.describe.fields.targets import built_in
from runner.describe.fields.types import Argument, ClassPath, Target, Template
from runner.describe.fields.validation_errors import fault
from runner.describe.job_types import Draft, Expansion, JobModel, JobType
from runner.describe.steps.do_field import DoSteps
from runner.describe.yaml import durations
from runner.model.signatures import blamed, misfit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Self

    from runner.describe.yaml.document import Path
    from runner.model.json_types import StepData


class ProcessJob(JobModel):
    """A process that runs a target, or an object of a `Process` subclass."""

    type: Literal["process"] = "process"
    """The job type: `process` by default."""

    target: Target | None = None
    """What the process runs: `package.module:function`, or the name of a built-in worker."""

    class_: ClassPath | None = Field(None, alias="class")
    """Instead of `target`: a subclass of `multiprocessing.Process`, as `package.module:Class`."""

    do: DoSteps | None = None
    """Instead of `target`: what the process does, step by step."""

    args: list[Argument] = Field(default_factory=list)
    """Arguments by position. Text may contain `$name`, `$index`, `$pid` and `${env.NAME}`."""

    kwargs: dict[str, Argument] = Field(default_factory=dict)
    """Arguments by name. Text may contain `$name`, `$index`, `$pid` and `${env.NAME}`."""

    cwd: Template | None = None
    """The folder that the process runs in, relative to the file's."""

    replicas: Annotated[int, Field(ge=1, le=100_000)] = 1
    """The number of such processes; `$index` counts them from 0. With a name `w` they are `w-0`, `w-1`, …"""

    @model_validator(mode="after")
    def _one_of_target_class_and_do(self) -> Self:
        given = [name for name, one in (("target", self.target), ("class", self.class_), ("do", self.do)) if one]
        if len(given) > 1:
            message = f"a process has `{given[0]}` or `{given[1]}`, not both"
            raise fault(message, "remove one of them", path=(given[1],), key=True, id="conflicting-keys")
        if not given:
            help = "add target: package.module:function, or do: with steps"
            raise fault("a process needs `target`, `class` or `do`", help, id="missing-key")
        if self.do is not None:
            for name in ("args", "kwargs"):
                if name in self.model_fields_set:
                    message = f"`{name}` has no effect with `do`"
                    raise fault(message, "remove it", path=(name,), key=True, id="no-effect")
        return self

    @model_validator(mode="after")
    def _arguments_of_a_built_in_worker(self) -> Self:
        """Check the arguments of built-in workers, which needs no import; other targets are imported before a start."""
        worker = built_in(self.target or "")
        if worker is not None:
            message = misfit(worker, worker.__name__, self.args, self.kwargs)
            if message:
                raise fault(message, path=(blamed(self.args, self.kwargs) or "target",), id="wrong-arguments")
            for path, name, value in _named(worker, self.args, self.kwargs):
                if name in _SECONDS and isinstance(value, int | float) and not isinstance(value, bool):
                    _check_seconds(value, f"`{name}` of `{worker.__name__}`", path)
        return self

    @property
    def steps(self) -> list[StepData] | None:
        """The steps of `do`, as `runner.describe.steps.reader` reads them."""
        return cast("list[StepData] | None", self.do)


class Process(JobType[ProcessJob]):
    """The job type `process`."""

    name = "process"
    model = ProcessJob

    def expand(self, job: ProcessJob, label: str) -> Expansion:
        """Return one draft for each replica."""
        args = tuple(encode(value) for value in job.args)
        kwargs = {key: encode(value) for key, value in job.kwargs.items()}
        return Expansion(
            tuple(
                Draft(_name(job, index), job.target, job.class_, args, kwargs, cwd=job.cwd, do=job.steps)
                for index in range(job.replicas)
            )
        )


_SECONDS = ("seconds", "every")
"""Parameters of built-in workers that are passed to the system as a number of seconds."""


def _named(
    worker: Callable[..., object], args: Sequence[object], kwargs: Mapping[str, object]
) -> Iterator[tuple[Path, str, object]]:
    """Return the arguments of a built-in worker, each with its path in the job and the name of its parameter."""
    for place, (name, value) in enumerate(zip(inspect.signature(worker).parameters, args, strict=False)):
        yield ("args", place), name, value
    for name, value in kwargs.items():
        yield ("kwargs", name), name, value


def _check_seconds(value: float, what: str, path: Path) -> None:
    try:
        durations.seconds(value)
    except durations.BadDuration as error:
        raise fault(f"{what}: {error}", path=path, id="not-a-duration") from None


def _name(job: ProcessJob, index: int) -> str | None:
    if job.name is None or job.replicas == 1 or "$" in job.name:
        return job.name
    return f"{job.name}-{index}"
