"""Every file of the corpus is refused at its place, with its message, and with nothing but `InvalidFile`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.describe.diagnostics import render
from runner.describe.edits import problems_of_edits
from runner.describe.planning import describe
from runner.errors import InvalidFile
from tests.bad_files.corpus import BadFile, bad_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.errors import Problem


@pytest.mark.parametrize("bad", bad_files(), ids=str)
def test_a_bad_file_is_refused_at_its_place(bad: BadFile) -> None:
    text = bad.path.read_bytes()

    problems = problems_of(text, str(bad.path))

    first = problems[0]
    assert (first.line, first.column) == (bad.line, bad.column), render(first, color=False)
    assert first.message.startswith(bad.message)
    assert len(problems) == 1, "one fault, one problem"


def problems_of(text: bytes, file: str) -> Sequence[Problem]:
    """What is wrong with a file, or else with its edits."""
    try:
        describe(text, file=file, environ={})
    except InvalidFile as invalid:
        return invalid.problems
    return problems_of_edits(text, file=file, start_method=None, environ={})


def test_the_corpus_is_large() -> None:
    assert len(bad_files()) >= 250
