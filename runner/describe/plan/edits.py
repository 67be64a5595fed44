"""The edits that a file suggests under `try:`. Each edit changes the file as `--set` does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from runner.describe.plan.planning import describe
from runner.describe.yaml.loading import read
from runner.describe.yaml.scalars import as_json
from runner.model.errors import InvalidFile, Problem
from runner.model.records import record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.describe.yaml.document import Path


@record(frozen=True, slots=True)
class Edit:
    """One suggested edit: its title, and the texts of `--set` that make it."""

    title: str
    overrides: tuple[str, ...]


def edits_of(text: bytes, file: str) -> list[Edit]:
    """Return the edits of a file that is otherwise valid."""
    entries = read(text, file).value.get("try") or []
    return [
        Edit(_title(entry), tuple(f"{path}={written(value)}" for path, value in entry.items())) for entry in entries
    ]


def problems_of_edits(
    text: bytes,
    *,
    file: str,
    number: int | None = None,
    overrides: Sequence[str] = (),
    start_method: str | None,
    environ: Mapping[str, str],
) -> list[Problem]:
    """Return the problems of the edits, or of the one with this number, counted from 1.

    Each edit is applied after the `overrides`, and the resulting file is checked.
    """
    problems: list[Problem] = []
    document = read(text, file)
    for index, edit in enumerate(edits_of(text, file)):
        if number not in (None, index + 1):
            continue
        made = [*overrides, *edit.overrides]
        try:
            describe(text, file=file, overrides=made, start_method=start_method, environ=environ)
        except InvalidFile as invalid:
            for problem in invalid.problems:
                path = _place(problem, edit, document.value["try"][index])
                message = f"this edit makes the file wrong: {problem.message}"
                at: Path = ("try", index, *path)
                problems.append(document.problem(at, message, problem.help, id=problem.id, key=bool(path)))
    return sorted(problems, key=lambda problem: (problem.line, problem.column))


def _place(problem: Problem, edit: Edit, entry: Mapping[str, object]) -> tuple[str, ...]:
    """Return the path of the edit that a problem is in; an empty one if it is in the rest of the file."""
    return tuple(path for path, override in zip(entry, edit.overrides, strict=True) if problem.excerpt == override)


def _title(entry: Mapping[str, object]) -> str:
    """Return the title of the edited file, or the edit itself."""
    if isinstance(entry.get("title"), str):
        return str(entry["title"])
    changes = [path for path in entry if not path.startswith("expect")] or list(entry)
    return "; ".join(f"{path}: {written(entry[path])}" for path in changes)


def written(value: object) -> str:
    """Return a value of a file in one line, as YAML that is read as the same value."""
    match value:
        case list():
            return f"[{', '.join(map(written, value))}]"
        case dict():
            return "{" + ", ".join(f"{written(key)}: {written(item)}" for key, item in value.items()) + "}"
        case float() if not math.isfinite(value):
            return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    return as_json(value)
