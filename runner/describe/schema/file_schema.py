"""Generate the JSON Schema of a file from the models, for editors.

An entry of `jobs:` is checked against the model of its own type only: a chain of `if`s by `type` rather than
`anyOf`, which would report a wrong key once for each type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    from pydantic.json_schema import JsonSchemaValue

    from runner.model.json_types import Json


_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_REF = "#/$defs/{}"
_PROCESSES: JsonSchemaValue = {
    "description": "A process, a job (all its processes), a list of these, or `all`, in order.",
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
}
_MODIFIERS: dict[str, JsonSchemaValue] = {
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


def build_schema(types: Sequence[str] | None = None) -> JsonSchemaValue:
    """Return the schema of a file with these job types; by default, with all that are installed."""
    models = {name: find(name).model for name in (names() if types is None else types)}
    every: list[type[BaseModel]] = [RunFile, *models.values()]
    references, definitions = models_json_schema(
        [(model, "validation") for model in every], ref_template=_REF.format("{model}")
    )
    defs: JsonSchemaValue = definitions["$defs"]
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
    return _tidied(top)


def _by_type(references: dict[str, JsonSchemaValue]) -> JsonSchemaValue:
    """Return `if type is … then … else …`; an entry without a type has the default one."""
    chain: JsonSchemaValue = {"properties": {"type": {"enum": list(references)}}, "required": ["type"]}
    for name, reference in reversed(references.items()):
        condition: JsonSchemaValue = {"properties": {"type": {"const": name}}}
        if name != DEFAULT:
            condition["required"] = ["type"]
        chain = {"if": condition, "then": reference, "else": chain}
    return {"type": "object"} | chain


def _require_one_of_alternatives(definition: JsonSchemaValue) -> None:
    """Require `target`, `class` or `do`: a validator of the model does, which pydantic cannot express in the schema."""
    if {"target", "class", "do"} <= definition["properties"].keys():
        definition["oneOf"] = [{"required": ["target"]}, {"required": ["class"]}, {"required": ["do"]}]
        steps = definition["properties"]["do"]
        # Without the alternative `null` a wrong step is reported itself, and not that the list is neither.
        definition["properties"]["do"] = {"$ref": _REF.format("do"), "description": steps["description"]}
        definition["dependentSchemas"] = {"do": {"properties": {"args": False, "kwargs": False}}}


def _step() -> JsonSchemaValue:
    """Return the schema of a step of `main`: one order, with the keys that belong to it."""
    acts = lab_schema.main_steps()
    chain: JsonSchemaValue = {"oneOf": [{"required": [order]} for order in (*ORDERS, *acts)]}
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


def _name(reference: JsonSchemaValue) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _tidied(schema: JsonSchemaValue) -> JsonSchemaValue:
    """Return the schema without pydantic's titles of fields, which only repeat the key, and with one-line
    descriptions."""
    tidied = {key: _tidied_value(item) for key, item in schema.items()}
    if isinstance(description := tidied.get("description"), str):
        tidied["description"] = " ".join(description.split())
    if tidied.get("default", ...) is None:
        del tidied["default"]
    if isinstance(tidied.get("title"), str) and "$schema" not in tidied:
        del tidied["title"]
    return tidied


def _tidied_value(value: Json) -> Json:
    if isinstance(value, list):
        return [_tidied_value(item) for item in value]
    return _tidied(value) if isinstance(value, dict) else value
