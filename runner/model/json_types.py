"""The types of JSON data: any value, an encoded argument, a step of `do:`, an exception.

Children do not import this module; only a type checker does.
"""

from __future__ import annotations

from typing import Required, TypeAlias, TypedDict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.words import EndedBy

Json: TypeAlias = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""A value of JSON, of any type."""

Encoded: TypeAlias = Json
"""An encoded argument: see `runner.model.arguments`."""


class Error(TypedDict):
    """An exception. `traceback` is as Python prints it, without the frames of run-jobs."""

    type: str
    message: str
    traceback: str | None


class EndRecord(TypedDict, total=False):
    """How a process ended, as it recorded it itself; `left_at` is when it left (monotonic)."""

    cpu_seconds: float
    ended_by: EndedBy
    error: Error
    left_at: float
    max_rss: int
    result: Json
    returned: str


class Ref(TypedDict):
    """A shared thing in a step, by its name."""

    ref: str


_Named = TypedDict("_Named", {"as": str}, total=False)


class StepKeys(_Named, total=False):
    """The keys that steps of a plan and of a script share.

    The name of the step is under `step`, the kind of the thing `to` under `kind`. `at`, `message` and `value` are
    encoded.
    """

    step: str
    at: Encoded
    daemon: bool
    end: str
    exception: str
    into: Ref
    kind: str
    message: Encoded
    n: int
    name: str
    nothing: None
    signal: str
    thing: Ref
    timeout: float
    to: Ref
    value: Encoded


class StepData(StepKeys, total=False):
    """A step of a plan; `describe.steps.step_types.STEPS` lists the keys of each step."""

    do: list[StepData]
    seconds: float
    times: int


class JobData(TypedDict):
    """The fields of a job whose form in JSON differs from that in a plan."""

    processes: list[int]
    progress: dict[str, Json] | None


class ProcessData(TypedDict, total=False):
    """The fields of a process whose form in JSON differs from that in a plan; fields with the most frequent value are
    left out."""

    args: list[Json]
    do: list[StepData]
    expect: dict[str, Json]
    job: Required[str]
    limits: dict[str, Json]
    target: str


class PlanData(TypedDict):
    """The fields of a plan whose form in JSON differs."""

    expect: dict[str, Json] | None
    jobs: list[JobData]
    paths: list[str]
    preload: list[str]
    processes: list[ProcessData]
    shared: list[dict[str, Json]]
    steps: list[tuple[str, *tuple[object, ...]]]


def list_in(value: object) -> list[Json]:
    """Return the value, which must be a list of JSON. Raise `TypeError` if it is not."""
    if not isinstance(value, list):
        raise TypeError(f"expected a list, found {value!r}")
    return value


def mapping_in(value: object) -> dict[str, Json]:
    """Return the value, which must be a mapping of JSON. Raise `TypeError` if it is not."""
    if not isinstance(value, dict):
        raise TypeError(f"expected a mapping, found {value!r}")
    return value
