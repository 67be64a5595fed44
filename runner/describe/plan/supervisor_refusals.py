"""Convert the supervisor's reasons for refusing a plan into problems with source positions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.model.errors import InvalidFile, RunJobsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.describe.plan.planning import Described
    from runner.model.messages import Refusal


def invalid_file(described: Described, refusals: Iterable[Refusal]) -> RunJobsError:
    """Return the supervisor's reasons for not starting, each at its place in the file."""
    problems = [described.problem(each.process, each.field, each.message, each.help, id=each.id) for each in refusals]
    return InvalidFile(tuple(sorted(problems, key=lambda problem: (problem.line, problem.column))))
