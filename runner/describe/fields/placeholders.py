"""Placeholders in text: `$name`, `$index`, `$pid`, `${env.NAME:-default}`, and `$$` for a dollar sign.

`encode` turns a file's value into encoded arguments (see `runner.model.arguments`), in which values known later are
references that begin with `$`; `fill` inserts the values known in planning. References that only the child can resolve
remain.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runner.describe.yaml.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.model.json_types import Encoded
    from runner.model.problem_ids import ProblemId

IN_ARGUMENTS = ("name", "index", "pid")
IN_TEXT = ("index",)
"""The placeholders allowed in a job's `name`, `env` and `cwd`, besides `${env.NAME}`."""

_PLACEHOLDER = re.compile(r"\$(?:(?P<dollar>\$)|(?P<bare>[A-Za-z_][A-Za-z0-9_]*)|\{(?P<braced>[^{}]*)\})?")
_ENVIRONMENT = re.compile(r"env\.(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>.*))?", re.DOTALL)


class BadPlaceholder(ValueError):
    """An invalid placeholder; `offset` and `width` are its place in the text, `id` is the kind of the mistake."""

    def __init__(
        self, message: str, help: str | None, offset: int, width: int, id: ProblemId = "bad-placeholder"
    ) -> None:
        super().__init__(message)
        self.help = help
        self.offset = offset
        self.width = width
        self.id = id


def encode(value: object) -> Encoded:
    """Return a value of a file as an encoded argument. Raise `BadPlaceholder`."""
    match value:
        case str():
            return _encode_text(value)
        case list():
            return [encode(item) for item in value]
        case dict():
            return {"dict": [[key, encode(item)] for key, item in value.items()]}
        case None | bool() | int() | float():
            return value
    raise TypeError(f"not a value of a file: {value!r}")


def fill(encoded: Encoded, known: Mapping[str, int | str], environ: Mapping[str, str]) -> Encoded:
    """Return the encoded value with known values in place of `$name`, `$index` and `${env.NAME}`."""
    if isinstance(encoded, list):
        return [fill(item, known, environ) for item in encoded]
    if not isinstance(encoded, dict):
        return encoded
    ((kind, content),) = encoded.items()
    if kind == "ref" and isinstance(content, str):
        return _value(content, known, environ) if content.startswith("$") else encoded
    filled = fill(content, known, environ)
    if kind == "text" and isinstance(filled, list) and not any(isinstance(part, dict) for part in filled):
        return "".join(map(str, filled))
    return {kind: filled}


def replaced(encoded: object, reference: str, value: str) -> object:
    """Return encoded values, or steps that contain such values, with the value in place of each such reference."""
    if isinstance(encoded, list):
        return [replaced(item, reference, value) for item in encoded]
    if not isinstance(encoded, dict):
        return encoded
    if encoded == {"ref": reference}:
        return value
    return {key: replaced(item, reference, value) for key, item in encoded.items()}


def fill_text(text: str, known: Mapping[str, int | str], environ: Mapping[str, str]) -> str:
    """Return text with its placeholders replaced; unknown ones are kept."""
    return "".join(part if isinstance(part, str) else _text(text, part, known, environ) for part in parts(text))


def check(text: str, allowed: tuple[str, ...], environ: Mapping[str, str] | None) -> None:
    """Raise `BadPlaceholder` for the first placeholder that is not allowed, or not set in the environment."""
    for part in parts(text):
        if isinstance(part, str):
            continue
        name, offset, width = part
        variable = _ENVIRONMENT.fullmatch(name)
        if variable is None and name not in allowed:
            raise BadPlaceholder(*_unknown(name, allowed), offset, width)
        if variable and variable["default"] is None and environ is not None and variable["name"] not in environ:
            raise BadPlaceholder(
                f"the environment variable `{variable['name']}` is not set",
                f"set it, or give a default: ${{env.{variable['name']}:-text}}",
                offset,
                width,
                "unset-variable",
            )


def parts(text: str) -> Iterator[str | tuple[str, int, int]]:
    """Return the text in parts: plain text, and placeholders as (name, offset, width). Raise `BadPlaceholder`."""
    end = 0
    for found in _PLACEHOLDER.finditer(text):
        if found.start() > end:
            yield text[end : found.start()]
        end = found.end()
        if found["dollar"]:
            yield "$"
            continue
        name = found["bare"] or found["braced"]
        if not name:
            help = "write $$ for a dollar sign"
            raise BadPlaceholder("`$` begins a placeholder, and no name follows", help, found.start(), 1)
        yield name, found.start(), end - found.start()
    if end < len(text):
        yield text[end:]


def _unknown(name: str, allowed: tuple[str, ...]) -> tuple[str, str | None]:
    if name in IN_ARGUMENTS:
        return f"`${name}` has a meaning only in `args`, `kwargs` and values of `do`", f"here: {_shown(allowed)}"
    if name == "env" or name.startswith("env."):
        return f"`${{{name}}}` is not `${{env.NAME}}`", "write ${env.NAME}, or ${env.NAME:-default}"
    near = nearest(name, allowed)
    help = f"did you mean `${near}`?" if near else f"placeholders here: {_shown(allowed)}; a dollar sign is written $$"
    return f"unknown placeholder `${name}`", help


def _shown(allowed: tuple[str, ...]) -> str:
    return ", ".join([*(f"${name}" for name in allowed), "${env.NAME}"])


def _encode_text(text: str) -> Encoded:
    if "$" not in text:
        return text
    encoded: list[Encoded] = [part if isinstance(part, str) else _reference(part[0]) for part in parts(text)]
    if len(encoded) == 1:
        return encoded[0]
    if all(isinstance(part, str) for part in encoded):
        return "".join(map(str, encoded))
    return {"text": encoded}


def _reference(name: str) -> Encoded:
    known_later = name in ("name", "index") or name.startswith("env.")
    return {"ref": f"${name}" if known_later else name}


def _value(reference: str, known: Mapping[str, int | str], environ: Mapping[str, str]) -> Encoded:
    name = reference.removeprefix("$")
    variable = _ENVIRONMENT.fullmatch(name)
    if variable:
        return environ.get(variable["name"], variable["default"] or "")
    unknown: Encoded = {"ref": reference}
    return known.get(name, unknown)


def _text(text: str, part: tuple[str, int, int], known: Mapping[str, int | str], environ: Mapping[str, str]) -> str:
    name, offset, width = part
    value = _value(f"${name}", known, environ)
    if not isinstance(value, dict):
        return str(value)
    end = offset + width
    # The replacement of a placeholder right after this one might lengthen its name.
    return f"${{{name}}}" if text.startswith("$", end) else text[offset:end]
