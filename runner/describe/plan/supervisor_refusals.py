"""Convert the supervisor's reasons for refusing a plan into problems with source positions."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from runner.model.errors import InvalidFile, RunJobsError

if TYPE_CHECKING:
    from runner.describe.plan.planning import Described
    from runner.model.problem_ids import ProblemId


def invalid_file(described: Described, refusals: list[dict[str, object]]) -> RunJobsError:
    """The supervisor's reasons for not starting, each at its place in the file."""
    problems = []
    for refusal in refusals:
        process, help_ = refusal["process"], refusal["help"]
        problems.append(
            described.problem(
                process if isinstance(process, int) else None,
                str(refusal["field"]),
                str(refusal["message"]),
                None if help_ is None else str(help_),
                id=cast("ProblemId", refusal["id"]),
            )
        )
    return InvalidFile(tuple(sorted(problems, key=lambda problem: (problem.line, problem.column))))
