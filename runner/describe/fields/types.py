"""Field types: durations, sizes, names, import paths, and text and values with placeholders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias

from pydantic import AfterValidator, BeforeValidator, ValidationInfo, WithJsonSchema

from runner.describe.fields import placeholders, targets
from runner.describe.fields.validation_errors import fault
from runner.describe.yaml import durations, sizes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.describe.yaml.document import Path


def _duration(value: object) -> float:
    try:
        return durations.seconds(value)
    except durations.BadDuration as error:
        raise fault(str(error), f"write {durations.EXAMPLES}", id="not-a-duration") from None


def _limit(value: object) -> float | None:
    try:
        return durations.limit(value)
    except durations.BadDuration as error:
        raise fault(str(error), f"write {durations.LIMIT_EXAMPLES}", id="not-a-duration") from None


def _size(value: object) -> int:
    try:
        return sizes.size(value)
    except sizes.BadSize as error:
        raise fault(str(error), f"write {sizes.EXAMPLES}", id="not-a-size") from None


def environ_of(info: ValidationInfo) -> Mapping[str, str] | None:
    """Return the environment for placeholders; None in a validation without a file."""
    return info.context["environ"] if info.context else None


def things_of(info: ValidationInfo) -> Mapping[str, str]:
    """Return the shared things of the file, with their kinds."""
    things: Mapping[str, str] = info.context["things"] if info.context else {}
    return things


def _template(value: str, info: ValidationInfo) -> str:
    if "\0" in value:
        raise fault("the character NUL cannot be part of this text", id="control-character")
    _check_text(value, placeholders.IN_TEXT, info, ())
    return value


def _argument(value: object, info: ValidationInfo) -> object:
    _check_values(value, info, ())
    return value


def _check_values(value: object, info: ValidationInfo, path: Path) -> None:
    if isinstance(value, str):
        _check_text(value, (*placeholders.IN_ARGUMENTS, *things_of(info)), info, path)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_values(item, info, (*path, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_values(item, info, (*path, key))


def _check_text(text: str, allowed: tuple[str, ...], info: ValidationInfo, path: Path) -> None:
    if "$" not in text:
        return
    try:
        placeholders.check(text, allowed, environ_of(info))
    except placeholders.BadPlaceholder as error:
        raise fault(str(error), error.help, path=path, within=(error.offset, error.width), id=error.id) from None


def _name(value: str, info: ValidationInfo) -> str:
    if not value.strip() or not value.isprintable():
        raise fault("a name needs at least one character, and only such as can be shown", id="bad-name")
    if value == "all":
        raise fault("`all` means all processes in `main`: it cannot be a name", id="name-taken")
    if "$$" in value:
        raise fault("a name cannot contain `$`", id="bad-name")
    return _template(value, info)


def _target(value: str) -> str:
    try:
        targets.normalized_target(value)
    except targets.BadTarget as error:
        raise fault(str(error), error.help, id=error.id) from None
    return value


def _class(value: str) -> str:
    try:
        targets.normalized_class(value)
    except targets.BadTarget as error:
        raise fault(str(error), error.help, id=error.id) from None
    return value


def _variable(value: str) -> str:
    if not value or "=" in value or "\0" in value:
        raise fault(f"`{value}` cannot be the name of a variable", "write NAME: value", id="bad-name")
    return value


def _module(value: str) -> str:
    if not all(part.isidentifier() for part in value.split(".")):
        raise fault(f"`{value}` is not the name of a module", "write package.module", id="not-an-import-path")
    return value


Duration: TypeAlias = Annotated[
    float,
    BeforeValidator(_duration),
    WithJsonSchema(durations.SCHEMA),
]
"""Seconds, read from a number or from text such as `1m30s`."""

Limit: TypeAlias = Annotated[
    float | None,
    BeforeValidator(_limit),
    WithJsonSchema(durations.LIMIT_SCHEMA),
]
"""Seconds after which something is stopped or given up; None, written `never`, for no limit."""

Size: TypeAlias = Annotated[
    int,
    BeforeValidator(_size),
    WithJsonSchema(sizes.SCHEMA),
]
"""Bytes, read from a whole number or from text such as `512MiB`."""

Template: TypeAlias = Annotated[str, AfterValidator(_template)]
"""Text that may hold `$index` and `${env.NAME}`."""

Argument: TypeAlias = Annotated[object, AfterValidator(_argument), WithJsonSchema({})]
"""A value of any type; the text in it may hold `$name`, `$index`, `$pid` and `${env.NAME}`."""

Name: TypeAlias = Annotated[str, AfterValidator(_name)]
"""The name of a job."""

Variable: TypeAlias = Annotated[str, AfterValidator(_variable)]
"""The name of an environment variable."""

Target: TypeAlias = Annotated[str, AfterValidator(_target)]
"""An import path, or the name of a built-in worker."""

ClassPath: TypeAlias = Annotated[str, AfterValidator(_class)]
"""The import path of a class."""

Module: TypeAlias = Annotated[str, AfterValidator(_module)]
"""The name of a module."""
