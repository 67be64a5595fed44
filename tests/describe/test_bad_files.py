"""Every file of the corpus is refused at its place, with its message, and with nothing but `InvalidFile`."""

from __future__ import annotations

import pytest

from runner.describe.diagnostics import render
from runner.describe.planning import describe
from runner.errors import InvalidFile
from tests.bad_files.corpus import BadFile, bad_files


@pytest.mark.parametrize("bad", bad_files(), ids=str)
def test_a_bad_file_is_refused_at_its_place(bad: BadFile) -> None:
    text = bad.path.read_bytes()

    with pytest.raises(InvalidFile) as caught:
        describe(text, file=str(bad.path), environ={})

    first = caught.value.problems[0]
    assert (first.line, first.column) == (bad.line, bad.column), render(first, color=False)
    assert first.message.startswith(bad.message)
    assert len(caught.value.problems) == 1, "one fault, one problem"


def test_the_corpus_is_large() -> None:
    assert len(bad_files()) >= 70
