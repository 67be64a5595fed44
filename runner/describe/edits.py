"""The edits that a file lists under `try:`: each a change of the file, as `--set` makes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from runner.describe.loading import read
from runner.describe.planning import describe
from runner.errors import InvalidFile, Problem
from runner.records import record

if TYPE_CHECKING:
    from collections.abc import Mapping


@record(frozen=True, slots=True)
class Edit:
    """One edit worth trying: what it says of itself, and the texts of `--set` that make it."""

    title: str
    overrides: tuple[str, ...]


def edits_of(text: bytes, file: str) -> list[Edit]:
    """The edits of a file that is right but for them."""
    entries = read(text, file).value.get("try") or []
    return [
        Edit(_title(entry), tuple(f"{path}={_written(value)}" for path, value in entry.items())) for entry in entries
    ]


def problems_of_edits(text: bytes, *, file: str, start_method: str | None, environ: Mapping[str, str]) -> list[Problem]:
    """What is wrong with edits: each is made, and the file that comes of it is checked."""
    problems: list[Problem] = []
    for number, edit in enumerate(edits_of(text, file)):
        try:
            describe(text, file=file, overrides=edit.overrides, start_method=start_method, environ=environ)
        except InvalidFile as invalid:
            document = read(text, file)
            for problem in invalid.problems:
                place = next(
                    (path for path in document.value["try"][number] if problem.excerpt.startswith(f"{path}=")), None
                )
                path = ("try", number) if place is None else ("try", number, place)
                message = f"this edit makes the file wrong: {problem.message}"
                problems.append(document.problem(path, message, problem.help, key=place is not None))
    return problems


def _title(entry: Mapping[str, object]) -> str:
    """The title that the edited file has, or the edit itself."""
    if isinstance(entry.get("title"), str):
        return str(entry["title"])
    return "; ".join(f"{path}: {_written(value)}" for path, value in entry.items() if not path.startswith("expect"))


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
