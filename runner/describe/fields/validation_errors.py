"""Convert pydantic's errors into problems in plain words, with source positions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from runner.describe.yaml.scalars import found, old_meaning, shortened
from runner.describe.yaml.suggestions import listed, nearest, suggestion
from runner.model.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.describe.yaml.document import Document, Path
    from runner.model.errors import Problem
    from runner.model.problem_ids import ProblemId

T = TypeVar("T")

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
_BARE = {
    "a number": r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?",
    "a whole number": r"[-+]?(0|[1-9][0-9]*)",
    "true or false": r"true|false",
}
"""Values that have another type only because of their quotes."""
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("above", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("below", "lt"),
}
_IDS: dict[str, ProblemId] = {
    "extra_forbidden": "unknown-key",
    "missing": "missing-key",
    "invalid_key": "key-not-text",
    "literal_error": "unknown-choice",
    "too_short": "empty",
    **dict.fromkeys(_EXPECTED, "wrong-type"),
    **dict.fromkeys(_BOUNDS, "out-of-range"),
}
"""The kind of mistake for each of pydantic's error types."""
_MAX_CHOICES = 12
"""The most choices in one message."""
_FAULT = "fault"
_FAULTS = "faults"
_KEY = "[key]"


@record(frozen=True, slots=True)
class Fault:
    """A mistake at `path` below the value that is read.

    `key` marks the key, `within` limits the mark to (offset, width) of the text.
    """

    path: Path
    message: str
    help: str | None = None
    key: bool = False
    within: tuple[int, int] | None = None
    id: ProblemId = "invalid-value"

    def problem(self, document: Document, at: Path) -> Problem:
        """Return the problem at its place in the file; `at` is the path of the value that was read."""
        path = (*at, *self.path)
        return document.problem(path, self.message, self.help, id=self.id, key=self.key, within=self.within)


def fault(
    message: str,
    help: str | None = None,
    *,
    path: Path = (),
    key: bool = False,
    within: tuple[int, int] | None = None,
    id: ProblemId = "invalid-value",
) -> PydanticCustomError:
    """Return the exception for a validator of a job model to raise: a problem at `path` below the value that it
    validates.

    `key` marks the key rather than the value; `within` limits the mark to (offset, width) of the text. `id` is the kind
    of the mistake, as `docs/problems.md` lists them.
    """
    context = {"problem": message, "help": help, "path": path, "key": key, "within": within, "id": id}
    return PydanticCustomError(_FAULT, "{problem}", context)


def faults(every: Iterable[Fault]) -> PydanticCustomError:
    """Raised by a validator of a job model if several things may be wrong."""
    return PydanticCustomError(_FAULTS, "faults", {"every": list(every)})


def problems(error: ValidationError, model: type[BaseModel], document: Document, at: Path, where: str) -> list[Problem]:
    """Return the problems of a mapping at the path `at`; `where` names the mapping, as in "in a `process` job"."""
    errors = error.errors(include_url=False)
    found: list[Problem] = []
    for each in errors:
        if each["type"] == _FAULTS:
            found += [one.problem(document, at + each["loc"]) for one in each["ctx"]["every"]]
        elif not _is_mistyped(each, errors):
            found.append(_problem(each, model, document, at, where))
    return found


def _is_mistyped(error: ErrorDetails, errors: list[ErrorDetails]) -> bool:
    """Return whether a missing key is present under a similar name, which is already reported."""
    if error["type"] != "missing":
        return False
    *above, name = error["loc"]
    unknown = (each["loc"] for each in errors if each["type"] == "extra_forbidden")
    siblings = [str(key) for *before, key in unknown if before == above]
    return nearest(str(name), siblings) is not None


def instead_of(expected: str, value: object, written: str) -> str | None:
    """Return what to write instead of a value of another type than expected, written like this."""
    match expected, value:
        case "text", bool() | int() | float():
            return f'put it in quotes: "{shortened(written)}"'
        case "text", dict():
            return "text that begins with `{` or contains `: ` must be in quotes"
        case "a list", str() | int() | float():
            return f"put it in brackets: [{shortened(written)}]"
        case "a list", dict():
            return "each entry of a list begins with `- `"
        case "a number" | "a whole number" | "true or false", str():
            bare = re.fullmatch(_BARE[expected], value)
            return f"write {value} without quotes" if bare else old_meaning(value, expected)
    return None


