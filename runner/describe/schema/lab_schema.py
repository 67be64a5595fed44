"""Generate the JSON Schema of `shared:` and of steps from the tables that the readers use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.describe.steps.reader import NOT_VARIABLES
from runner.describe.steps.step_types import IN_DO, IN_MAIN, STEPS
from runner.describe.steps.step_values import MAX_TIMES, deadly_signals, ignorable_signals
from runner.describe.steps.thing_kinds import KINDS, MAX_LENGTH, MAX_PERMITS, OPTIONS, RESERVED
from runner.describe.yaml import durations
from runner.model.dtypes import DTYPES

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue

    from runner.describe.steps.step_types import Option

_NAME = "^[A-Za-z_][A-Za-z0-9_]*$"
_OF_THE_OLDEST_PYTHON = """
    ArithmeticError AssertionError AttributeError BlockingIOError BrokenPipeError BufferError BytesWarning
    ChildProcessError ConnectionAbortedError ConnectionError ConnectionRefusedError ConnectionResetError
    DeprecationWarning EOFError EncodingWarning EnvironmentError Exception FileExistsError FileNotFoundError
    FloatingPointError FutureWarning IOError ImportError ImportWarning IndentationError IndexError InterruptedError
    IsADirectoryError KeyError LookupError MemoryError ModuleNotFoundError NameError NotADirectoryError
    NotImplementedError OSError OverflowError PendingDeprecationWarning PermissionError ProcessLookupError
    RecursionError ReferenceError ResourceWarning RuntimeError RuntimeWarning StopAsyncIteration StopIteration
    SyntaxError SyntaxWarning SystemError TabError TimeoutError TypeError UnboundLocalError UnicodeError
    UnicodeWarning UserWarning ValueError Warning ZeroDivisionError
"""
EXCEPTIONS = _OF_THE_OLDEST_PYTHON.split()
"""An editor proposes the same exceptions on every Python; newer ones can be raised, too."""
_NUMBER: JsonSchemaValue = {"type": ["number", "boolean"]}
_ARGUMENTS: dict[str, JsonSchemaValue] = {
    "nothing": {"type": "null"},
    "permits": {"type": "integer", "minimum": 0, "maximum": MAX_PERMITS},
    "parties": {"type": "integer", "minimum": 1, "maximum": MAX_PERMITS},
    "size": {"type": "integer", "minimum": 0, "maximum": MAX_PERMITS},
    "flag": {"type": "boolean"},
    "number": _NUMBER,
    "numbers": {
        "anyOf": [
            {"type": "array", "items": _NUMBER, "minItems": 1},
            {"type": "integer", "minimum": 1, "maximum": MAX_LENGTH},
        ]
    },
    "items": {"type": "array"},
    "mapping": {"type": "object"},
}
_OPTIONS: dict[str, JsonSchemaValue] = {"trace": {"type": "boolean"}, "dtype": {"enum": list(DTYPES)}}
_VALUES: dict[str, JsonSchemaValue] = {
    "value": {},
    "duration": durations.SCHEMA,
    "limit": durations.LIMIT_SCHEMA,
    "count": {"type": "integer", "minimum": 0, "maximum": MAX_TIMES},
    "text": {"type": "string"},
    "bool": {"type": "boolean"},
    "signal": {"enum": ignorable_signals()},
    "deadly": {"enum": deadly_signals()},
    "exception": {"enum": EXCEPTIONS},
    "name": {"type": "string", "pattern": _NAME, "not": {"enum": list(NOT_VARIABLES)}},
    "thing": {"type": "string"},
    "steps": {"$ref": "#/$defs/do"},
    "nothing": {"type": "null"},
}


def shared_schema() -> JsonSchemaValue:
    """Return the schema of the mapping `shared:`."""
    bare = [name for name, kind in KINDS.items() if kind.default is not ...]
    return {
        "description": "Things that processes share, by name; targets get them as `$name`.",
        "type": "object",
        "propertyNames": {"pattern": _NAME, "not": {"enum": list(RESERVED)}},
        "additionalProperties": {
            "if": {"type": "string"},
            "then": {"enum": bare},
            "else": {"type": "object"} | _one_of({name: _thing(name) for name in KINDS}),
        },
    }


def _thing(name: str) -> JsonSchemaValue:
    kind = KINDS[name]
    argument = _ARGUMENTS[kind.argument]
    if name == "namespace":
        argument = argument | {"propertyNames": {"pattern": r"^[^_\s]\S*$"}}
    if kind.default is not ...:
        argument = _or_nothing(argument)
    own = {option: _OPTIONS[option] | {"description": OPTIONS[option]} for option in kind.options}
    return {"properties": {name: argument | {"description": kind.says}, **own}, "additionalProperties": False}


def do_schema() -> JsonSchemaValue:
    """Return the schema of a list of steps of a process."""
    return {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/do_step"}}


def do_step_schema() -> JsonSchemaValue:
    """Return the schema of one step of a process: a mapping, or its name alone if it needs nothing else."""
    bare = [name for name in IN_DO if STEPS[name].bare is not ...]
    steps = {"type": "object"} | _one_of({name: _step(name) for name in IN_DO})
    return {
        "description": "One step of a process.",
        "if": {"type": "string"},
        "then": {"enum": bare},
        "else": steps,
    }


def main_steps() -> dict[str, JsonSchemaValue]:
    """Return the schemas of main's steps on shared things, by name."""
    return {name: _step(name) for name in IN_MAIN}


def _step(name: str) -> JsonSchemaValue:
    kind = STEPS[name]
    argument = _value(kind.argument)
    if kind.bare is not ...:
        argument = _or_nothing(argument)
    properties: JsonSchemaValue = {name: argument | {"description": f"{kind.says} {kind.argument.says}"}}
    properties |= {key: _value(option) | {"description": option.says} for key, option in kind.options.items()}
    required = [name, *(key for key, option in kind.options.items() if option.required)]
    return {"properties": properties, "required": required, "additionalProperties": False}


def _or_nothing(schema: JsonSchemaValue) -> JsonSchemaValue:
    """Return a schema that also allows null; one that allows anything, or only null, allows that already."""
    return schema if not schema or schema.get("type") == "null" else {"anyOf": [schema, {"type": "null"}]}


def _value(option: Option) -> JsonSchemaValue:
    return dict(_VALUES[option.kind])


def _one_of(schemas: dict[str, JsonSchemaValue]) -> JsonSchemaValue:
    """Return `if there is this key … then … else …`: a wrong option is reported against its own step alone."""
    chain: JsonSchemaValue = {"oneOf": [{"required": [name]} for name in schemas]}
    for name, schema in reversed(schemas.items()):
        chain = {"if": {"required": [name]}, "then": schema, "else": chain}
    return chain
