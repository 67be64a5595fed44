"""Names of a file become identifiers that clash with nothing."""

from __future__ import annotations

import builtins
import keyword

from hypothesis import given
from hypothesis import strategies as st

from runner.export.code.names import Names, identifier, ordinal, stem


@given(st.lists(st.text()))
def test_names_are_identifiers_that_clash_with_nothing(wanted: list[str]) -> None:
    names = Names()

    given_names = [names.give(text) for text in wanted]

    assert len(set(given_names)) == len(wanted)
    for name in given_names:
        assert name.isidentifier()
        assert not keyword.iskeyword(name)
        assert name not in dir(builtins)


def test_a_name_that_means_something_gets_a_line_at_its_end() -> None:
    names = Names()

    assert [names.give("lambda"), names.give("list"), names.give("list")] == ["lambda_", "list_", "list_2"]


def test_what_is_taken_inside_of_a_function_is_free_outside() -> None:
    names = Names()
    names.inner().give("fork")

    assert names.give("fork") == "fork"


def test_what_is_taken_outside_is_taken_inside() -> None:
    names = Names()
    names.give("fork")

    assert names.inner().give("fork") == "fork_"


def test_what_is_no_identifier_is_made_one() -> None:
    assert [identifier(text) for text in ("worker 1", "2nd", "…", "Ada")] == ["worker_1", "_2nd", "unnamed", "Ada"]


def test_a_stem_is_what_names_have_in_common() -> None:
    assert stem(["fork0", "fork1", "fork12"]) == "fork"


def test_a_letter_or_two_are_no_stem() -> None:
    assert stem(["Plato", "Platz", "Pia"]) == ""


def test_things_called_alike_are_numbered() -> None:
    assert [ordinal(0, "fork"), ordinal(1, "fork"), ordinal(6, "fork")] == ["first_fork", "second_fork", "fork_7"]
