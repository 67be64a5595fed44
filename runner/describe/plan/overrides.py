"""Apply `--set PATH=VALUE`: replace values of a file, or add values to it, before it is checked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runner.describe.job_types import UnknownJobType, find
from runner.describe.yaml.document import Document
from runner.describe.yaml.loading import read
from runner.describe.yaml.suggestions import suggestion
from runner.model.errors import InvalidFile, Problem
from runner.model.records import replace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from runner.describe.yaml.document import Path
    from runner.describe.yaml.scalars import Scalar, Value
    from runner.model.problem_ids import ProblemId

    Container: TypeAlias = list[Value] | dict[Scalar, Value]

FILE = "--set"
"""The file name in problems of an override."""

_STEP = re.compile(r"\[(?P<index>[0-9]{1,9})\]|(?P<dot>\.?)(?P<key>[^.\[\]=]+)")
_FORM = "PATH=VALUE, such as grace_period=1, jobs[0].args[1]=x, jobs.NAME.join_timeout=2"


def apply(document: Document, overrides: Sequence[str]) -> Document:
    """Return the document with the overrides applied in order. Raise `InvalidFile`; the given document is not
    changed."""
    for override in overrides:
        document = _applied(document, override)
    return document


def parse_path(text: str) -> list[tuple[str | int, int]]:
    """Return the steps of `jobs[0].args`, each with its offset. Raise `ValueError` with the offset of a mistake."""
    steps: list[tuple[str | int, int]] = []
    end = 0
    while end < len(text):
        found = _STEP.match(text, end)
        if found is None or (found["key"] and bool(found["dot"]) != bool(steps)):
            raise ValueError(end)
        index = found["index"]
        steps.append((found["key"], found.start("key")) if index is None else (int(index), found.start()))
        end = found.end()
    if not steps:
        raise ValueError(0)
    return steps


def find_value(root: Value, path: str) -> Value:
    """Return the value at a path; None if there is none, or if the path is invalid."""
    found = root
    keys: Path = ()
    try:
        for step, offset in parse_path(path):
            holder, key = _place(found, step, keys, offset, path)
            if _is_missing(holder, key):
                return None
            found, keys = _item(holder, key), (*keys, key)
    except (ValueError, InvalidFile):
        return None
    return found


def _applied(document: Document, override: str) -> Document:
    path_text, equals, value_text = override.partition("=")
    try:
        steps = parse_path(path_text)
    except ValueError as error:
        raise _invalid(override, error.args[0], 1, "a step of the path is expected here", _FORM) from None
    if not equals:
        raise _invalid(override, len(override), 1, "`=` and a value are missing", _FORM)
    given = _value(override, path_text, value_text)
    root = _copied(document.value)
    path = _put(root, steps, given.value, override)
    kept = {at: over for at, over in document.overlays.items() if at[: len(path)] != path}
    return replace(document, value=root, overlays={**kept, path: given})


def _value(override: str, path_text: str, value_text: str) -> Document:
    lead = f"{path_text}="
    if not value_text.strip():
        return Document(FILE, value_text, None, None, lead)
    try:
        data = value_text.encode()
    except UnicodeEncodeError:
        raise _invalid(override, len(lead), 1, "the value is not text in UTF-8", None) from None
    return read(data, FILE, lead=lead)


def _put(root: Value, steps: list[tuple[str | int, int]], value: Value, override: str) -> Path:
    """Insert the value; return the path with a job's name replaced by its index."""
    inner = root
    path: Path = ()
    for position, (step, offset) in enumerate(steps):
        last = position == len(steps) - 1
        holder, key = _place(inner, step, path, offset, override)
        path = (*path, key)
        if last:
            _store(holder, key, value)
        else:
            if _is_missing(holder, key):
                _store(holder, key, [] if isinstance(steps[position + 1][0], int) else {})
            inner = _copied(_item(holder, key))
            _store(holder, key, inner)
    return path


def _place(holder: Value, step: str | int, path: Path, offset: int, override: str) -> tuple[Container, str | int]:
    """Return the mapping or list that a step leads into, and the key or index there."""
    width = len(str(step)) + (2 if isinstance(step, int) else 0)
    if isinstance(holder, dict) and isinstance(step, str):
        return holder, step
    if isinstance(holder, list) and isinstance(step, int):
        if step <= len(holder):
            return holder, step
        entries = "1 entry" if len(holder) == 1 else f"{len(holder)} entries"
        message = f"there is no [{step}] in a list of {entries}, counted from 0"
        raise _invalid(override, offset, width, message, None)
    if isinstance(holder, list) and path == ("jobs",) and isinstance(step, str):
        named = _by_name(holder)
        if step in named:
            return holder, named[step]
        help = f"write jobs[{step}] for a job by its place" if step.isdecimal() else suggestion(step, named, "jobs")
        raise _invalid(override, offset, width, f"there is no job named `{step}`", help, "unknown-process")
    what = "a mapping" if isinstance(holder, dict) else "a list" if isinstance(holder, list) else "no list or mapping"
    raise _invalid(override, offset, width, f"`{step}` does not lead anywhere: before it is {what}", _FORM)


def _by_name(jobs: list[Value]) -> dict[str, int]:
    """Return the index of each job that has a name, its own or its type's default; of two equal names the first."""
    named: dict[str, int] = {}
    for index, job in enumerate(jobs):
        name = job.get("name", _default_name(job.get("type"))) if isinstance(job, dict) else None
        if isinstance(name, str):
            named.setdefault(name, index)
    return named


def _default_name(job_type: object) -> str | None:
    if job_type is None or not isinstance(job_type, str):
        return None
    try:
        default = find(job_type).model.model_fields["name"].default
    except UnknownJobType:
        return None
    return default if isinstance(default, str) else None


def _is_missing(holder: Container, key: str | int) -> bool:
    return key == len(holder) if isinstance(holder, list) else holder.get(key) is None


def _item(holder: Container, key: str | int) -> Value:
    return holder[int(key)] if isinstance(holder, list) else holder[key]


def _store(holder: Container, key: str | int, value: Value) -> None:
    if isinstance(holder, list):
        holder[int(key) : int(key) + 1] = [value]  # behind the last one it is appended
    else:
        holder[key] = value


def _copied(value: Value) -> Value:  # one level: an alias elsewhere may stand for the same list or mapping
    return value.copy() if isinstance(value, list | dict) else value


def _invalid(
    override: str, offset: int, width: int, message: str, help: str | None, id: ProblemId = "bad-override"
) -> InvalidFile:
    return InvalidFile((Problem(FILE, 1, offset + 1, max(1, width), override, message, help, id),))
