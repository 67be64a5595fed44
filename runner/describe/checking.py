"""What pydantic finds wrong, as problems in plain words at their places in the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from runner.describe.scalars import old_meaning, shortened
from runner.describe.suggestions import listed, suggestion

if TYPE_CHECKING:
    from runner.describe.document import Document, Path
    from runner.errors import Problem

_EXPECTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("above", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("below", "lt"),
}
_FAULT = "fault"


def fault(
    message: str,
    help: str | None = None,
    *,
    path: Path = (),
    key: bool = False,
    within: tuple[int, int] | None = None,
) -> PydanticCustomError:
    """What a validator of a job model raises: a problem at `path` below the value that it validates.

    `key` shows it at the key rather than at the value; `within` narrows it to (offset, width) of the text.
    """
    context = {"problem": message, "help": help, "path": path, "key": key, "within": within}
    return PydanticCustomError(_FAULT, "{problem}", context)


def problems(
    error: ValidationError, model: type[BaseModel], document: Document, at: Path, where: str
) -> list[Problem]:
    """The problems of a mapping at the path `at`; `where` names the mapping, as in "in a `process` job"."""
    return [_problem(found, model, document, at, where) for found in error.errors(include_url=False)]


def found(value: object) -> str:
    """A value of a file, in words: "the text `no`"."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {shortened(str(value))}"
        case str():
            return f"the text `{shortened(value)}`"
        case list():
            return "a list"
    return "a mapping"


def instead_of(expected: str, value: object) -> str | None:
    """What to write where another type was expected."""
    if not isinstance(value, str):
        if expected == "text" and isinstance(value, int | float) and not isinstance(value, bool):
            return f'put it in quotes: "{value}"'
        if expected == "text" and isinstance(value, dict):
            return "text that begins with `{` or holds `: ` must be in quotes"
        return "put it in brackets: [ ]" if expected == "a list" and value is not None else None
    if expected == "a list":
        return f"put it in brackets: [{shortened(value)}]"
    if expected in ("text", "a mapping"):
        return None
    if re.fullmatch(r"[-+0-9._]+|true|false", value):
        return f"write {value} without quotes" if not old_meaning(value) else old_meaning(value)
    return old_meaning(value)


def _problem(
    error: ErrorDetails, model: type[BaseModel], document: Document, at: Path, where: str
) -> Problem:
    loc, kind, context = error["loc"], error["type"], error.get("ctx", {})
    path: Path = at + loc
    value: object = error["input"]
    name = _named(loc)
    if kind == _FAULT:
        return document.problem(
            path + context["path"],
            context["problem"],
            context["help"],
            key=context["key"],
            within=context["within"],
        )
    if loc and loc[-1] == "[key]":
        return document.problem(
            path[:-1],
            f"{_named(loc[:-2])}expected text as a key, found {found(value)}",
            _quoted(value),
            key=True,
        )
    if kind == "extra_forbidden":
        inside = where if len(loc) == 1 else f"in `{loc[-2]}`"
        help = suggestion(str(loc[-1]), _keys(model, loc[:-1]), "keys here")
        return document.problem(path, f"unknown key `{shortened(str(loc[-1]))}` {inside}", help, key=True)
    if kind == "missing":
        inside = where if len(loc) == 1 else f"in `{loc[-2]}`"
        return document.problem(path[:-1], f"the key `{loc[-1]}` is missing {inside}")
    if kind == "literal_error":
        return document.problem(path, *_not_one_of(name, context["expected"], value))
    if kind in _EXPECTED:
        expected = _EXPECTED[kind]
        return document.problem(
            path, f"{name}expected {expected}, found {found(value)}", instead_of(expected, value)
        )
    if kind in _BOUNDS:
        words, bound = _BOUNDS[kind]
        return document.problem(path, f"{name}must be {words} {context[bound]}, not {shortened(str(value))}")
    return document.problem(path, f"{name}{error['msg'][:1].lower()}{error['msg'][1:]}")


def _not_one_of(name: str, expected: str, value: object) -> tuple[str, str | None]:
    choices = re.findall(r"'([^']*)'", expected)
    help = suggestion(value, choices, "choices") if isinstance(value, str) else None
    return f"{name}expected {listed(choices)}, found {found(value)}", help if help and help.startswith(
        "did"
    ) else None


def _named(loc: tuple[int | str, ...]) -> str:
    text = ""
    for step in loc:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return f"`{text}`: " if text else ""


def _quoted(value: object) -> str:
    return f'put it in quotes: "{shortened(str(value))}"'


def _keys(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """The keys that the mapping at `loc` may have."""
    for step in loc:
        inner = next((f for name, f in model.model_fields.items() if step in (name, f.alias)), None)
        nested = _model_in(inner.annotation) if inner else None
        if nested is None:
            return []
        model = nested
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:  # an annotation can be anything
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((inner for inner in map(_model_in, get_args(annotation)) if inner), None)
