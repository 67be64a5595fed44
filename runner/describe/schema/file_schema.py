"""Generate the JSON Schema of a file from the models, for editors.

An entry of `jobs:` is checked against the model of its own type only: a chain of `if`s by `type` rather than
`anyOf`, which would report a wrong key once for each type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic.json_schema import models_json_schema

from runner.describe.job_types import DEFAULT, find, names
from runner.describe.plan.main_field import MODIFIERS
from runner.describe.plan.spec import RunFile
from runner.describe.schema import lab_schema
from runner.describe.steps.step_types import IN_MAIN, ORDERS, STEPS
from runner.describe.yaml import durations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel

Schema: TypeAlias = dict[str, Any]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_REF = "#/$defs/{}"
_PROCESSES: Schema = {
    "description": "A process, a job (all its processes), a list of these, or `all`, in order.",
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
}
_MODIFIERS: dict[str, Schema] = {
    "timeout": {
        "description": "How long to wait for each process; the job's `join_timeout` unless given.",
        "anyOf": durations.LIMIT_SCHEMA["anyOf"],
    },
    "as": {"description": "The label that it is shown under.", "type": "string"},
}
_WHAT = {
    "start": "Starts processes.",
    "sleep": "Main sleeps.",
    "join": "Waits for the end of processes.",
    "terminate": "Sends SIGTERM, and SIGKILL after the grace period.",
    "kill": "Sends SIGKILL.",
    "show": "Shows the state, liveness, exit code and repr of processes.",
}


def build_schema(types: Sequence[str] | None = None) -> Schema:
    """The schema of a file with these job types: with all that are installed unless given."""
    models = {name: find(name).model for name in (names() if types is None else types)}
    every: list[type[BaseModel]] = [RunFile, *models.values()]
    references, definitions = models_json_schema(
        [(model, "validation") for model in every], ref_template=_REF.format("{model}")
    )
    defs: Schema = definitions["$defs"]
    top = defs.pop(_name(references[RunFile, "validation"]))
    top["properties"]["jobs"]["items"] = _by_type(
        {name: references[model, "validation"] for name, model in models.items()}
    )
    top["properties"]["main"]["anyOf"][0]["items"] = {"$ref": _REF.format("step")}
    top["properties"]["shared"] = lab_schema.shared_schema()
    defs |= {"step": _step(), "do": lab_schema.do_schema(), "do_step": lab_schema.do_step_schema()}
    for model in models.values():
        _require_one_of_alternatives(defs[_name(references[model, "validation"])])
    top |= {"$schema": _DRAFT, "title": "run-jobs", "$defs": dict(sorted(defs.items()))}
    tidied: Schema = _tidied(top)
    return tidied


def _by_type(references: dict[str, Schema]) -> Schema:
    """`if type is … then … else …`; an entry without a type is of the default one."""
    chain: Schema = {"properties": {"type": {"enum": list(references)}}, "required": ["type"]}
    for name, reference in reversed(references.items()):
        condition: Schema = {"properties": {"type": {"const": name}}}
        if name != DEFAULT:
            condition["required"] = ["type"]
        chain = {"if": condition, "then": reference, "else": chain}
    return {"type": "object"} | chain


def _require_one_of_alternatives(definition: Schema) -> None:
    """`target`, `class` or `do`: said by the model's validator, which no schema is generated from."""
    if {"target", "class", "do"} <= definition["properties"].keys():
        definition["oneOf"] = [{"required": ["target"]}, {"required": ["class"]}, {"required": ["do"]}]
        steps = definition["properties"]["do"]
        # Without the alternative `null` a wrong step is reported itself, and not that the list is neither.
        definition["properties"]["do"] = {"$ref": _REF.format("do"), "description": steps["description"]}
        definition["dependentSchemas"] = {"do": {"properties": {"args": False, "kwargs": False}}}


def _step() -> Schema:
    """A step of `main`: one order, with the keys that belong to it."""
    acts = lab_schema.main_steps()
    chain: Schema = {"oneOf": [{"required": [order]} for order in (*ORDERS, *acts)]}
    for name, act in reversed(acts.items()):
        chain = {"if": {"required": [name]}, "then": act, "else": chain}
    for order in reversed(ORDERS):
        value = durations.SCHEMA if order == "sleep" else _PROCESSES
        own = {key: _MODIFIERS[key] for key, owner in MODIFIERS.items() if owner == order}
        properties = {
            order: value | {"description": f"{_WHAT[order]} {value.get('description', '')}".strip()},
            **own,
        }
        chain = {
            "if": {"required": [order]},
            "then": {"properties": properties, "additionalProperties": False},
            "else": chain,
        }
    bare = [name for name in IN_MAIN if STEPS[name].bare is not ...]
    return {
        "description": "One step of main.",
        "if": {"type": "string"},
        "then": {"enum": bare},
        "else": {"type": "object"} | chain,
    }


def _name(reference: Schema) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _tidied(schema: Any) -> Any:  # a schema is any JSON
    """Without pydantic's titles of fields, which only repeat the key, and with descriptions in one line."""
    if isinstance(schema, list):
        return [_tidied(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    tidied = {key: _tidied(item) for key, item in schema.items()}
    if isinstance(tidied.get("description"), str):
        tidied["description"] = " ".join(tidied["description"].split())
    if tidied.get("default", ...) is None:
        del tidied["default"]
    if isinstance(tidied.get("title"), str) and "$schema" not in tidied:
        del tidied["title"]
    return tidied
