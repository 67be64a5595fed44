"""`run-jobs check`: is the file right?"""

from __future__ import annotations

import os

from runner.commands import files
from runner.streams import fail

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from runner.describe.planning import Described
    from runner.launch import Launched


def act(options: argparse.Namespace, _: Launched | None) -> int:
    """Check the file, and its edits; nothing is started."""
    from runner.errors import InvalidFile, RunJobsError

    try:
        text = files.read(options)
        described = files.described(options, text)
        check_edits(options, text)
        if options.imports:
            _import_targets(described)
    except InvalidFile as invalid:
        return files.show_problems(options, invalid)
    except RunJobsError as error:
        return fail(str(error), error.exit_status)
    if options.json:
        print('{"valid": true, "problems": []}')
    else:
        plan = described.plan
        processes = files.count(len(plan.processes), "process", "es")
        print(f"{plan.file}: good: {files.count(len(plan.jobs), 'job')}, {processes}")
    return 0


def check_edits(options: argparse.Namespace, text: bytes, number: int | None = None) -> None:
    """Check all edits, or the one of this number. Raises `InvalidFile`."""
    from runner.describe.edits import problems_of_edits
    from runner.errors import InvalidFile

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
    from runner.api import invalid
    from runner.session import Refused, Session

    with Session() as session:
        try:
            session.check(described.plan)
        except Refused as refused:
            raise invalid(described, refused.refusals) from None
