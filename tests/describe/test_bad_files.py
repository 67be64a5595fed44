"""Every file of the corpus is refused at its place, with its id and its message, and with nothing but `InvalidFile`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.describe.plan.edits import problems_of_edits
from runner.describe.plan.planning import describe
from runner.describe.yaml.problem_rendering import render
from runner.model.errors import InvalidFile
from tests.bad_files.corpus import BadFile, bad_edits, bad_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.model.errors import Problem


@pytest.mark.parametrize("bad", bad_files(), ids=str)
def test_a_bad_file_is_refused_at_its_place(bad: BadFile) -> None:
    text = bad.path.read_bytes()

    with pytest.raises(InvalidFile) as caught:
        describe(text, file=str(bad.path), environ={})

    check(caught.value.problems, bad)


@pytest.mark.parametrize("bad", bad_edits(), ids=str)
def test_a_bad_edit_is_refused_at_its_place(bad: BadFile) -> None:
    text, file = bad.path.read_bytes(), str(bad.path)

    assert describe(text, file=file, environ={}).plan.processes
    check(problems_of_edits(text, file=file, start_method=None, environ={}), bad)


def check(problems: Sequence[Problem], bad: BadFile) -> None:
    """Fails if anything but the one problem of the file was told, or that elsewhere."""
    first = problems[0]
    assert (first.line, first.column) == (bad.line, bad.column), render(first, color=False)
    assert first.message.startswith(bad.message)
    assert first.id == bad.id
    assert len(problems) == 1, "one fault, one problem"


def test_the_corpus_is_large() -> None:
    assert len(bad_files()) >= 250
