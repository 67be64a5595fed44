"""The ids of problems: each has a meaning, and a bad file or a command that leads to it."""

from __future__ import annotations

from typing import get_args

from runner.describe.fields.validation_errors import fault
from runner.model.problem_ids import MEANINGS, ProblemId
from tests.problem_ids import COMMANDS, of_the_corpus


def test_every_id_has_a_meaning() -> None:
    assert tuple(MEANINGS) == get_args(ProblemId)


def test_every_id_is_that_of_a_bad_file_or_of_a_command() -> None:
    assert {id for id, _ in of_the_corpus()} | COMMANDS.keys() == MEANINGS.keys()


def test_a_type_checker_refuses_an_id_that_does_not_exist() -> None:
    fault("wrong", id="unknown-kee")  # type: ignore[arg-type]  # mypy reports a comment like this that ignores nothing
