"""Convert a plan to and from JSON, for the supervisor and for the plan cache."""

from __future__ import annotations

import sys

from runner.model import shared_things
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
from runner.model.records import fields_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from runner.model.plan import Json, Step

_STEPS: dict[str, type[Step]] = {
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
    """The plan as JSON data; `from_json` gives an equal plan back."""
    data = fields_of(plan)
    data["processes"] = [_process_to_json(process) for process in plan.processes]
    data["steps"] = [[_STEP_KINDS[type(step)], *fields_of(step).values()] for step in plan.steps]
    data["jobs"] = [
        fields_of(job) | {"progress": fields_of(job.progress) if job.progress else None} for job in plan.jobs
    ]
    data["shared"] = [shared_things.to_json(thing) for thing in plan.shared]
    data["expect"] = fields_of(plan.expect) if plan.expect else None
    return data


def from_json(data: dict[str, Any]) -> Plan:
    """The plan that `to_json` wrote. Raises `KeyError` or `TypeError` for anything else."""
    return Plan(
        **data
        | {
            "processes": tuple(_process_from_json(process) for process in data["processes"]),
            "steps": tuple(_STEPS[kind](*rest) for kind, *rest in data["steps"]),
            "jobs": tuple(_job_from_json(job) for job in data["jobs"]),
            "preload": tuple(data["preload"]),
            "paths": tuple(data["paths"]),
            "shared": tuple(shared_things.from_json(thing) for thing in data["shared"]),
            "expect": Declared(**_tupled(data["expect"])) if data["expect"] else None,
        }
    )


_PLAIN = ProcessPlan("", "")
_NONE: dict[str, Any] = {}
_RECORDS = ("expect", "limits")


def _process_to_json(process: ProcessPlan) -> dict[str, Any]:
    """Its fields but for those that are as in most processes: there may be many."""
    data = {name: value for name, value in fields_of(process).items() if value != getattr(_PLAIN, name)}
    data |= {"name": process.name, "job": process.job}
    return data | {name: fields_of(data[name]) for name in _RECORDS if name in data}


def _process_from_json(data: dict[str, Any]) -> ProcessPlan:
    changes: dict[str, Any] = {"args": tuple(data.get("args", ()))}
    if "do" in data:
        changes["do"] = tuple(data["do"])
    if "expect" in data:
        changes["expect"] = Expect(**_tupled(data["expect"]))
    if "limits" in data:
        changes["limits"] = Limits(**data["limits"])
    # What is the same in many processes is there once.
    changes |= {name: sys.intern(data[name]) for name in ("job", "target") if data.get(name)}
    changes |= {name: _NONE for name in ("kwargs", "env") if name not in data}
    return ProcessPlan(**data | changes)


def _job_from_json(data: dict[str, Any]) -> JobPlan:
    progress = Progress(**data["progress"]) if data["progress"] else None
    return JobPlan(**data | {"processes": tuple(data["processes"]), "progress": progress})


def _tupled(data: dict[str, Any]) -> dict[str, Any]:
    """JSON has lists where there were tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