def _problem(error: ErrorDetails, model: type[BaseModel], document: Document, at: Path, where: str) -> Problem:
    loc, context, value = error["loc"], error.get("ctx", {}), error["input"]
    key = loc[-1:] == (_KEY,)  # pydantic's way to refer to the key
    loc = loc[:-1] if key else loc
    if error["type"] == _FAULT:
        key, within = key or context["key"], context["within"]
        path = at + loc + context["path"]
        return document.problem(path, context["problem"], context["help"], id=context["id"], key=key, within=within)
    path, name, help, id = at + loc, _named(loc), None, _IDS.get(error["type"], "invalid-value")
    inside = where if len(loc) == 1 else f"in `{loc[-2]}`" if loc else where
    match error["type"]:
        case "extra_forbidden":
            key, message = True, f"unknown key `{shortened(str(loc[-1]))}` {inside}"
            keys = _keys(model, loc[:-1])
            help = _of_another_tool(loc, value, keys) or suggestion(str(loc[-1]), keys, "keys here")
        case "missing":
            path, message = path[:-1], f"the key `{loc[-1]}` is missing {inside}"
        case "invalid_key" | "string_type" if key or error["type"] == "invalid_key":
            # pydantic writes the key as text in its path, and passes it unchanged as the input.
            key, path, id = True, (*path[:-1], value), "key-not-text"
            message = f"expected text as a key, found {found(value)}"
            help = f'put it in quotes: "{shortened(document.written(path, key=True) or str(value))}"'
        case "literal_error":
            message, help = _not_one_of(name, context["expected"], value)
        case kind if kind in _EXPECTED:
            message = f"{name}expected {_EXPECTED[kind]}, found {found(value)}"
            help = instead_of(_EXPECTED[kind], value, document.written(path) or str(value))
            if loc == ("target",) and isinstance(value, list):
                help = _of_a_command(value)
        case kind if kind in _BOUNDS:
            words, bound = _BOUNDS[kind]
            message = f"{name}must be {words} {context[bound]:,}, not {shortened(str(value))}"
        case "too_short":
            least = context["min_length"]
            message = f"{name}needs at least {'one entry' if least == 1 else f'{least} entries'}"
        case _:
            message = f"{name}{error['msg'][:1].lower()}{error['msg'][1:]}"
    return document.problem(path, message, help, id=id, key=key)


def _of_another_tool(loc: tuple[int | str, ...], value: object, keys: Sequence[str]) -> str | None:
    """Return the replacement for a key of another tool, in a job or at the top of a file with these keys."""
    from runner.describe.other_tools.keys import in_a_file, in_a_job

    if len(loc) > 1:
        return None
    instead = in_a_file(loc[-1], value) if "jobs" in keys else in_a_job(loc[-1], value)
    fits = instead is not None and ("jobs" in keys or instead.job.keys() <= set(keys))
    return instead.help if instead is not None and fits else None


def _of_a_command(value: list[object]) -> str | None:
    from runner.describe.other_tools.keys import instead_of_a_command

    return instead_of_a_command(value)


def _not_one_of(name: str, expected: str, value: object) -> tuple[str, str | None]:
    choices = re.findall(r"'([^']*)'", expected)
    help = suggestion(value, choices, "choices") if isinstance(value, str) else None
    if len(choices) > _MAX_CHOICES:
        return f"{name}expected one of {len(choices)} words, found {found(value)}", help
    return f"{name}expected {listed(choices)}, found {found(value)}", help if help and help.startswith("did") else None


def _named(loc: tuple[int | str, ...]) -> str:
    text = ""
    for step in loc:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return f"`{text}`: " if text else ""


def _keys(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Return the keys that the mapping at `loc` may have."""
    for step in loc:
        inner = next((f for name, f in model.model_fields.items() if step in (name, f.alias)), None)
        nested = _model_in(inner.annotation) if inner else None
        if nested is None:
            return []
        model = nested
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((inner for inner in map(_model_in, get_args(annotation)) if inner), None)


def instance_of(kind: type[T], value: object) -> T:
    """Return the value, which must be of this type. Raise `TypeError` if it is not."""
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}, found {value!r}")
    return value
