"""Long lines are broken, and mean the same."""

from __future__ import annotations

import ast

from hypothesis import given, settings
from hypothesis import strategies as st

from runner.export.code.layout import WIDTH, indented, wrapped
from tests.effort import share_of

NAMES = st.sampled_from(["process", "a", "first_of_many_names", "semaphore"])
TEXTS = st.sampled_from(["'a, b'", "'('", '"]}"', "'it is'", 'f"{a} has ({process},"'])
ARGUMENTS = st.recursive(
    NAMES | TEXTS,
    lambda inner: (
        st.builds("{}({})".format, NAMES, st.lists(inner, min_size=1, max_size=6).map(", ".join))
        | st.lists(inner, min_size=2, max_size=6).map(lambda items: f"[{', '.join(items)}]")
    ),
    max_leaves=30,
)


@settings(max_examples=share_of(50))
@given(ARGUMENTS)
def test_a_broken_line_means_the_same(code: str) -> None:
    lines = wrapped([f"made = {code}"])

    assert ast.dump(ast.parse("\n".join(lines))) == ast.dump(ast.parse(f"made = {code}"))


@settings(max_examples=share_of(50))
@given(ARGUMENTS)
def test_what_can_be_broken_fits(code: str) -> None:
    for line in wrapped([f"made = {code}"]):
        assert len(line) <= WIDTH


def test_what_fits_stays_as_it_is() -> None:
    assert wrapped(["    print(1)", ""]) == ["    print(1)", ""]


def test_what_has_no_brackets_cannot_be_broken() -> None:
    line = f"text = '{'-' * WIDTH}'"

    assert wrapped([line]) == [line]


def test_arguments_that_fit_on_one_line_share_it() -> None:
    line = f"process = multiprocessing.Process(target={'t' * 40}, args=({'a' * 20},))"

    assert wrapped([line]) == [
        "process = multiprocessing.Process(",
        f"    target={'t' * 40}, args=({'a' * 20},)",
        ")",
    ]


def test_others_stand_on_lines_of_their_own() -> None:
    line = f"made = call({'a' * 50}, {'b' * 50})"

    assert wrapped([line]) == ["made = call(", f"    {'a' * 50},", f"    {'b' * 50},", ")"]


def test_the_items_of_a_list_stand_on_lines_of_their_own_even_if_they_would_fit_on_one() -> None:
    line = f"made = [{'a' * 45}, {'b' * 46}]"

    assert wrapped([line]) == ["made = [", f"    {'a' * 45},", f"    {'b' * 46},", "]"]


def test_a_comprehension_is_broken_before_its_for() -> None:
    line = f"made = [{'a' * 70} for index in range({'b' * 20})]"

    assert wrapped([line]) == ["made = [", f"    {'a' * 70}", f"    for index in range({'b' * 20})", "]"]


def test_a_tuple_of_one_keeps_its_comma() -> None:
    line = f"made = ({'a' * 100},)"

    assert wrapped([line]) == ["made = (", f"    {'a' * 100},", ")"]


def test_the_only_parameter_of_a_function_gets_a_comma() -> None:
    line = f"def work({'a' * 50}: {'B' * 30}) -> {'None' * 5}:"

    assert wrapped([line]) == ["def work(", f"    {'a' * 50}: {'B' * 30},", f") -> {'None' * 5}:"]


def test_empty_lines_are_not_indented() -> None:
    assert indented(["a", "", "b"]) == ["    a", "", "    b"]
