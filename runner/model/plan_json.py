"""Convert a plan to and from JSON, for the supervisor and for the plan cache."""

from __future__ import annotations

import sys

from runner.model import shared_things
from runner.model.mapped_sequence import MappedSequence, lines_of
from runner.model.plan import (
    Act,
    Declared,
    Expect,
    JobPlan,
    Join,
    Kill,
    Limits,
    Plan,
    ProcessPlan,
    Progress,
    Show,
    Sleep,
    Start,
    Terminate,
)
from runner.model.records import fields_of, from_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeVar

    from runner.model.json_types import JobData, Json, PlanData, ProcessData
    from runner.model.plan import Step

    Given = TypeVar("Given")
    Made = TypeVar("Made")

_STEPS: dict[str, Callable[..., Step]] = {
    "start": Start,
    "sleep": Sleep,
    "join": Join,
    "terminate": Terminate,
    "kill": Kill,
    "show": Show,
    "act": Act,
}
_STEP_KINDS = {cls: kind for kind, cls in _STEPS.items()}


def to_json(plan: Plan) -> dict[str, Json]:
    """Return the plan as JSON data, from which `from_json` makes an equal plan."""
    data = fields_of(plan)
    data["processes"] = [_process_to_json(process) for process in plan.processes]
    data["steps"] = [[_STEP_KINDS[type(step)], *fields_of(step).values()] for step in plan.steps]
    data["jobs"] = [_job_to_json(job) for job in plan.jobs]
    data["shared"] = [shared_things.to_json(thing) for thing in plan.shared]
    data["expect"] = fields_of(plan.expect) if plan.expect else None
    return data


MAX_UNPACKED = 2_000
"""Longer lists of a plan are packed for the supervisor: below that, reading records again costs more than it saves."""


def packed(plan: Plan) -> dict[str, Json]:
    """Return the plan as `to_json` does, but long lists as text, of which `from_json` makes `MappedSequence` sequences.

    A plan with shared things stays as it is: each look for deadlocks goes through all of its processes and steps.
    """
    if plan.shared:
        return to_json(plan)
    return _with_texts(to_json(plan)) | {"jobs": [_with_texts(_job_to_json(job)) for job in plan.jobs]}


def _with_texts(data: dict[str, Json]) -> dict[str, Json]:
    long = {name: each for name, each in data.items() if isinstance(each, list | tuple) and len(each) > MAX_UNPACKED}
    return data | {name: lines_of(each) for name, each in long.items()}


def from_json(data: PlanData) -> Plan:
    """Return the plan that `to_json` or `packed` wrote. Raise `KeyError` or `TypeError` for anything else."""
    converted = {
        "processes": _sequence(data["processes"], _process_from_json),
        "steps": _sequence(data["steps"], _step_from_json),
        "jobs": tuple(_job_from_json(job) for job in data["jobs"]),
        "preload": tuple(data["preload"]),
        "paths": tuple(data["paths"]),
        "shared": tuple(shared_things.from_json(thing) for thing in data["shared"]),
        "expect": from_fields(Declared, _tupled(data["expect"])) if data["expect"] else None,
    }
    return from_fields(Plan, {**data, **converted})


def _sequence(data: Sequence[Given] | str, make: Callable[[Given], Made]) -> Sequence[Made]:
    """Return the records of a list, or of the text that `packed` has put in its place."""
    return MappedSequence(data, make) if isinstance(data, str) else tuple(map(make, data))


def _step_from_json(data: tuple[str, *tuple[object, ...]]) -> Step:
    kind, *rest = data
    return _STEPS[kind](*rest)


_PLAIN = ProcessPlan("", "")
_NONE: dict[str, object] = {}
_RECORDS = ("expect", "limits")


def _process_to_json(process: ProcessPlan) -> dict[str, Json]:
    """Return the fields that differ from those of most processes: a plan may have many processes."""
    data = {name: value for name, value in fields_of(process).items() if value != getattr(_PLAIN, name)}
    data |= {"name": process.name, "job": process.job}
    return data | {name: fields_of(data[name]) for name in _RECORDS if name in data}


def _process_from_json(data: ProcessData) -> ProcessPlan:
    changes: dict[str, object] = {"args": tuple(data.get("args", ()))}
    if "do" in data:
        changes["do"] = tuple(data["do"])
    if "expect" in data:
        changes["expect"] = from_fields(Expect, _tupled(data["expect"]))
    if "limits" in data:
        changes["limits"] = from_fields(Limits, data["limits"])
    # What is the same in many processes is there once.
    changes["job"] = sys.intern(data["job"])
    if "target" in data:
        changes["target"] = sys.intern(data["target"])
    changes |= {name: _NONE for name in ("kwargs", "env") if name not in data}
    return from_fields(ProcessPlan, {**data, **changes})


def _job_to_json(job: JobPlan) -> dict[str, Json]:
    return fields_of(job) | {"progress": fields_of(job.progress) if job.progress else None}


def _job_from_json(data: JobData) -> JobPlan:
    progress = from_fields(Progress, data["progress"]) if data["progress"] else None
    return from_fields(JobPlan, {**data, "processes": _sequence(data["processes"], int), "progress": progress})


def _tupled(data: Mapping[str, Json]) -> dict[str, object]:
    """Return the fields with tuples in place of JSON's lists."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
