"""`run-jobs check`: validate files without running them."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from runner.cli import files
from runner.model.errors import InvalidFile, Problem, RunJobsError
from runner.notes.environment_variables import without_effect

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from runner.describe.plan.planning import Described
    from runner.link.launch import Launched


def act(options: argparse.Namespace, _: Launched | None) -> int:
    """Check each file and its edits without starting anything. Return the worst exit status."""
    status = 0
    wrong: list[Problem] = []
    for file in options.files:
        options.file = file
        problems: Sequence[Problem] = ()
        notes: Sequence[Problem] = ()
        try:
            good, notes = _check(options)
        except InvalidFile as invalid:
            status, problems = max(status, invalid.exit_status), invalid.problems
        except RunJobsError as error:
            status = max(status, error.exit_status)
            problems = [Problem(file, 0, 0, 0, "", str(error), id="not-checked")]
        if options.json:
            print(_as_json(file, problems, notes))
        elif not problems:
            print(good)
            files.show(notes, kind="note")
        wrong += problems
    if not options.json:
        files.show(wrong)
    return status


def _check(options: argparse.Namespace) -> tuple[str, list[Problem]]:
    """Return the report on a good file, and its fields without effect. Raise `InvalidFile`."""
    text = files.read(options)
    described = files.described(options, text)
    check_edits(options, text)
    if options.imports:
        _import_targets(described)
    plan = described.plan
    processes = files.count(len(plan.processes), "process", "es")
    good = f"{plan.file}: good: {files.count(len(plan.jobs), 'job')}, {processes}"
    notes = without_effect(plan)
    return good, [described.problem(number, f"env.{name}", text, None, id="no-effect") for number, name, text in notes]


def _as_json(file: str, problems: Sequence[Problem], notes: Sequence[Problem]) -> str:
    from runner.describe.yaml.problem_rendering import to_json

    said = {"valid": not problems, "problems": [to_json(problem) for problem in problems], "file": file}
    said |= {"notes": [to_json(note) for note in notes]}
    return json.dumps(said, ensure_ascii=False)


def check_edits(options: argparse.Namespace, text: bytes, number: int | None = None) -> None:
    """Check all edits, or the one of this number. Raise `InvalidFile`."""
    from runner.describe.plan.edits import problems_of_edits

    problems = problems_of_edits(
        text,
        file=options.file,
        number=number,
        overrides=options.set,
        start_method=options.start_method,
        environ=os.environ,
    )
    if problems:
        raise InvalidFile(tuple(problems))


def _import_targets(described: Described) -> None:
    from runner.describe.plan.supervisor_refusals import invalid_file
    from runner.session import Refused, Session

    with Session() as session:
        try:
            session.check(described.plan)
        except Refused as refused:
            raise invalid_file(described, refused.refusals) from None
